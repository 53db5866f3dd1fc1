from __future__ import annotations

import pytest

from tests.support.invoicing import InvoiceShop


@pytest.fixture
def shop() -> InvoiceShop:
    return InvoiceShop()

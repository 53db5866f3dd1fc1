"""Home in words."""

from __future__ import annotations

from billing.actions import actions
from blocks.homes import _KINDS
from tests.support.shop import FakeRegister


def test_everything_that_can_be_asked_for_has_a_word_of_its_own() -> None:
    """H6: what somebody did is named, whatever it was."""
    assert actions(FakeRegister()).keys() <= _KINDS.keys()

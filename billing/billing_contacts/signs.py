"""Signs that nobody sees: what stands on an invoice has to be what it looks like."""

from __future__ import annotations

import re
import unicodedata

# Controls, formats (right-to-left, zero width), private and unassigned ones, line and paragraph separators.
_CATEGORIES = frozenset({"Cc", "Cf", "Cn", "Co", "Cs", "Zl", "Zp"})
# Letters, marks and symbols that are blank all the same (Unicode's Default_Ignorable_Code_Point, and the empty Braille
# pattern). Ideographs have their variants by selectors; behind anything else these hide, too.
_BLANK = re.compile(
    "[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u2800\u3164\uffa0]"
    "|(?<![\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003ffff])[\ufe00-\ufe0f\U000e0100-\U000e01ef]"
)


def hides_something(text: str) -> bool:
    """Whether there is a sign in it, other than spaces at its ends, that people do not see."""
    plain = text.strip()
    return any(unicodedata.category(char) in _CATEGORIES for char in plain) or _BLANK.search(plain) is not None

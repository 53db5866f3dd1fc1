"""Postal addresses as the country they lead to writes them (the Universal Postal Union's addressing systems)."""

from __future__ import annotations

from billing.contacts import UNKNOWN_COUNTRY, Address
from blocks.texts import Translator

# fmt: off
_CITY_STATE_CODE = frozenset(["US", "CA", "AU", "PR", "MX", "BR"])  # San Francisco, CA 94105
_CITY_THEN_CODE = frozenset([  # London / SW1A 1AA
    "GB", "IE", "IN", "NZ", "SG", "HK", "TW", "KR", "JP", "TH", "ZA", "RU", "UA", "JE", "GG", "IM", "MT", "EG", "SA",
])
# fmt: on
LETTER_PAPER = frozenset(["US", "CA", "MX", "PR", "PH", "CL", "CO", "VE", "GT", "CR", "PA", "DO", "SV", "NI", "HN"])


def lines(address: Address, t: Translator, *, seen_from: str) -> tuple[str, ...]:
    """The lines under the name. The country is named in capitals, and only in letters from another one."""
    country = address.country.upper()
    abroad = country not in (seen_from.upper(), UNKNOWN_COUNTRY)
    found = (
        *address.line1.splitlines(),
        *address.line2.splitlines(),
        *_town(address, country),
        t.country(country).upper() if abroad else "",
    )
    return tuple(line.strip() for line in found if line.strip())


def _town(address: Address, country: str) -> tuple[str, ...]:
    city, state, code = address.city.strip(), address.state.strip(), address.postal_code.strip()
    if country in _CITY_STATE_CODE:
        region = " ".join(part for part in (state, code) if part)
        return (", ".join(part for part in (city, region) if part),)
    if country in _CITY_THEN_CODE:
        return (city, state, code)
    return (" ".join(part for part in (code, city) if part), state if country not in _WITHOUT_STATES else "")


# Where letters name no state, though forms ask for one.
_WITHOUT_STATES = frozenset(["DE", "AT", "CH", "LI", "LU", "NL", "BE", "FR", "DK", "SE", "NO", "FI", "PL", "CZ", "SK"])

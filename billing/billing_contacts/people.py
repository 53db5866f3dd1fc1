"""A real person with an address of their own (SX7), and none that only looks like the customer's."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable

from billing.billing_contacts.signs import hides_something
from billing.catalogue import BillingContactPolicy, Business
from billing.contacts import Contact
from billing.errors import LookalikeAddress, NotAName, NotAnEmail, NotAPerson, RoleAddress, VendorsAddress
from billing.guard import refuse_card_numbers

LONGEST_NAME = 100
# RFC 5321 in practice: ASCII, no quotes, no comments. Other scripts come in as punycode, and look-alikes are refused.
_EMAIL = re.compile(
    r"(?=.{3,254}$)(?!.{65,}@)[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(?:\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*"
    r"@(?:[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?\.)+(?:[A-Za-z]{2,63}|xn--[A-Za-z0-9-]{2,59})"
)
_ADDRESS_IN_NAME = re.compile(r"[@<>\"]|://|\bwww\.", re.IGNORECASE)
_WORD = re.compile(r"[^\W\d_]+")
# No person has these in their name; what else is a role is refused alone: "Sales", but not "Ann Sales" or "Hr. Ott".
_TEAMS = {
    *("accounting", "admin", "administrator", "department", "helpdesk", "support", "team"),
    *("abteilung", "buchhaltung", "verwaltung"),
}
# Letters that may stand beside those of another script: Japanese writes with three.
_TOGETHER = {"CJK": "EAST ASIAN", "HIRAGANA": "EAST ASIAN", "KATAKANA": "EAST ASIAN", "HANGUL": "EAST ASIAN"}
# What looks like what in an address: digits for letters, two letters for one.
_LOOKALIKES = (("rn", "m"), ("vv", "w"), ("cl", "d"), ("0", "o"), ("1", "l"), ("i", "l"), ("3", "e"), ("5", "s"))


def checked_name(name: str, policy: BillingContactPolicy) -> str:
    """The name with single spaces. Raises NotAName, NotAPerson, or CardNumberEntered."""
    refuse_card_numbers([name], field="name")
    if hides_something(name):
        raise NotAName
    plain = " ".join(unicodedata.normalize("NFC", name).split())
    words = _WORD.findall(plain)
    letters = sum(map(len, words))
    if not 2 <= letters <= len(plain) <= LONGEST_NAME or _ADDRESS_IN_NAME.search(plain) or any(map(_is_mixed, words)):
        raise NotAName
    roles = {role.replace("-", "") for role in policy.role_addresses}
    said = {word.casefold() for word in words}
    if said <= roles or said & _TEAMS:
        raise NotAPerson(name=plain)
    return plain


def checked_email(email: str, contact: Contact, business: Business, policy: BillingContactPolicy) -> str:
    """The address without spaces around it, the domain in small letters.

    Raises NotAnEmail, RoleAddress, LookalikeAddress, VendorsAddress.
    """
    address = plain_email(email)
    local, _, domain = address.partition("@")
    if _is_role(local, policy.role_addresses):
        raise RoleAddress(address=address)
    ours = {_domain(business.support_email), _domain(business.reply_to)}
    if any(f".{domain}".endswith(f".{one}") for one in ours):
        raise VendorsAddress(address=address)
    known = {_domain(one) for one in (contact.email, *(member.email for member in contact.members)) if "@" in one}
    twin = _looks_like(domain, known | ours)
    if twin is not None:
        raise LookalikeAddress(address=address, domain=twin)
    return address


def plain_email(email: str, field: str = "email") -> str:
    """An address that mail can be sent to. Raises NotAnEmail."""
    address = email.strip(" ")
    if not _EMAIL.fullmatch(address):
        raise NotAnEmail("".join(char for char in address if char.isprintable())[:100], field)
    local, _, domain = address.rpartition("@")
    return f"{local}@{domain.lower()}"


def _is_role(local: str, roles: Iterable[str]) -> bool:
    """`support`, `it-support`, `support.berlin`, `no-reply`, `info2`."""
    wanted = {role.replace("-", "") for role in roles}
    plain = local.casefold().partition("+")[0]
    parts = [re.sub(r"\d+$", "", part) for part in re.split(r"[._-]", plain)]
    return parts[0] in wanted or re.sub(r"[^a-z]", "", plain) in wanted


def _looks_like(domain: str, known: Iterable[str]) -> str | None:
    """The known domain that this one could be taken for, and is not."""
    known = set(known)
    if domain in known or any(domain.endswith(f".{one}") for one in known):
        return None
    shape = _skeleton(domain)
    for one in sorted(known):
        if f".{one}." in f".{domain}":  # in front of a domain of somebody else's
            return one
        other = _skeleton(one)
        if shape == other or (len(other) >= 8 and _is_one_slip(shape, other)):
            return one
    return None


def _skeleton(domain: str) -> str:
    try:
        readable = domain.encode("ascii").decode("idna") if "xn--" in domain else domain
    except UnicodeError:
        readable = domain
    folded = "".join(_LATIN.get(char, char) for char in unicodedata.normalize("NFKD", readable.casefold()))
    plain = "".join(char for char in folded if not unicodedata.combining(char)).replace("-", "")
    for seen, meant in _LOOKALIKES:
        plain = plain.replace(seen, meant)
    return plain


# Cyrillic and Greek letters that are drawn like Latin ones (Unicode's confusables, those in words of domains).
_LATIN = dict(zip("асԁеһіјӏорԛѕԝхуνοαιυκρτϲо", "acdehijlopqswxyvoaiukptco", strict=True))


def _is_one_slip(one: str, other: str) -> bool:
    """One letter more, less or other, or two neighbours the wrong way round."""
    if abs(len(one) - len(other)) > 1 or one == other:
        return False
    first = next((n for n, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), min(len(one), len(other)))
    rest, others = one[first:], other[first:]
    swapped = len(rest) > 1 and rest[:2] == others[1::-1] and rest[2:] == others[2:]
    return swapped or rest[1:] == others[1:] or rest[1:] == others or rest == others[1:]


def _is_mixed(word: str) -> bool:
    """Letters of two scripts in one word: `Аda` with a Cyrillic A."""
    scripts = {unicodedata.name(char, "?").partition(" ")[0] for char in word if char.isalpha()}
    return len({_TOGETHER.get(script, script) for script in scripts}) > 1


def _domain(email: str) -> str:
    return email.rpartition("@")[2].strip().lower()

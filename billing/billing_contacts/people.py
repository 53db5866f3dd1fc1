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
    *("accounting", "admin", "administrator", "department", "helpdesk", "hotline", "info", "noreply", "servicedesk"),
    *("support", "team"),
    *("abteilung", "buchhaltung", "kundenbetreuung", "kundendienst", "kundenservice", "rechnungswesen", "sekretariat"),
    *("verwaltung",),
}
_LONG_ENOUGH = 7  # letters, from which on such a word is one inside another, too: `ithelpdesk`
_SURNAMES = {"post", "sales"}  # `post` is a mailbox, `post.emily` a person's
# Letters that may stand beside those of another script: Japanese writes with three, and names are given in both ways.
_EAST_ASIAN = "EAST ASIAN"
_TOGETHER = dict.fromkeys(("BOPOMOFO", "CJK", "HANGUL", "HIRAGANA", "IDEOGRAPHIC", "KATAKANA"), _EAST_ASIAN)
# Where everybody may have a mailbox.
_FREEMAIL = {
    "126.com", "163.com", "aol.com", "aol.de", "arcor.de", "bluewin.ch", "btinternet.com", "comcast.net",
    "email.de", "fastmail.com", "free.fr", "freenet.de", "gmail.com", "gmx.at", "gmx.ch", "gmx.com", "gmx.de",
    "gmx.net", "googlemail.com", "hey.com", "hotmail.com", "hotmail.co.uk", "hotmail.de", "hotmail.fr",
    "icloud.com", "laposte.net", "libero.it", "live.com", "live.de", "mac.com", "mail.com", "mail.de",
    "mail.ru", "mailbox.org", "me.com", "msn.com", "naver.com", "orange.fr", "outlook.com", "outlook.de",
    "pm.me", "posteo.de", "posteo.net", "proton.me", "protonmail.com", "qq.com", "rocketmail.com",
    "t-online.de", "tuta.com", "tutanota.com", "wanadoo.fr", "web.de", "yahoo.com", "yahoo.co.uk", "yahoo.de",
    "yahoo.fr", "yandex.com", "yandex.ru", "ymail.com", "zoho.com",
}  # fmt: skip
_SECOND_ENDINGS = frozenset({"ac", "co", "com", "edu", "gov", "net", "ne", "or", "org"})  # as in `co.uk`, `com.au`
_SHORTEST = 5  # letters of a name, from which on it is nobody else's by chance
# What looks like what in an address: digits for letters, two letters for one.
_LOOKALIKES = (("rn", "m"), ("vv", "w"), ("cl", "d"), ("0", "o"), ("1", "l"), ("i", "l"), ("3", "e"), ("5", "s"))


def checked_name(name: str, policy: BillingContactPolicy) -> str:
    """The name with single spaces. Raises NotAName, NotAPerson, or CardNumberEntered."""
    refuse_card_numbers([name], field="name")
    if hides_something(name):
        raise NotAName
    plain = " ".join(unicodedata.normalize("NFC", name).split())
    read = unicodedata.normalize("NFKC", plain)  # full-width, bold and circled letters are letters
    letters = sum(unicodedata.category(char)[0] in "LM" for char in read)
    if not 2 <= letters <= len(plain) <= LONGEST_NAME or _ADDRESS_IN_NAME.search(read) or _is_mixed(read):
        raise NotAName
    if _is_team(read, policy.role_addresses):
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


def _is_team(name: str, roles: Iterable[str]) -> bool:
    """`Support`, `I.T.`, `Team Engines`, `Help Desk Berlin`; but not `Bill Ing`."""
    words = [_folded(word) for word in _WORD.findall(name)]
    alone = {role.replace("-", "") for role in roles}
    initials = "".join(words) if max(map(len, words), default=0) == 1 else ""
    return set(words) <= alone or not _TEAMS.isdisjoint(words) or initials in alone or _has_phrase(words, roles)


def _is_role(local: str, roles: Iterable[str]) -> bool:
    """`support`, `it-support`, `support.berlin`, `berlin.support`, `no-reply`, `info2`, `ithelpdesk`; but not `a.p`."""
    wanted = {role.replace("-", "") for role in roles}
    teams = _TEAMS & wanted
    parts = [part.strip("0123456789") for part in re.split(r"[._-]", local.casefold().partition("+")[0])]
    if parts[0] in wanted and (len(parts) == 1 or parts[0] not in _SURNAMES):
        return True
    inside = any(team in part for team in teams if len(team) >= _LONG_ENOUGH for part in parts)
    return inside or not teams.isdisjoint(parts) or _has_phrase(parts, roles)


def _has_phrase(words: list[str], roles: Iterable[str]) -> bool:
    """Whether a role of several words stands among them: `customer-service`."""
    return any("-" in role and f"-{role}-" in f"-{'-'.join(words)}-" for role in roles)


def _looks_like(domain: str, known: Iterable[str]) -> str | None:
    """The known domain that this one could be taken for, and is not.

    Providers of mailboxes for everybody are no look-alikes, and many have neighbours: only their own shape is theirs.
    """
    known = set(known)
    if domain in known | _FREEMAIL or any(domain.endswith(f".{one}") for one in known):
        return None
    shape = _skeleton(domain)
    for one in sorted(known):
        other = _skeleton(one)
        is_in_front = f".{one}." in f".{domain}"  # of a domain of somebody else's
        if is_in_front or shape == other:
            return one
        is_slip = len(other) >= 8 and _is_one_slip(shape, other)
        if one not in _FREEMAIL and (is_slip or _is_elsewhere(domain, one)):
            return one
    return None


def _is_elsewhere(domain: str, known: str) -> bool:
    """The same name under another ending, or the whole domain as a name: `engines.com`, `engines-example.com`."""
    (name, ending), (other, its_ending) = _split(domain), _split(known)
    if len(other) < _SHORTEST or (name, ending) == (other, its_ending):
        return False
    return _skeleton(name) in (_skeleton(other), _skeleton(f"{other}-{its_ending}".replace(".", "-")))


def _split(domain: str) -> tuple[str, str]:
    """The name that was registered, and the ending that it was registered under: `engines`, `co.uk`."""
    labels = domain.split(".")
    endings = 2 if len(labels) > 2 and labels[-2] in _SECOND_ENDINGS else 1
    name = labels[: len(labels) - endings][-1:]  # nothing of `localhost`, which is no domain that anybody registers
    return "".join(name), ".".join(labels[-endings:])


def _skeleton(domain: str) -> str:
    try:
        readable = domain.encode("ascii").decode("idna") if "xn--" in domain else domain
    except UnicodeError:
        readable = domain
    folded = _folded(unicodedata.normalize("NFKD", readable))
    plain = "".join(char for char in folded if not unicodedata.combining(char)).replace("-", "")
    for seen, meant in _LOOKALIKES:
        plain = plain.replace(seen, meant)
    return plain


# Cyrillic and Greek letters that are drawn like Latin ones (Unicode's confusables, those in words of domains), and
# small capitals.
_LATIN = dict(zip("асԁеһіјӏорԛѕԝхуνοαιυκρτϲо", "acdehijlopqswxyvoaiukptco", strict=True)) | dict(
    zip("ᴀʙᴄᴅᴇꜰɢʜɪᴊᴋʟᴍɴᴏᴘʀꜱᴛᴜᴠᴡʏᴢ", "abcdefghijklmnoprstuvwyz", strict=True)
)


def _folded(text: str) -> str:
    """In small Latin letters, as far as it looks like them."""
    return "".join(_LATIN.get(char, char) for char in text.casefold())


def _is_one_slip(one: str, other: str) -> bool:
    """One letter more, less or other, or two neighbours the wrong way round."""
    if abs(len(one) - len(other)) > 1 or one == other:
        return False
    first = next((n for n, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), min(len(one), len(other)))
    rest, others = one[first:], other[first:]
    swapped = len(rest) > 1 and rest[:2] == others[1::-1] and rest[2:] == others[2:]
    return swapped or rest[1:] == others[1:] or rest[1:] == others or rest == others[1:]


def _is_mixed(name: str) -> bool:
    """Letters of two scripts in one name: `Аda`, or `Асе Smith`, in Cyrillic. East Asian words may stand beside any."""
    words = [_scripts(word) for word in _WORD.findall(name)]
    return any(len(one) > 1 for one in words) or len(set().union(*words) - {_EAST_ASIAN}) > 1


def _scripts(word: str) -> set[str]:
    """Signs that modify a letter, as in `Kaʻimi` or `佐々木`, belong to every script."""
    letters = [char for char in word if char.isalpha() and unicodedata.category(char) != "Lm"]
    scripts = {unicodedata.name(char, "?").partition(" ")[0] for char in letters}
    return {_TOGETHER.get(script, script) for script in scripts}


def _domain(email: str) -> str:
    return email.rpartition("@")[2].strip().lower()

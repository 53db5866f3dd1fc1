"""What people type into an invoice: amounts, quantities, discounts, addresses, and a whole invoice in one line."""

from __future__ import annotations

import re
from datetime import date, timedelta
from decimal import Decimal, InvalidOperation

from billing.errors import (
    AmountNotReadable,
    DiscountNotReadable,
    QuantityNotReadable,
    RecipientNotReadable,
    Refusal,
    TooManyInvoiceRecipients,
)
from billing.invoices.model import LARGEST, LONGEST_DESCRIPTION, LONGEST_ORDER_NUMBER, MOST_RECIPIENTS, Discount
from billing.models import Frozen
from billing.money import Money, minor_digits

_ADDRESS = re.compile(r"[^@\s<>,;\"]+@[^@\s<>,;\"]+\.[^@\s<>,;\"]+")
_MAILTO = re.compile(r"<mailto:([^|>]+)(?:\|[^>]*)?>")
LONGEST_ADDRESS = 254


def amount(text: str, currency: str, refusal: type[Refusal] = AmountNotReadable) -> Money:
    """`150`, `150.00`, `1.234,50`, `1'234.50` or `150 USD` in that currency; never negative.

    Raises the refusal for what is no amount, has more decimals than the currency, or names another currency.
    """
    words = text.strip().upper().replace("€", "EUR").replace("$", "USD").replace("£", "GBP").replace("¥", "JPY")
    named = "".join(re.findall(r"[A-Z]+", words))
    if named not in ("", currency):
        raise refusal(text=text.strip()[:40], currency=currency)
    number = decimal(re.sub(r"[A-Z]", "", words), minor_digits(currency))
    minor = number.scaleb(minor_digits(currency)) if number is not None else None
    if minor is None or minor != minor.to_integral_value() or minor > LARGEST:
        raise refusal(text=text.strip()[:40], currency=currency)
    return Money(amount=int(minor), currency=currency)


def decimal(text: str, decimals: int) -> Decimal | None:
    """A number as people of both languages write it; None for anything else.

    One separator followed by three digits is one of thousands, unless the number may have three decimals: `1.500` is
    one and a half thousand euros, and one and a half Kuwaiti dinars.
    """
    found = re.sub(r"['’\s]", "", text)
    if not re.fullmatch(r"\d[\d.,]*", found):
        return None
    separators = [one for one in found if one in ".,"]
    if separators:
        last = separators[-1]
        whole, _, part = found.rpartition(last)
        is_grouped = separators.count(last) > 1 or (len(part) == 3 and decimals < 3 and whole.strip("0") != "")
        if is_grouped:
            if len(set(separators)) > 1 or not all(len(one) == 3 for one in found.split(last)[1:]):
                return None
            found = found.replace(last, "")
        else:
            found = whole.replace("," if last == "." else ".", "") + "." + part
    try:
        return Decimal(found)
    except InvalidOperation:
        return None


def quantity(text: str) -> Decimal:
    """`3`, `1.5` or `0,25`: at most three decimals. Raises QuantityNotReadable."""
    number = decimal(text.strip(), 3)
    if number is None or not 0 < number <= 999_999 or number != round(number, 3):
        raise QuantityNotReadable(text=text.strip()[:40])
    return number.normalize() if number == number.to_integral_value() else number


def discount(text: str, currency: str) -> Discount | None:
    """`10 %` or an amount; None for nothing. Raises DiscountNotReadable."""
    words = text.strip()
    if not words:
        return None
    if words.endswith("%"):
        percent = decimal(words.rstrip("% \u00a0"), 4)
        if percent is None or not 0 <= percent <= 100 or percent != round(percent, 2):
            raise DiscountNotReadable(text=words[:40])
        return Discount(percent=percent) if percent else None
    off = amount(words, currency, DiscountNotReadable)
    return Discount(amount=off.amount) if off else None


def recipients(text: str) -> tuple[str, ...]:
    """E-mail addresses, divided by commas, semicolons or lines; each once, one at least, five at most (GX11)."""
    found = [one.strip() for one in re.split(r"[,;\n]+", _MAILTO.sub(r"\1", text)) if one.strip()]
    once = {one.casefold(): one for one in reversed(found)}
    addresses = tuple(once[key] for key in dict.fromkeys(one.casefold() for one in found))
    for one in addresses:
        if not _ADDRESS.fullmatch(one) or len(one) > LONGEST_ADDRESS:
            raise RecipientNotReadable(address=one[:60])
    if not addresses:
        raise RecipientNotReadable()
    if len(addresses) > MOST_RECIPIENTS:
        raise TooManyInvoiceRecipients(most=MOST_RECIPIENTS, given=len(addresses))
    return addresses


# A whole invoice in one line


class TypedLine(Frozen):
    quantity: Decimal
    description: str
    price: Money | None
    called: str  # all behind the quantity: it may be the name of something that ends in a number


class TypedInvoice(Frozen):
    """What `3 x Onboarding 150 USD, due 14d` says. `unread` is what could not be understood, word for word."""

    customer: str  # whatever stands before the first line: a name or an e-mail address
    lines: tuple[TypedLine, ...] = ()
    due_days: int | None = None
    due_on: date | None = None
    discount: Discount | None = None
    order_number: str = ""
    unread: tuple[str, ...] = ()


_LINE = re.compile(
    r"^(?:(?P<quantity>\d[\d.,]*)\s*(?:x|×|\*|mal)\s*)?(?P<what>\D.*?)"
    r"(?:\s+(?:@\s*|je\s+|à\s+|at\s+)?(?P<price>[€$£¥]?\s?\d[\d.,'’]*)\s*(?P<currency>[A-Za-z]{3}|€|\$|£|¥)?)?$",
    re.IGNORECASE,
)
_QUANTITY = re.compile(r"(?:^|\s)\d[\d.,]*\s*(?:x|×|\*|mal)\s+\S", re.IGNORECASE)
_WITHIN = r"(?:\s+(?:in|within|binnen|innerhalb(?:\s+von)?))?"
_DUE_DAYS = re.compile(
    rf"^(?:due|fällig|zahlbar|net|netto){_WITHIN}\s+(\d{{1,3}})\s*(?:d|days?|t|tagen?|tage)?$", re.IGNORECASE
)
_DUE_AT_ONCE = re.compile(
    r"^(?:due\s+(?:on\s+receipt|at\s+once|now)|sofort\s+(?:fällig|zahlbar)|(?:fällig|zahlbar)\s+sofort)$", re.I
)
_DUE_ON = re.compile(r"^(?:due|fällig|zahlbar)(?:\s+(?:on|by|am|bis(?:\s+zum)?))?\s+(\S+)$", re.IGNORECASE)
_LESS, _OFF_WORD = r"(?:discount|rabatt|minus|less|abzüglich)", r"(?:off|discount|rabatt)"
_PERCENT_OFF = re.compile(rf"^{_LESS}?\s*(\d[\d.,]*\s*%)(?:\s*{_OFF_WORD})?$", re.IGNORECASE)
_MONEY = r"([€$£¥]?\s?\d[\d.,'’]*\s*(?:[A-Za-z]{3}|[€$£¥])?)"
_AMOUNT_OFF = (re.compile(rf"^{_LESS}\s+{_MONEY}$", re.I), re.compile(rf"^{_MONEY}\s+{_OFF_WORD}$", re.I))
# A due day that stands behind a line without a comma: only with its unit, or as a day.
_DUE_BEHIND = re.compile(
    rf"\s+(?=(?:due|fällig|zahlbar)(?:{_WITHIN}\s+\d{{1,3}}\s*(?:d|days?|t|tagen?|tage)|(?:\s+(?:on|by|am|bis))?"
    r"\s+(?:\d{4}-\d{1,2}-\d{1,2}|\d{1,2}\.\d{1,2}\.\d{2,4}|today|heute|tomorrow|morgen))$)",
    re.IGNORECASE,
)
# What a description does not hold: a second line, another amount, a sign. Somebody meant more than one line by it.
_TWO_IN_ONE = re.compile(
    r"\d\s*(?:x|×|\*|mal)\s|\d\s*(?:[€$£¥]|(?:EUR|USD|GBP|CHF|JPY)\b)|[€$£¥]\s?\d|^[-+]|\s-\d", re.IGNORECASE
)
_ORDER = re.compile(r"^(?:po|order|bestellung|bestellnummer)[\s:#]+(.+)$", re.IGNORECASE)
_NO_LINE = re.compile(rf"(?:due|fällig|zahlbar|net|netto|po|{_LESS})\s|.*\s{_OFF_WORD}$", re.IGNORECASE)
_DAYS = (
    (re.compile(r"^(\d{4})-(\d{1,2})-(\d{1,2})$"), (1, 2, 3)),
    (re.compile(r"^(\d{1,2})\.(\d{1,2})\.(\d{4}|\d{2})$"), (3, 2, 1)),
)


def one_line(text: str, currency_of: str, today: date) -> TypedInvoice:
    """Read an invoice typed in one line; `currency_of` is the customer's currency.

    Divided by commas followed by a space, or semicolons. The customer stands first. Nothing is guessed: what is not
    understood is handed back.
    """
    customer, rest = split_customer(text)
    split = (part.strip() for part in re.split(r";|,\s+", rest))
    parts = [one.strip() for part in split for one in _DUE_BEHIND.split(part) if one.strip()]
    found = TypedInvoice(customer=customer)
    for part in parts:
        found = _read(found, part, currency_of, today)
    return found


def split_customer(text: str) -> tuple[str, str]:
    """The customer, and what is to be billed: after an e-mail address, a comma, or before the first `3 x`."""
    plain = _MAILTO.sub(r"\1", text.strip())
    address = _ADDRESS.match(plain)
    if address:
        return address.group(), plain[address.end() :].strip(" ,;")
    first = _QUANTITY.search(plain)
    cuts = [place for place in (first.start() if first else -1, plain.find(",")) if place >= 0]
    cut = min(cuts, default=len(plain))
    return plain[:cut].strip(" ,;"), plain[cut:].strip(" ,;")


def _read(found: TypedInvoice, part: str, currency: str, today: date) -> TypedInvoice:
    """What is said a second time is handed back: nobody knows which of both is meant."""
    read = _due(part, today) or _discount(part, currency) or _order(part)
    if read and not any(_said(found, name) for name in read):
        return found.model_copy(update=read)
    line = None if read else _line(part, currency)
    if line is None:
        return found.model_copy(update={"unread": (*found.unread, part)})
    return found.model_copy(update={"lines": (*found.lines, line)})


def _said(found: TypedInvoice, name: str) -> bool:
    names = ("due_on", "due_days") if name.startswith("due") else (name,)
    return any(getattr(found, one) not in (None, "") for one in names)


def _due(part: str, today: date) -> dict[str, object]:
    if days := _DUE_DAYS.match(part):
        return {"due_days": int(days[1])}
    if _DUE_AT_ONCE.match(part):
        return {"due_days": 0}
    day = _DUE_ON.match(part)
    on = _day(day[1], today) if day else None
    return {"due_on": on} if on else {}


def _discount(part: str, currency: str) -> dict[str, object]:
    for pattern in (_PERCENT_OFF, *_AMOUNT_OFF):
        if off := pattern.match(part):
            try:
                return {"discount": discount(off[1], currency)}
            except DiscountNotReadable:
                return {}
    return {}


def _order(part: str) -> dict[str, object]:
    order = _ORDER.match(part)
    text = order[1].strip() if order else ""
    return {"order_number": text} if 0 < len(text) <= LONGEST_ORDER_NUMBER else {}


def _line(part: str, currency: str) -> TypedLine | None:
    """A line needs a quantity or a price; a mere word is not one, nor is what begins like something else."""
    match = _LINE.match(part)
    if match is None or not (match["quantity"] or match["price"]) or _NO_LINE.match(part):
        return None
    what = match["what"].strip()
    if _TWO_IN_ONE.search(what) or len(what) > LONGEST_DESCRIPTION:
        return None
    try:
        price = amount(f"{match['price']} {match['currency'] or ''}", currency) if match["price"] else None
        behind = part[match.start("what") :].strip()
        return TypedLine(quantity=quantity(match["quantity"] or "1"), description=what, price=price, called=behind)
    except (AmountNotReadable, QuantityNotReadable):
        return None


def _day(text: str, today: date) -> date | None:
    if text.casefold() in ("today", "heute"):
        return today
    if text.casefold() in ("tomorrow", "morgen"):
        return today + timedelta(days=1)
    for pattern, order in _DAYS:
        if match := pattern.match(text):
            year, month, day = (int(match[place]) for place in order)
            try:
                return date(year if year > 99 else 2000 + year, month, day)
            except ValueError:
                return None
    return None

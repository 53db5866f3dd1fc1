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
from billing.invoices.model import LARGEST, MOST_RECIPIENTS, Discount
from billing.models import Frozen
from billing.money import Money, minor_digits

_ADDRESS = re.compile(r"[^@\s<>,;\"]+@[^@\s<>,;\"]+\.[^@\s<>,;\"]+")
_MAILTO = re.compile(r"<mailto:([^|>]+)(?:\|[^>]*)?>")
LONGEST_ADDRESS = 254


def amount(text: str, currency: str, refusal: type[Refusal] = AmountNotReadable) -> Money:
    """`150`, `150.00`, `1.234,50`, `1'234.50` or `150 USD` in that currency; never negative.

    Raises the refusal for what is no amount, has more decimals than the currency, or names another currency.
    """
    words = text.strip().upper().replace("€", "EUR").replace("$", "USD").replace("£", "GBP")
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
    r"(?:\s+(?:@\s*|je\s+|à\s+|at\s+)?(?P<price>[€$£]?\s?\d[\d.,'’]*)\s*(?P<currency>[A-Za-z]{3}|€|\$|£)?)?$",
    re.IGNORECASE,
)
_QUANTITY = re.compile(r"(?:^|\s)\d[\d.,]*\s*(?:x|×|\*|mal)\s+\S", re.IGNORECASE)
_DUE_DAYS = re.compile(r"^(?:due|fällig|zahlbar)(?:\s+in)?\s+(\d{1,3})\s*(?:d|days?|t|tagen?|tage)?$", re.IGNORECASE)
_DUE_ON = re.compile(r"^(?:due|fällig|zahlbar)(?:\s+(?:on|by|am|bis))?\s+(\S+)$", re.IGNORECASE)
_OFF = re.compile(r"^(?:discount|rabatt|minus|less|abzüglich)?\s*(\d[\d.,]*\s*%)(?:\s*(?:off|discount|rabatt))?$", re.I)
_ORDER = re.compile(r"^(?:po|order|bestellung|bestellnummer)[\s:#]+(.+)$", re.IGNORECASE)
_DAYS = (
    (re.compile(r"^(\d{4})-(\d{1,2})-(\d{1,2})$"), (1, 2, 3)),
    (re.compile(r"^(\d{1,2})\.(\d{1,2})\.(\d{4})$"), (3, 2, 1)),
)


def one_line(text: str, currency_of: str, today: date) -> TypedInvoice:
    """Read an invoice typed in one line; `currency_of` is the customer's currency.

    Divided by commas followed by a space, or semicolons. The customer stands first. Nothing is guessed: what is not
    understood is handed back.
    """
    customer, rest = split_customer(text)
    parts = [part.strip() for part in re.split(r";|,\s+", rest) if part.strip()]
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
    if days := _DUE_DAYS.match(part):
        return found.model_copy(update={"due_days": int(days[1])})
    if (day := _DUE_ON.match(part)) and (on := _day(day[1], today)):
        return found.model_copy(update={"due_on": on})
    if off := _OFF.match(part):
        return _with_discount(found, off[1], part, currency)
    if order := _ORDER.match(part):
        return found.model_copy(update={"order_number": order[1].strip()[:60]})
    line = _line(part, currency)
    if line is None:
        return found.model_copy(update={"unread": (*found.unread, part)})
    return found.model_copy(update={"lines": (*found.lines, line)})


def _with_discount(found: TypedInvoice, text: str, part: str, currency: str) -> TypedInvoice:
    try:
        return found.model_copy(update={"discount": discount(text, currency)})
    except DiscountNotReadable:
        return found.model_copy(update={"unread": (*found.unread, part)})


def _line(part: str, currency: str) -> TypedLine | None:
    """A line needs a quantity or a price; a mere word is not one."""
    match = _LINE.match(part)
    if match is None or not (match["quantity"] or match["price"]) or part.casefold().startswith(("due ", "fällig ")):
        return None
    try:
        price = amount(f"{match['price']} {match['currency'] or ''}", currency) if match["price"] else None
        return TypedLine(
            quantity=quantity(match["quantity"] or "1"), description=match["what"].strip()[:250], price=price
        )
    except (AmountNotReadable, QuantityNotReadable):
        return None


def _day(text: str, today: date) -> date | None:
    if text.casefold() in ("today", "heute"):
        return today
    if text.casefold() in ("tomorrow", "morgen"):
        return today + timedelta(days=1)
    for pattern, order in _DAYS:
        if match := pattern.match(text):
            try:
                return date(*(int(match[place]) for place in order))
            except ValueError:
                return None
    return None

"""The finder: a customer found by typing, or among those whom the person worked on last (H1, H5)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from billing.contacts import ContactSummary, Found
from blocks import kit, ways
from blocks.answers import Answer
from blocks.graphemes import fit
from blocks.texts import Mrkdwn, Translator, bold, escape, joined, one_line

SHOWN = 10  # of several matches, each with a button
PLACE = "{who}"  # stands in `Onward.text` for whoever is chosen
LONGEST_TYPED = 100  # characters of what was typed that are said again
LONGEST_ONWARD = 2000  # characters of what was typed that a modal remembers


class Onward(NamedTuple):
    """The command that asked who is meant, and what was typed behind it: the choice leads to that, not to the card."""

    command: str
    text: str


class Id:
    VIEW = "finder"  # callback; metadata: `Onward`, if the card is not what was asked for
    CONTACT = "finder.contact"  # menu: option load and choice; the value is a contact, or `kit.REMARK`
    OPEN = ways.TO_FINDER  # button


def finder(recent: Sequence[ContactSummary], t: Translator, onward: Onward | None = None, hint: str = "") -> kit.Modal:
    """`/billing` alone: a field that searches while the person types, and the customers of the last days.

    `hint` says why the person is asked, where they could have expected an answer.
    """
    blocks: list[kit.Block] = [
        *([kit.context(hint)] if hint else []),
        kit.section(t.rich("*Who is it about?*")),
        _search(t),
        kit.context(t("Name, company, e-mail, phone or Stripe id. A few letters are enough.")),
    ]
    if recent:
        blocks += [kit.divider(), kit.section(t.rich("*Your last customers*"))]
        blocks += [_row(one, t) for one in recent[:SHOWN]]
    return _modal(t("Find a customer"), blocks, t, onward)


def choice(found: Found, t: Translator, typed: str = "", onward: Onward | None = None) -> kit.Modal:
    """`/billing NAME` fits several customers: the first ten with a button, the others by typing more."""
    typed = fit(typed, LONGEST_TYPED)
    if found.guessed:
        sentence = t.rich("*Nobody is written “{typed}”.* These come close:", typed=typed)
    else:
        sentence = t.rich("*Several customers match “{typed}”.* Who is meant?", typed=typed)
    return _choice(sentence, found, t, onward)


def named(found: Found, t: Translator, onward: Onward | None = None, left: int = 0) -> kit.Modal:
    """A message names several customers. `left` are addresses in it that were not looked up."""
    return _choice(t.rich("*This message names several customers.* Who is meant?"), found, t, onward, left)


def unnamed(recent: Sequence[ContactSummary], tried: Sequence[str], t: Translator, onward: Onward | None) -> kit.Modal:
    """A message names nobody, or none of the addresses in it that were `tried` is a customer's."""
    hint = t("There is no e-mail address in this message.")
    if tried:
        hint = t("No customer has one of these addresses: {addresses}", addresses=fit(", ".join(tried), 500))
    return finder(recent, t, onward, hint)


def _choice(sentence: Mrkdwn, found: Found, t: Translator, onward: Onward | None, left: int = 0) -> kit.Modal:
    shown, rest = found.matches[:SHOWN], len(found.matches) - SHOWN
    blocks: list[kit.Block] = [kit.section(sentence), *(_row(one, t) for one in shown)]
    if found.more:
        blocks.append(kit.context(_more(found, t)))
    elif rest > 0:
        blocks.append(kit.context(t("… and {n} more. Type more of the name below.", n=rest)))
    if left:
        blocks.append(
            kit.context(t.count("{n} more address was not looked up.", "{n} more addresses were not looked up.", left))
        )
    blocks += [kit.divider(), _search(t)]
    return _modal(t("Who is meant?"), blocks, t, onward)


def nobody(typed: str, suggestion: str | None, t: Translator) -> Answer:
    """`/billing NAME` fits nobody. `suggestion` is a command that may have been meant."""
    typed = fit(typed, LONGEST_TYPED)
    hint = t.rich("Did you mean the command `/billing {suggestion}`?", suggestion=suggestion) if suggestion else ""
    return Answer(
        title=t("Nobody found"),
        text=t("No customer matches “{typed}”.", typed=typed),
        blocks=[
            kit.section(
                joined(
                    [
                        t.rich("🔎 No customer matches *“{typed}”*.", typed=typed),
                        hint,
                        t("Please check the spelling, or search by e-mail address, phone or Stripe id."),
                    ]
                )
            ),
            kit.actions(kit.button(t("Search while typing"), Id.OPEN)),
        ],
        final=False,
    )


def choices(found: Found, typed: str, t: Translator) -> kit.Choices:
    """What the search field offers. The group's label tells "no match", "near" and "too many" apart."""
    if not found.matches:
        remark = kit.option(t("Check the spelling, or search by e-mail"), kit.REMARK)
        return kit.Choices([kit.group(t("No match for “{typed}”", typed=fit(typed, 50)), [remark])])
    options = [kit.option(_name(one), one.id, description=_details(one)) for one in found.matches[: kit.SELECT_OPTIONS]]
    return kit.Choices([kit.group(_label(found, typed, t), options)])


def _label(found: Found, typed: str, t: Translator) -> str:
    if found.guessed:
        return t("No exact match for “{typed}”. Near:", typed=fit(typed, 35))
    if found.more:
        return _more(found, t)
    return t.count("{n} customer", "{n} customers", len(found.matches))


def _more(found: Found, t: Translator) -> str:
    """Not all are shown. A search that took too long ends before it has counted to the limit."""
    if len(found.matches) < kit.SELECT_OPTIONS:
        return t("There may be more: keep typing")
    return t("More than 100 match: keep typing")


def _row(one: ContactSummary, t: Translator) -> kit.Block:
    details = escape(one_line(fit(_details(one), 300)))
    return kit.section(
        joined([bold(fit(_name(one), 300)), details]), accessory=kit.button(t("Show"), ways.TO_CARD, value=one.id)
    )


def _name(one: ContactSummary) -> str:
    return one_line(one.name) or one_line(one.company) or one.email or one.id


def _details(one: ContactSummary) -> str:
    """Who was found at that customer comes first: the name above is another one."""
    company = one.company if one.company != one.name else ""
    member = f"👤 {one.member}" if one.member else ""
    return " · ".join(one_line(part) for part in (member, company, one.country, one.email) if part.strip())


def _search(t: Translator) -> kit.Block:
    return kit.actions(kit.search(Id.CONTACT, placeholder=t("Type a name or e-mail address")), block_id="contact")


def onward(metadata: Mapping[str, object], chosen: str) -> Onward | None:
    """What the choice leads on to, with who was chosen in its place; None: to the card."""
    command, text = metadata.get("command"), metadata.get("text")
    if chosen == kit.REMARK or not isinstance(command, str) or not isinstance(text, str):
        return None
    return Onward(command, text.replace(PLACE, chosen))


def _modal(title: str, blocks: list[kit.Block], t: Translator, onward: Onward | None) -> kit.Modal:
    kept = onward._asdict() if onward and len(onward.text) <= LONGEST_ONWARD else {}
    return kit.Modal(title=title, blocks=blocks, callback_id=Id.VIEW, close=t("Close"), metadata=kept)

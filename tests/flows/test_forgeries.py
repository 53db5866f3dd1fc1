"""What no honest client would send. Nothing of it reaches Stripe, and each gets an answer."""

from __future__ import annotations

import threading
import time
from typing import Any

import pytest
import requests

from billing.contacts import Contact
from billing.operations import State
from bot.sandbox import workspace as local
from tests.flows.test_invoices import issued, sent
from tests.flows.test_subscriptions import MASTERCARD, VISA, to_review
from tests.support import forged
from tests.support.world import World


def confirmation(world: World, contact: Contact) -> dict[str, Any]:
    """The metadata of an honest review, to be changed."""
    return world.metadata(to_review(world, contact))


def confirm(world: World, metadata: dict[str, Any], *, who: str = "agent", view: str = "V0FORGED") -> requests.Response:
    person = world.person(who)
    payload = forged.submission(person.id, local.TEAM_ID, "subscription.review", view_id=view, metadata=metadata)
    return forged.post(world.bot_url, local.SIGNING_SECRET, {"payload": payload})


def test_a_wrong_or_old_signature_is_401_and_nothing_is_read(world: World) -> None:
    fields = {"command": "/billing", "text": "help", "team_id": local.TEAM_ID, "user_id": world.person("agent").id}
    assert forged.post(world.bot_url, "another secret", fields).status_code == 401
    assert forged.post(world.bot_url, local.SIGNING_SECRET, fields, at=time.time() - 301).status_code == 401
    assert forged.post(world.bot_url, local.SIGNING_SECRET, {"ssl_check": "1"}, at=1).status_code == 401
    assert requests.post(f"{world.bot_url}/slack/events", {"ssl_check": "1"}, timeout=10).status_code == 401
    assert requests.post(f"{world.bot_url}/stripe/webhook", b"{}", timeout=10).status_code == 401
    assert forged.post(world.bot_url, local.SIGNING_SECRET, fields).status_code == 200


@pytest.mark.parametrize(
    "lie",
    [
        {"contact": "con_nobody"},
        {"price": "desk-team-month-usd"},
        {"price": "no-such-price"},
        {"quantity": 4},
        {"quantity": -1},
        {"start": "2020-01-01"},
        {"coupon": "TEN"},
        {"fingerprint": "0" * 32},
        {"payment_method": "pm_of_somebody_else"},
    ],
    ids=str,
)
def test_a_forged_confirmation_starts_nothing(world: World, lie: dict[str, Any]) -> None:
    """Contact, price, quantity, start, coupon, fingerprint, payment method: all are checked against our rows."""
    ada = world.contact(VISA)
    metadata = confirmation(world, ada) | lie
    answer = confirm(world, metadata, view=f"V0{abs(hash(str(lie)))}")
    assert answer.status_code == 200
    assert "view" in answer.json()
    world.eventually(world.is_quiet)
    assert world.subscriptions(ada) == []
    assert world.payments(ada) == []


def test_the_payment_method_of_another_contact_is_refused(world: World) -> None:
    """H31."""
    ada, eve = world.contact(VISA), world.contact(VISA)
    (foreign,) = world.methods(eve)
    confirm(world, confirmation(world, ada) | {"payment_method": foreign}, view="V0FOREIGN")
    world.eventually(world.is_quiet)
    assert world.subscriptions(ada) == []
    assert world.subscriptions(eve) == []


@pytest.mark.parametrize("by_link", [False, True], ids=["card", "link"])
def test_a_review_of_one_contact_confirms_nothing_for_another(world: World, *, by_link: bool) -> None:
    """H23: the same terms would hold for Eve, with her own card or a link; nobody has reviewed that."""
    ada, eve = world.contact(VISA), world.contact(VISA)
    fields: dict[str, Any] = {"payment_method": "link"} if by_link else {}
    metadata = world.metadata(to_review(world, ada, **fields))
    lie = {"contact": eve.id} | ({} if by_link else {"payment_method": world.methods(eve)[0]})
    confirm(world, metadata | lie, view=f"V0EVE{by_link}".upper())
    world.eventually(world.is_quiet)
    assert [one.state for one in world.operations(eve)] == [State.REFUSED]
    assert world.subscriptions(eve) == []
    assert world.payments(eve) == []


@pytest.mark.parametrize("lie", ["another card", "link"])
def test_another_way_to_pay_than_was_reviewed_starts_nothing(world: World, lie: str) -> None:
    """H23: also one of the contact's own."""
    ada = world.contact(VISA, MASTERCARD)
    metadata = confirmation(world, ada)
    other = next(one for one in world.methods(ada) if one != metadata["payment_method"])
    way = "link" if lie == "link" else other
    confirm(world, metadata | {"payment_method": way}, view=f"V0WAY{lie[:4]}".upper())
    world.eventually(world.is_quiet)
    assert [one.state for one in world.operations(ada)] == [State.REFUSED]
    assert world.subscriptions(ada) == []


def test_a_role_that_may_not_create_subscriptions_is_refused_although_it_forges_the_form(world: World) -> None:
    """H16: an admin keeps the program running and sells nothing."""
    ada = world.contact(VISA)
    confirm(world, confirmation(world, ada), who="admin", view="V0ADMIN")
    world.eventually(world.is_quiet)
    assert world.subscriptions(ada) == []
    world.person("admin").waits_for(lambda one: one.direct_messages)


def test_an_invoice_that_was_sent_is_not_charged_with_the_form_for_failed_payments(world: World) -> None:
    """H35: an agent may collect failed payments and no others. 3 x 150.00 and 19 % are 535.50, not due yet."""
    ada = world.contact(VISA)
    sent(world, ada)
    (method,) = world.methods(ada)
    chosen = {"type": "static_select", "selected_option": {"value": method}}
    metadata = {"contact": ada.id, "invoice": issued(world, ada).id, "due": 53550}
    agent = world.person("agent")
    payload = forged.submission(
        agent.id, local.TEAM_ID, "collect.form", view_id="V0COLLECT", metadata=metadata, payment_method=chosen
    )
    assert forged.post(world.bot_url, local.SIGNING_SECRET, {"payload": payload}).status_code == 200
    world.eventually(world.is_quiet)
    [refused] = [one for one in world.operations(ada) if one.kind == "pay_invoice"]
    assert refused.reason
    assert refused.reason.key == "NotFailing"
    assert issued(world, ada).status == "open"
    assert world.payments(ada) == []


def test_the_same_submission_five_times_at_once_is_one_operation(world: World) -> None:
    """Slack's retries, a double click."""
    ada = world.contact(VISA)
    metadata = confirmation(world, ada)
    threads = [threading.Thread(target=confirm, args=(world, metadata), kwargs={"view": "V0FIVE"}) for _ in range(5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    world.eventually(world.is_quiet)
    assert len(world.subscriptions(ada)) == 1
    assert len(world.payments(ada)) == 1


@pytest.mark.parametrize("number", ["4242 4242 4242 4242", "4242424242424242", "3782-822463-10005"])
def test_a_card_number_typed_anywhere_is_refused_and_kept_nowhere(
    world: World, number: str, capfd: pytest.CaptureFixture[str]
) -> None:
    """SX8: not in a log, not in a table, not in a metric."""
    ada = world.contact(VISA)
    mia = world.person("agent")
    mia.types(f"/billing {number}")
    mia.types(f"/billing subscribe {ada.email} {number}")
    mia.types(f"/billing subscribe {ada.email}")
    mia.submits({"price": "desk-team-month-eur", "quantity": 1, "coupon": number})
    assert "Prüf" in str(mia.screen) or "Kartennummer" in str(mia.screen)
    said = capfd.readouterr()
    metrics = requests.get(f"{world.bot_url}/metrics", timeout=10).text
    digits = "".join(filter(str.isdigit, number))
    for place in (said.out, said.err, metrics, world.everything_stored()):
        assert number not in place
        assert digits not in place

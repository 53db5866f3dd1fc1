"""Finding a contact: by command, by typing, from a message."""

from __future__ import annotations

from tests.support.world import World


def test_the_finder_searches_while_typing_and_leads_to_the_card(world: World) -> None:
    """H1, H5."""
    zoe = world.contact(name="Zoë Grünwald-Testfall")
    mia = world.person("agent")
    mia.types("/billing")
    offered = mia.options("contact", "gruenwald-testf")
    assert zoe.name in str(offered)
    mia.presses("finder.contact", zoe.id)
    assert zoe.name in mia.text


def test_no_match_and_too_many_look_different(world: World) -> None:
    for number in range(101):
        world.only_row(name=f"Vielfach Beispiel {number}")
    mia = world.person("agent")
    mia.types("/billing")
    few, many = (
        str(world.workspace.get(f"/control/people/{mia.id}/options", block_id="contact", query=query))
        for query in ("qqqqqq", "vielfach")
    )
    assert "qqqqqq" in few
    assert "100" in many
    assert few != many


def test_a_name_that_fits_several_asks_who_is_meant(world: World) -> None:
    one, other = world.contact(name="Doppel Gänger Eins"), world.contact(name="Doppel Gänger Zwei")
    mia = world.person("agent")
    mia.types("/billing doppel gänger")
    assert one.name in mia.text
    assert other.name in mia.text
    mia.presses("card.open", block_id=world.block_of(mia, "card.open", other.id))
    assert other.email in mia.text


def test_an_unknown_word_gets_the_nearest_command(world: World) -> None:
    priya = world.person("manager")
    priya.types("/billing subscrbe")
    assert "subscribe" in priya.text


def test_the_message_shortcut_takes_the_address_out_of_the_message(world: World) -> None:
    ada = world.contact()
    message = world.workspace.says("sales", "#support", f"Please look at {ada.email}, they called.")
    mia = world.person("agent")
    assert mia.shortcut("bill_customer", message).ok
    assert ada.name in mia.text


def test_help_answers_only_to_the_person_who_asked(world: World) -> None:
    """C2, C25."""
    priya, alex = world.person("manager"), world.person("admin")
    channel = world.channel("#support")
    priya.types("/billing help", channel=channel)
    shown = priya.messages[-1]
    assert shown["is_ephemeral"]
    assert "/billing" in str(shown)
    assert shown["ts"] not in [message["ts"] for message in alex.messages]


def test_somebody_without_a_role_is_told_who_can_give_one(world: World) -> None:
    """H16."""
    ada = world.contact()
    stranger = world.bystander()
    stranger.types(f"/billing {ada.email}")
    shown = stranger.text + str(stranger.messages[-1:])
    assert ada.name not in shown
    assert "role" in shown or "Rolle" in shown

"""The builders: within Slack's limits whatever the data, and loud about mistakes of ours."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from blocks import kit
from blocks.graphemes import fit, units
from blocks.texts import Mrkdwn, bold, escape
from bot.sandbox.workspace.limits import problems
from tests.blocks.samples import FAMILY


def test_a_text_that_fits_stays_as_it_is():
    assert fit("exactly", 7) == "exactly"
    assert fit("exactly", 6) == "exact…"


def test_an_emoji_is_not_cut_in_two():
    assert units(FAMILY) == 11  # four people of two units, three joiners
    assert fit(FAMILY * 3, 25) == FAMILY * 2 + "…"
    assert fit(FAMILY * 3, 22) == FAMILY + "…"


def test_flags_accents_and_skin_tones_stay_whole():
    assert fit("🇩🇪🇫🇷🇮🇹", 8) == "🇩🇪…"
    assert fit("e\u0301e\u0301e\u0301", 4) == "e\u0301…"
    assert fit("👍🏽👍🏽👍🏽", 8) == "👍🏽…"


def test_markup_is_not_cut_inside_a_mark():
    assert fit("a &amp; b &amp; c", 8, markup=True) == "a &amp;…"
    assert fit("a &amp; b", 5, markup=True) == "a …"
    assert fit("see <https://x.example|this page> now", 20, markup=True) == "see …"


@given(st.text(), st.integers(min_value=1, max_value=40))
def test_what_is_cut_always_fits_and_is_a_beginning(text, limit):
    cut = fit(text, limit)
    assert units(cut) <= limit
    assert cut == text or text.startswith(cut[:-1])


@given(st.text(), st.integers(min_value=8, max_value=40))
def test_cut_markup_has_no_half_entity(text, limit):
    cut = fit(escape(text), limit, markup=True)
    assert "<" not in cut
    assert cut.count("&") == sum(cut.count(entity) for entity in ("&amp;", "&lt;", "&gt;"))


def test_a_string_is_plain_and_only_mrkdwn_is_markup():
    assert kit.section("*a*").to_dict()["text"] == {"type": "plain_text", "text": "*a*", "emoji": False}
    assert kit.section(Mrkdwn("*a*")).to_dict()["text"] == {"type": "mrkdwn", "text": "*a*", "verbatim": True}


def test_values_in_fields_are_escaped():
    (block,) = kit.fields({"Name": "<!here>", "Empty": ""})
    assert [one["text"] for one in block.to_dict()["fields"]] == ["*Name*\n&lt;!here&gt;"]


def test_long_texts_fit_everywhere():
    long = "ä𝄞" * 3000
    view = kit.Modal(
        title="T",
        submit="S",
        blocks=[
            kit.section(long),
            kit.section(Mrkdwn(long), accessory=kit.button(long, "a")),
            kit.header(long),
            kit.context(*[long] * 20),
            *kit.fields({f"{n}{long}": long for n in range(11)}),
            *kit.rows([(long, long)] * 6),
            kit.actions(kit.button(long, "b", confirm=kit.confirm(long, long, yes=long, no=long, danger=True))),
            kit.field_input(long, kit.text_input("c", placeholder=long), block_id="c", hint=long),
            kit.field_input("x", kit.choice("d", [kit.option(long, "1", description=long)], initial="1"), block_id="d"),
            kit.field_input("x", kit.search("e", placeholder=long), block_id="e"),
            kit.field_input("x", kit.number_input("f", at_least=1, at_most=5, initial=9), block_id="f"),
        ],
    )
    assert problems(view.to_dict()) == []


def test_more_than_ten_options_become_a_menu():
    options = [kit.option("x", str(n)) for n in range(11)]
    assert kit.choice("a", options[:10]).to_dict()["type"] == "radio_buttons"
    menu = kit.choice("a", options, initial="10").to_dict()
    assert menu["type"] == "static_select"
    assert menu["initial_option"]["value"] == "10"


def test_an_initial_choice_that_is_not_offered_is_left_out():
    assert "initial_option" not in kit.radio("a", [kit.option("x", "1")], initial="2").to_dict()


@pytest.mark.parametrize(
    "mistake",
    [
        lambda: kit.Modal(title="x" * 25, blocks=[kit.divider()]),
        lambda: kit.Modal(title="", blocks=[kit.divider()]),
        lambda: kit.Modal(title="x", submit="y" * 25, blocks=[kit.divider()]),
        lambda: kit.Modal(title="x", blocks=[]),
        lambda: kit.Modal(title="x", blocks=[kit.divider()] * 101),
        lambda: kit.Modal(title="x", blocks=[kit.divider()], metadata={"a": "x" * 3000}),
        lambda: kit.Modal(title="x", blocks=[kit.section("a", block_id="1"), kit.section("b", block_id="1")]),
        lambda: kit.Modal(title="x", blocks=[kit.actions(kit.button("a", "1"), kit.button("b", "1"))]),
        lambda: kit.Modal(title="x", blocks=[kit.section("x" * 3000)] * 90 + [kit.section("ä" * 3000)] * 10),
        lambda: kit.Message(text="x", blocks=[kit.divider()] * 51),
        lambda: kit.button("x", ""),
        lambda: kit.button("x", "a", value=""),
        lambda: kit.option("x", "v" * 151),
        lambda: kit.radio("a", [kit.option("x", str(n)) for n in range(11)]),
        lambda: kit.select("a", []),
        lambda: kit.select("a", [kit.option("x", "1"), kit.option("y", "1")]),
    ],
)
def test_mistakes_of_ours_are_loud(mistake):
    with pytest.raises(ValueError):  # noqa: PT011 - each has its own sentence
        mistake()


def test_a_messages_fallback_text_calls_nobody():
    assert kit.Message(text="<!channel> & co", blocks=[kit.divider()]).to_dict()["text"] == "&lt;!channel&gt; &amp; co"


def test_several_can_be_chosen_of_what_is_offered():
    options = [kit.option(f"Plan {n}", f"plan-{n}") for n in range(3)]
    boxes = kit.checkboxes("boxes", options, initial=["plan-2", "gone"]).to_dict()
    menu = kit.multi_select("menu", options, initial=["gone"]).to_dict()
    assert [one["value"] for one in boxes["initial_options"]] == ["plan-2"]
    assert "initial_options" not in menu  # Slack takes no empty list


def test_every_input_is_one_that_slack_takes():
    options = [kit.option("One", "1"), kit.option("Two", "2")]
    inputs = {
        "boxes": kit.checkboxes("boxes", options, initial=["1"]),
        "menu": kit.multi_select("menu", options, placeholder="Choose", at_most=2),
        "person": kit.person_input("person", placeholder="Deputy", initial="U0MIA"),
        "text": kit.text_input("text", multiline=True, at_most=3000),
    }
    blocks = [
        kit.field_input("Field", element, block_id=name, dispatch=name == "menu") for name, element in inputs.items()
    ]
    dots = kit.overflow("dots", options)
    picture = kit.image("https://kontor.example/chart.png", "Revenue by month")
    modal = kit.Modal(title="All", blocks=[*blocks, kit.section("More", accessory=dots), picture], submit="Save")
    assert problems(modal.to_dict()) == []


def test_an_overflow_menu_holds_five():
    with pytest.raises(ValueError, match="1 to 5 options"):
        kit.overflow("dots", [kit.option(str(n), str(n)) for n in range(6)])


@pytest.mark.parametrize(
    ("block_id", "name", "key"),
    [
        (kit.field_id("limit", version="mail/pro"), "limit", ""),
        (kit.field_id("add_ons", key="sms"), "add_ons", "sms"),
        (kit.field_id("add_ons", key="sms", version="mail/pro"), "add_ons", "sms"),
        (kit.field_id("coupon"), "coupon", ""),
    ],
)
def test_the_block_id_of_an_input_leads_back_to_its_field(block_id, name, key):
    assert kit.field_of(block_id) == (name, key)


def test_another_version_of_an_input_has_another_block_id():
    assert kit.field_id("limit", version="a") != kit.field_id("limit", version="b")


def test_an_amount_is_told_from_what_it_is_for_where_one_stands_under_the_other():
    """As on a phone. What is marked already stays as it is."""
    (block,) = kit.rows([("VAT, 19%", "€3.61"), (bold("Total"), bold("€22.61"))])
    assert [one["text"] for one in block.to_dict()["fields"]] == ["VAT, 19%", "*€3.61*", "*Total*", "*€22.61*"]

"""Finding a customer: searching, choosing, nobody."""

import pytest

from billing.contacts import Found
from blocks import finder, kit, ways
from bot.sandbox.workspace.limits import option_problems, problems
from tests.blocks.samples import BOTH, DE, EN, LONG, elements, option_values, summary, words


def many(count, **changes):
    return tuple(summary(n, **changes) for n in range(count))


def groups(found, typed="ada", t=EN):
    return finder.choices(found, typed, t).to_dict()["option_groups"]


def test_the_finder_searches_while_typing_and_shows_the_last_customers():
    view = finder.finder(many(3), EN).to_dict()
    assert elements(view)[finder.Id.CONTACT]["type"] == "external_select"
    assert elements(view)[finder.Id.CONTACT]["min_query_length"] == 1
    buttons = [block["accessory"]["value"] for block in view["blocks"] if "accessory" in block]
    assert buttons == ["con_0", "con_1", "con_2"]
    assert "Ada Lovelace" in words(view)
    assert "Your last customers" not in words(finder.finder((), EN).to_dict())


def test_a_found_customer_is_told_apart_by_company_country_and_address():
    (group,) = groups(Found(matches=many(1)))
    assert group["label"]["text"] == "1 customer"
    (option,) = group["options"]
    assert option["text"]["text"] == "Ada Lovelace"
    assert option["description"]["text"] == "Engines · DE · ada@e.example"


def test_who_was_found_at_a_customer_is_said_before_the_rest():
    (group,) = groups(Found(matches=(summary(1, member="Felix Roe"),)))
    (option,) = group["options"]
    assert option["text"]["text"] == "Ada Lovelace"
    assert option["description"]["text"].startswith("👤 Felix Roe · Engines")


def test_no_match_is_not_a_customer():
    (group,) = groups(Found(), typed="xyz")
    assert group["label"]["text"] == "No match for “xyz”"
    assert option_values(group) == [kit.REMARK]


def test_more_than_a_hundred_says_keep_typing():
    (group,) = groups(Found(matches=many(100), more=True), t=DE)
    assert group["label"]["text"] == "Mehr als 100 Treffer: bitte weitertippen"
    assert len(group["options"]) == 100


def test_a_search_that_ended_before_it_had_counted_claims_no_hundred():
    (group,) = groups(Found(matches=many(3), more=True))
    assert group["label"]["text"] == "There may be more: keep typing"
    choice = words(finder.choice(Found(matches=many(3), more=True), EN, "a").to_dict())
    assert "There may be more" in choice
    assert "More than 100" not in choice


def test_a_guess_is_called_one():
    (group,) = groups(Found(matches=many(2), guessed=True), typed="adda")
    assert group["label"]["text"] == "No exact match for “adda”. Near:"


def test_who_has_no_name_is_shown_by_what_there_is():
    (group,) = groups(
        Found(
            matches=(summary(1, name=" "), summary(2, name="", company=""), summary(3, name="", company="", email=""))
        )
    )
    assert [one["text"]["text"] for one in group["options"]] == ["Engines", "ada@e.example", "con_3"]


def test_several_matches_are_a_choice_and_the_rest_is_counted():
    view = finder.choice(Found(matches=many(25)), EN, "ada").to_dict()
    rows = [block for block in view["blocks"] if "accessory" in block]
    assert len(rows) == 10
    assert {row["accessory"]["action_id"] for row in rows} == {ways.TO_CARD}
    assert "… and 15 more" in words(view)
    assert finder.Id.CONTACT in elements(view)
    assert "Several customers match “ada”" in words(view)
    assert "More than 100" in words(finder.choice(Found(matches=many(100), more=True), EN, "a").to_dict())
    assert "These come close" in words(finder.choice(Found(matches=many(2), guessed=True), EN, "adda").to_dict())


def test_nobody_is_an_answer_with_a_way_on():
    message = finder.nobody("suscribe", "subscribe", EN).message().to_dict()
    assert "No customer matches *“suscribe”*" in words(message)
    assert "`/billing subscribe`" in words(message)
    assert finder.Id.OPEN in elements(message)
    assert "Did you mean" not in words(finder.nobody("xyz", None, EN).message().to_dict())


@pytest.mark.parametrize("t", BOTH, ids=["en", "de"])
def test_everything_is_within_slacks_limits(t):
    strange = tuple(summary(n, name=LONG, company=LONG, email="x" * 300) for n in range(100))
    empty = tuple(summary(n, name="", company="", email="", country="") for n in range(10))
    for people in (strange, empty):
        assert problems(finder.finder(people, t).to_dict()) == []
        for guessed in (True, False):
            assert problems(finder.choice(Found(matches=people, more=True, guessed=guessed), t, LONG).to_dict()) == []
    for found in (
        Found(),
        Found(matches=strange, more=True),
        Found(matches=strange, guessed=True),
        Found(matches=empty),
    ):
        assert option_problems(finder.choices(found, LONG, t).to_dict()) == []
    answer = finder.nobody(LONG, "help", t)
    assert problems(answer.message().to_dict()) == []
    assert problems(answer.modal(t).to_dict()) == []


@pytest.mark.parametrize("t", [EN, DE])
def test_of_a_long_text_as_much_is_said_again_as_tells_which_one_it_was(t):
    """And the bold stays bold: no mark of it is cut off."""
    typed = "ä" * 3000
    for view in (finder.choice(Found(matches=many(2)), t, typed), finder.nobody(typed, None, t).modal(t)):
        said = view.to_dict()["blocks"][0]["text"]["text"]
        assert "ä" * 90 in said
        assert len(said) < 350
        assert said.count("*") == 2


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("ada", "Ada Berger"),
        ("ADA  berger", "Ada Berger"),
        ("müller", "Max Muller"),
        ("papa", None),  # inside of two
        ("berger", None),  # a word of two
        ("george papa", None),  # one whole word, one a part
        ("g.papadakis@x.example", "George Papadakis"),
    ],
)
def test_whom_a_command_means(typed, meant):
    found = Found(
        matches=(
            summary(1, name="Ada Berger", company="", email="a@x.example"),
            summary(2, name="George Papadakis", company="", email="g.papadakis@x.example"),
            summary(3, name="Zoe Berger", company="Papaya", email="z@x.example"),
            summary(4, name="Max Muller", company="", email="m@x.example"),
        )
    )
    assert getattr(found.meant(typed), "name", None) == meant
    assert found.model_copy(update={"guessed": True}).meant(typed) is None


def test_among_more_than_were_found_a_whole_word_decides_nothing():
    """Somebody else may have it, too."""
    found = Found(
        matches=(summary(1, name="Ada Berger"), summary(2, name="Papadakis", company="", email="")), more=True
    )
    assert found.meant("berger") is None
    assert found.meant("ada berger").name == "Ada Berger"


def test_a_word_of_somebody_at_the_customer_counts_too():
    found = Found(matches=(summary(1, member="Felix Roe"), summary(2, name="Ben Roehm", company="", email="")))
    assert found.meant("roe").member == "Felix Roe"

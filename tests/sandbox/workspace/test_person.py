"""The driver of the flow tests: what a person reads, and waiting for it."""

from __future__ import annotations

import threading
import time

import pytest

from tests.sandbox.workspace.counterpart import Pair, actions, button, field_of, modal, opens, option, section
from tests.support.person import Person


def test_the_text_of_a_modal_is_read_from_top_to_bottom(pair: Pair, mia: Person) -> None:
    plans = {"type": "static_select", "options": [option("Basic", "b"), option("Pro", "p")]}
    opens(pair, modal(section("*Ada*"), field_of("name", {"type": "plain_text_input"}), field_of("plan", plans)))
    assert mia.text == ""
    mia.types("/billing")
    mia.enters({"name": "Lovelace"})
    assert mia.text.splitlines() == ["Form", "*Ada*", "Name", "Plan", "Basic", "Pro", "Lovelace", "Send"]


def test_a_button_is_found_by_its_action(pair: Pair, mia: Person) -> None:
    opens(pair, modal(section(), actions(button("go", value="7"))))
    mia.types("/billing")
    found = mia.button("go")
    assert found is not None
    assert found["value"] == "7"
    assert mia.button("stop") is None


def test_waiting_ends_when_the_condition_holds(pair: Pair, mia: Person) -> None:
    def later() -> None:
        time.sleep(0.2)
        pair.client.chat_postMessage(channel=mia.id, text="Here it is")

    thread = threading.Thread(target=later)
    thread.start()
    found = mia.waits_for(lambda m: [x for x in m.direct_messages if x["text"] == "Here it is"], seconds=5)
    thread.join()
    assert found[0]["channel"] == mia.direct_channel


def test_waiting_in_vain_says_what_is_shown(pair: Pair, mia: Person) -> None:
    opens(pair, modal(section("Still working")))
    mia.types("/billing")
    with pytest.raises(AssertionError, match="Still working"):
        mia.waits_for(lambda m: "Done" in m.text, seconds=0.1)

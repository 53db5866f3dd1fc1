"""What people type, as apps get it. The markup is that of Slack's page on formatting text."""

from __future__ import annotations

import pytest

from bot.sandbox.workspace.typed import as_rich_text, as_text


@pytest.mark.parametrize(
    ("typed", "text"),
    [
        ("", ""),
        ("R&D: 1 < 2 > 0", "R&amp;D: 1 &lt; 2 &gt; 0"),
        ("ask ada@x.example.", "ask <mailto:ada@x.example|ada@x.example>."),
        ("see https://x.example/a?b=1&c=2, please", "see <https://x.example/a?b=1&amp;c=2>, please"),
        ("<https://x.example|this page> and <@U07MIABRNDT>", "<https://x.example|this page> and <@U07MIABRNDT>"),
        ("<!here> in <#C07SALES000|sales>", "<!here> in <#C07SALES000|sales>"),
        ("<script>", "&lt;script&gt;"),
    ],
)
def test_as_text(typed: str, text: str) -> None:
    assert as_text(typed) == text


def test_as_rich_text() -> None:
    typed = (
        "Hi <@U07MIABRNDT> & <!here>, <!subteam^S07BILLAGNT> in <#C07SALES000|sales>: ada@x.example, https://x.example"
    )
    (section,) = as_rich_text(typed)["elements"]
    assert section["elements"] == [
        {"type": "text", "text": "Hi "},
        {"type": "user", "user_id": "U07MIABRNDT"},
        {"type": "text", "text": " & "},
        {"type": "broadcast", "range": "here"},
        {"type": "text", "text": ", "},
        {"type": "usergroup", "usergroup_id": "S07BILLAGNT"},
        {"type": "text", "text": " in "},
        {"type": "channel", "channel_id": "C07SALES000"},
        {"type": "text", "text": ": "},
        {"type": "link", "url": "mailto:ada@x.example", "text": "ada@x.example"},
        {"type": "text", "text": ", "},
        {"type": "link", "url": "https://x.example"},
    ]

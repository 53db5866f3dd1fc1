"""The rules of rich text: lists, quotes, code, and what stands in a line."""

from __future__ import annotations

from collections.abc import Mapping

from bot.sandbox.workspace.limits.checks import Check, boolean, by_type, fields, integer, items, one_of, pattern, string

ADDRESS = string(3000)
STYLES = ("bold", "italic", "strike", "underline", "code", "highlight", "client_highlight", "unlink")
STYLE = fields({}, dict.fromkeys(STYLES, boolean))
_STYLED: Mapping[str, Check] = {"style": STYLE}
_SOME = string(3000)

LEAVES: Mapping[str, Check] = {
    "text": fields({"text": _SOME}, _STYLED),
    "link": fields({"url": ADDRESS}, {**_STYLED, "text": string(3000, 0), "unsafe": boolean}),
    "user": fields({"user_id": _SOME}, _STYLED),
    "usergroup": fields({"usergroup_id": _SOME}, _STYLED),
    "team": fields({"team_id": _SOME}, _STYLED),
    "channel": fields({"channel_id": _SOME}, _STYLED),
    "emoji": fields({"name": _SOME}, {**_STYLED, "skin_tone": integer(1, 6), "unicode": _SOME}),
    "broadcast": fields({"range": one_of("here", "channel", "everyone")}, _STYLED),
    "color": fields({"value": pattern(r"#?[0-9a-fA-F]{6}", "a color such as #F405B3")}, _STYLED),
    "date": fields({"timestamp": integer(0), "format": _SOME}, {**_STYLED, "url": ADDRESS, "fallback": _SOME}),
}
_LEAF = by_type(LEAVES)
_BORDER: Mapping[str, Check] = {"border": integer(0, 1)}
SECTION = fields({"elements": items(_LEAF, 3000, 0)})

PARTS: Mapping[str, Check] = {
    "rich_text_section": SECTION,
    "rich_text_list": fields(
        {"elements": items(by_type({"rich_text_section": SECTION}), 3000), "style": one_of("bullet", "ordered")},
        {**_BORDER, "indent": integer(0, 8), "offset": integer(0)},
    ),
    "rich_text_preformatted": fields({"elements": items(_LEAF, 3000, 0)}, {**_BORDER, "language": string(100)}),
    "rich_text_quote": fields({"elements": items(_LEAF, 3000, 0)}, _BORDER),
}
RICH_TEXT = fields({"elements": items(by_type(PARTS), 3000, 0)}, {"block_id": string(255)})

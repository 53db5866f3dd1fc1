"""What can be said of the workspace's page without a browser: its colours, its German, its addresses."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import bot.sandbox.workspace

STATIC = Path(bot.sandbox.workspace.__file__).parent / "static"
BASE = (STATIC / "base.css").read_text()

AA_TEXT, AA_PARTS = 4.5, 3.0  # WCAG 2.2, success criteria 1.4.3 and 1.4.11

TEXTS = [
    *[(text, ground) for text in ("text", "quiet", "link", "danger", "accent") for ground in ("ground", "raised")],
    *[(text, ground) for text in ("text", "quiet", "info", "ok", "warn") for ground in ("sunken", "hover")],
    *[(name, f"{name}-ground") for name in ("accent", "danger", "warn", "info", "ok")],
    *[("text", f"{name}-ground") for name in ("accent", "danger", "warn", "info", "ok")],
    ("link", "info-ground"),
    ("text", "only-you"),
    ("quiet", "only-you"),
    *[(text, ground) for text in ("rail-text", "rail-quiet", "gold") for ground in ("rail", "rail-hover")],
    ("rail-here-text", "rail-here"),
    *[("#ffffff", ground) for ground in ("primary", "primary-hover", "danger-fill", "rail", "rail-hover")],
]
PARTS = [
    *[(part, ground) for part in ("line-strong", "accent", "danger") for ground in ("ground", "raised", "sunken")],
    ("gold", "rail"),
]


def palette(scheme: str) -> dict[str, str]:
    """The colours of base.css by name, in the scheme light or dark."""
    side = ("light", "dark").index(scheme)
    both = re.findall(r"--([\w-]+): light-dark\((#[0-9a-f]{6}), (#[0-9a-f]{6})\);", BASE)
    alone = re.findall(r"--([\w-]+): (#[0-9a-f]{6});", BASE)
    return {**{name: colors[side] for name, *colors in both}, **dict(alone)}


def luminance(color: str) -> float:
    """WCAG's relative luminance of a `#rrggbb`."""
    parts = [int(color[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return sum(weight * part for weight, part in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


def contrast(one: str, other: str) -> float:
    darker, lighter = sorted((luminance(one), luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


def test_the_contrast_is_computed_as_wcag_says() -> None:
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.005)  # the well-known near miss


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize(("pairs", "least"), [(TEXTS, AA_TEXT), (PARTS, AA_PARTS)], ids=["texts", "parts"])
def test_every_pair_of_the_palette_passes_aa(scheme: str, pairs: list[tuple[str, str]], least: float) -> None:
    colors = palette(scheme)
    measured = {pair: contrast(*(colors.get(name, name) for name in pair)) for pair in pairs}
    assert {pair: round(ratio, 2) for pair, ratio in measured.items() if ratio < least} == {}


def german() -> dict[str, str]:
    entry = r'^  "((?:[^"\\]|\\.)+)":\s+"((?:[^"\\]|\\.)+)",$'
    return dict(re.findall(entry, (STATIC / "german.js").read_text(), re.MULTILINE))


def test_every_text_of_the_page_is_there_in_german() -> None:
    scripts = [file.read_text() for file in STATIC.glob("*.js") if file.name != "german.js"]
    used = {text for script in scripts for text in re.findall(r'\bt\("((?:[^"\\]|\\.)+)"', script)}
    assert len(used) > 60
    assert used - set(german()) == set()


def test_translations_keep_the_places_for_values() -> None:
    places = re.compile(r"\{\w+\}")
    wrong = [text for text, words in german().items() if sorted(places.findall(text)) != sorted(places.findall(words))]
    assert wrong == []


def test_what_the_workspace_says_at_an_input_is_there_in_german() -> None:
    """The sentences of inputs.py, whose numbers stand where the table has a place."""
    source = (STATIC.parent / "inputs.py").read_text()
    said = set(re.findall(r'"(Please [^"]+)"', source))
    patterns = [re.compile(re.sub(r"\\{\w+\\}", ".+", re.escape(text))) for text in german()]
    assert len(said) > 6
    assert [text for text in said if not any(pattern.fullmatch(text) for pattern in patterns)] == []


def test_the_page_names_no_other_host() -> None:
    files = [file for file in STATIC.iterdir() if file.suffix in (".js", ".css", ".html", ".svg")]
    allowed = ("http://www.w3.org/", "http://127.0.0.1:*", "http://localhost:*")
    found = [address for file in files for address in re.findall(r"https?://[\w.*:/-]+", file.read_text())]
    assert [address for address in found if not address.startswith(allowed)] == []


def test_every_stylesheet_and_script_is_used() -> None:
    page = (STATIC / "index.html").read_text()
    scripts = {file.name: file.read_text() for file in STATIC.glob("*.js")}
    for sheet in STATIC.glob("*.css"):
        assert f'href="/static/{sheet.name}"' in page
    for name in scripts.keys() - {"main.js"}:
        assert any(f'from "./{name}"' in script for script in scripts.values()), name

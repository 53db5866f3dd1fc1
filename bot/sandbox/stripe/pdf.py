"""A PDF file of plain text, written by hand: A4 pages, Helvetica, left- and right-aligned text, nothing more.

Follows ISO 32000-1: the two fonts are of the standard fourteen, so nothing is embedded; text is in WinAnsiEncoding, and
what that cannot write becomes a question mark.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

WIDTH, HEIGHT = 595, 842
"""A4 in points."""

_WIDTHS = [
    *(278, 278, 355, 556, 556, 889, 667, 191, 333, 333, 389, 584, 278, 333, 278, 278),  # space to /
    *(556,) * 10,
    *(278, 278, 584, 584, 584, 556, 1015),  # : to @
    *(667, 667, 722, 722, 667, 611, 778, 722, 278, 500, 667, 556, 833),  # A to M
    *(722, 778, 667, 778, 722, 667, 611, 722, 667, 944, 667, 667, 611),  # N to Z
    *(278, 278, 278, 469, 556, 333),  # [ to `
    *(556, 556, 500, 556, 556, 278, 556, 556, 222, 222, 500, 222, 833),  # a to m
    *(556, 556, 556, 556, 333, 500, 278, 556, 500, 722, 500, 500, 500),  # n to z
    *(334, 260, 334, 584),  # { to ~
]
_OTHERS = 556


@dataclass(frozen=True, slots=True)
class Text:
    """A piece of text; `x` is its left edge, or its right one with `right`, and `y` counts from the bottom."""

    x: float
    y: float
    text: str
    size: float = 9.5
    bold: bool = False
    right: bool = False


def width_of(text: str, size: float) -> float:
    """How wide a text is in Helvetica, in points (Adobe's font metrics)."""
    widths = (_WIDTHS[ord(c) - 32] if 32 <= ord(c) < 127 else _OTHERS for c in text)
    return sum(widths) * size / 1000


def wrapped(text: str, width: float, size: float) -> list[str]:
    """The text in lines that fit; a word that is too long is cut."""
    lines: list[str] = [""]
    for word in text.split():
        attempt = f"{lines[-1]} {word}".strip()
        if width_of(attempt, size) <= width:
            lines[-1] = attempt
            continue
        rest = word
        while width_of(rest, size) > width:
            fits = max(1, next(n for n in range(len(rest), 0, -1) if n == 1 or width_of(rest[:n], size) <= width))
            lines.append(rest[:fits])
            rest = rest[fits:]
        lines.append(rest)
    return [line for line in lines if line] or [""]


def write(pages: Sequence[Sequence[Text]], title: str) -> bytes:
    """The file: a catalog, the pages with their contents, two fonts, and the table that says where each stands."""
    first = 5
    kids = " ".join(f"{first + 2 * number} 0 R" for number in range(len(pages)))
    fonts = [
        f"<< /Type /Font /Subtype /Type1 /BaseFont /{name} /Encoding /WinAnsiEncoding >>".encode()
        for name in ("Helvetica", "Helvetica-Bold")
    ]
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        f"<< /Type /Pages /Kids [{kids}] /Count {len(pages)} >>".encode(),
        *fonts,
    ]
    for number, page in enumerate(pages):
        content = b"\n".join(_shown(text) for text in page)
        objects.append(
            f"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 {WIDTH} {HEIGHT}] "
            f"/Resources << /Font << /F1 3 0 R /F2 4 0 R >> >> /Contents {first + 2 * number + 1} 0 R >>".encode()
        )
        objects.append(b"<< /Length %d >>\nstream\n%s\nendstream" % (len(content), content))
    objects.append(b"<< /Title %s >>" % _string(title))
    return _assembled(objects)


def _assembled(objects: list[bytes]) -> bytes:
    """The last object is the document's information."""
    body = b"%PDF-1.4\n%\xe2\xe3\xcf\xd3\n"
    offsets = []
    for number, content in enumerate(objects, start=1):
        offsets.append(len(body))
        body += b"%d 0 obj\n%s\nendobj\n" % (number, content)
    table = b"".join(b"%010d 00000 n \n" % offset for offset in offsets)
    size = len(objects) + 1
    trailer = b"trailer\n<< /Size %d /Root 1 0 R /Info %d 0 R >>\nstartxref\n%d\n%%%%EOF\n"
    return body + b"xref\n0 %d\n0000000000 65535 f \n%s" % (size, table) + trailer % (size, len(objects), len(body))


def _shown(text: Text) -> bytes:
    left = text.x - width_of(text.text, text.size) if text.right else text.x
    font = "F2" if text.bold else "F1"
    return f"BT /{font} {text.size:g} Tf {left:.2f} {text.y:.2f} Td ".encode() + _string(text.text) + b" Tj ET"


def _string(text: str) -> bytes:
    raw = text.encode("cp1252", "replace")
    for special in (b"\\", b"(", b")"):
        raw = raw.replace(special, b"\\" + special)
    return b"(" + raw.replace(b"\r", b" ").replace(b"\n", b" ") + b")"

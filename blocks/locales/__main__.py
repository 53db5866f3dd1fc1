"""Bring the catalogues up to date with the source, and say what still needs a translation."""

from __future__ import annotations

import sys

from blocks import locales


def main() -> int:
    missing = 0
    for language in locales.LANGUAGES:
        catalogue = locales.update(language)
        locales.source(language).write_bytes(locales.as_text(language, catalogue))
        empty = [message.id for message in catalogue if message.id and not message.string]
        missing += len(empty)
        sys.stdout.writelines(f"{language}: not translated: {text!r}\n" for text in empty)
    return 1 if missing else 0


if __name__ == "__main__":
    sys.exit(main())

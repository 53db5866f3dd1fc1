"""`python -m bot` is the same as `kontor`."""

from bot.cli import main

main()

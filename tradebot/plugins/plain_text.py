"""Texts of strategies as they may be printed, logged and stored."""

from __future__ import annotations

#: Characters of a text of a strategy that are kept.
MAX_TEXT_LENGTH = 500


def plain(text: str, max_length: int) -> str:
    """One line of at most so many printable characters: no control character reaches a terminal, a log or a mail."""
    if len(text) <= max_length and text.isprintable():
        return text
    return "".join(character if character.isprintable() else " " for character in text[:max_length])

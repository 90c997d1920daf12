"""Text from outside: paths as the system gives them in any locale, and words of brokers and strategies.

Where the locale's encoding does not fit a path, Python gives its bytes as surrogates (PEP 383), which no UTF-8 holds.
"""

from __future__ import annotations


def encodable(text: str) -> str:
    """``text`` as UTF-8 can hold it: surrogates that are UTF-8 become letters, and every other one an escape."""
    if text.isascii():
        return text
    try:
        text.encode()
    except UnicodeEncodeError:
        return _bytes_of(text).decode(errors="backslashreplace")
    return text


def _bytes_of(text: str) -> bytes:
    try:
        return text.encode(errors="surrogateescape")
    except UnicodeEncodeError:  # a surrogate that stands for no byte
        return text.encode(errors="backslashreplace")


def visible(text: str) -> str:
    """``text`` as it may be shown: line ends stay, other white space is a space, every other control is an escape.

    A sequence that would colour, move or overwrite what a terminal shows, or turn the direction of writing, is read as
    the characters that it is made of.
    """
    if text.isprintable():
        return text
    return "".join(map(_visible, text.replace("\r\n", "\n")))


def _visible(character: str) -> str:
    if character.isprintable() or character == "\n":
        return character
    if character.isspace():
        return " "
    code = ord(character)
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"

"""Text that may hold the path of a file: paths are what the system gives, in any locale.

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

"""Hashes as the audit trail stores them: in base64, which takes a third less room than the hex that everyone sees."""

from __future__ import annotations

from base64 import b64decode, b64encode

_HEX_LENGTH = 64
_LENGTH = 43  # of 32 bytes, without the character that fills up


def packed(hashed: str) -> str:
    """A SHA-256 in hex as it is stored. What is none stays as it is."""
    try:
        return b64encode(bytes.fromhex(hashed)).decode()[:_LENGTH] if len(hashed) == _HEX_LENGTH else hashed
    except ValueError:
        return hashed


def unpacked(stored: str) -> str:
    """The hex of a stored SHA-256. What is none stays as it is, and equals no hash."""
    if len(stored) != _LENGTH:
        return stored
    try:
        return b64decode(f"{stored}=", validate=True).hex()
    except ValueError:
        return stored

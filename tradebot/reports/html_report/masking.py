"""What a file that is passed on does not tell: the whole account number, and paths of the machine."""

from __future__ import annotations

import re
from collections.abc import Callable

from tradebot.reports.run_header import RunHeader

_SHOWN = 4
_NAMES = r"(?:[/\\][^\s/\\:;,'\"<>()]+)"
#: A path from the root of a file system with two names or more, of POSIX or Windows; never a part of a URL or fraction.
_PATH = re.compile(rf"(?<![\w/.:\\])(?:~|[A-Za-z]:)?{_NAMES}{{2,}}[/\\]?")


def masked_account(account_id: str) -> str:
    """The last four characters of an account's number, or none of a number that is hardly longer."""
    return "…" + (account_id[-_SHOWN:] if len(account_id) >= 2 * _SHOWN else "")


def masker(where: RunHeader, secrets: Callable[[str], str]) -> Callable[[str], str]:
    """A function that masks account, paths and, by ``secrets``, the secrets of the settings in a text."""
    account = masked_account(where.account_id)
    places = sorted(map(str, (where.home, where.database, where.logs)), key=len, reverse=True)
    known = re.compile(rf"(?:{'|'.join(map(re.escape, places))}){_NAMES}*")  # their names may hold blanks

    def hide(text: str) -> str:
        text = secrets(text)
        if where.account_id:
            text = text.replace(where.account_id, account)
        return _PATH.sub("(path)", known.sub("(path)", text))

    return hide

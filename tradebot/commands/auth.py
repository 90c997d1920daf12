"""tradebot auth robinhood, auth status and auth forget"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Annotated

import typer

from tradebot.commands import decorator
from tradebot.errors import Blocked, ExitCode, UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tradebot.runtime.robinhood_auth import LoginAccount
    from tradebot.settings import GlobalOptions, Settings

_TERMS = (
    "Robinhood's terms, as its support page on third-party connections is quoted: no trading API may be linked to an "
    "account without Robinhood's written authorisation (its crypto API excepted). tradebot uses the API of its apps, "
    "which is unofficial: it may change or end at any time, Robinhood may close the session or restrict the account, "
    "and the losses are yours."
)
_SHARED = (
    "A pair of tokens taken from a browser is shared with it: whichever of the two renews it ends it for the other, "
    "and so does a logout. Close that browser's window afterwards, without logging out."
)


@decorator.command(
    "auth robinhood",
    writes="the tokens, into a file of your state folder that only you may read and all of your homes share. The "
    "password is written nowhere.",
    examples=("tradebot auth robinhood --home ~/tradebot",),
    ends_with=(ExitCode.BLOCKED, ExitCode.BROKER),
)
def robinhood(options: GlobalOptions) -> ExitCode:
    """Log in to Robinhood, by password or with the tokens of a browser. It asks, and needs a terminal.

    The only command that asks for anything, and the only one that uses the password. ROBINHOOD_USERNAME,
    ROBINHOOD_PASSWORD and ROBINHOOD_MFA_SECRET are taken where they are set, and needed by nothing else. Jobs use the
    tokens and renew them in time; where that fails they end with 5, and this command is run again. ^C at any time
    leaves what was stored before.
    """
    from tradebot.commands import render
    from tradebot.reports.pages.auth import status_page
    from tradebot.runtime import robinhood_auth
    from tradebot.runtime.homes import configuration

    if options.json or sys.stdin is None or not sys.stdin.isatty():
        raise UsageError("it asks questions, and nobody is there to answer: run it in a terminal, without --json.")
    settings = configuration(options).settings
    _say(_TERMS)
    if _ask("Go on? yes or no [no] > ").casefold() not in ("y", "yes"):
        raise UsageError("nothing was changed.")
    _say("Log in by password, or paste the tokens of a browser?")
    if _ask("password or tokens [password] > ").casefold() in ("tokens", "t"):
        _paste(settings)
    else:
        _log_in(settings)
    _say("The session is stored.")
    _choose(settings, robinhood_auth.accounts(settings))
    return render.show_result(options, "auth robinhood", status_page(robinhood_auth.status(settings)))


@decorator.command(
    "auth status",
    writes="nothing, and asks nothing of Robinhood.",
    examples=("tradebot auth status",),
    ends_with=(ExitCode.BLOCKED,),
)
def status(options: GlobalOptions) -> ExitCode:
    """Show the stored session with Robinhood: its account, and the days that are left.

    It ends with 5 where there is none, or where it is over.
    """
    from tradebot.commands import render
    from tradebot.reports.pages.auth import status_page
    from tradebot.runtime import robinhood_auth
    from tradebot.runtime.homes import configuration

    found = robinhood_auth.status(configuration(options).settings)
    code = ExitCode.BLOCKED if found.trouble else ExitCode.OK
    return render.show_result(options, "auth status", status_page(found), code=code, login=found)


@decorator.command(
    "auth forget",
    writes="nothing; removes the stored session.",
    examples=("tradebot auth forget --yes",),
)
def forget(
    options: GlobalOptions,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
) -> ExitCode:
    """Remove the stored session with Robinhood from this machine.

    Every home of this user that trades with this login stops then: nothing is read, sent or cancelled. Stops that rest
    at Robinhood go on resting. The session itself lives on at Robinhood; the app ends it, among its devices.
    """
    from tradebot.commands import confirm, render
    from tradebot.reports.layout import Line
    from tradebot.runtime import robinhood_auth
    from tradebot.runtime.homes import configuration

    settings = configuration(options).settings
    if not yes:
        confirm.confirm(options, "Jobs of every home that uses this login will end with 5. Remove the session?")
    removed = robinhood_auth.forget(settings)
    what = "the session was removed from this machine; end it in the app too" if removed else "there was none"
    return render.show_result(options, "auth forget", (Line(what),), forgotten=removed)


class _Terminal:
    """The person at the terminal; implements Person."""

    def tell(self, text: str) -> None:
        _say(text)

    def code(self, question: str) -> str:
        return _ask(f"{question} > ")


def _log_in(settings: Settings) -> None:
    from tradebot.runtime import robinhood_auth

    username, password = settings.robinhood_username, settings.robinhood_password
    name = username.reveal() if username else _required("Username or mail address > ")
    word = password.reveal() if password else _required("Password (not shown) > ", hidden=True)
    robinhood_auth.log_in(settings, _Terminal(), name, word)


def _paste(settings: Settings) -> None:
    from tradebot.runtime import robinhood_auth

    _say(_SHARED)
    access = _required("Access token (not shown) > ", hidden=True)
    refresh = _required("Refresh token (not shown) > ", hidden=True)
    device = _ask("Device token, if the browser shows one (not shown) > ", hidden=True)
    robinhood_auth.store_pasted(settings, access, refresh, device)


def _choose(settings: Settings, accounts: Sequence[LoginAccount]) -> None:
    """Choose the account to trade: that of the settings, the only one, or the one that is typed."""
    from tradebot.runtime import robinhood_auth

    if settings.robinhood_account is not None:
        number = settings.robinhood_account.reveal()
        chosen = next((account for account in accounts if account.number == number), None)
        if chosen is None:
            raise Blocked("the session is stored, but this login has no account of the number in ROBINHOOD_ACCOUNT.")
    elif not accounts:
        raise Blocked("the session is stored, but this login has no account that can trade.")
    elif len(accounts) == 1:
        chosen = accounts[0]
    else:
        listed = "".join(f"\n  {number}  {account.shown}" for number, account in enumerate(accounts, start=1))
        _say(f"The accounts of this login:{listed}")
        chosen = accounts[_number("Which of them shall be traded? Its number in this list > ", len(accounts)) - 1]
    robinhood_auth.choose(settings, chosen)


def _number(prompt: str, most: int) -> int:
    while True:
        reply = _ask(prompt)
        if reply.isascii() and reply.isdigit() and 1 <= int(reply) <= most:
            return int(reply)
        _say(f"  Type a number from 1 to {most}; ^C ends this, and the session stays stored.")


def _required(prompt: str, *, hidden: bool = False) -> str:
    while not (reply := _ask(prompt, hidden=hidden)):
        _say("  It is needed; ^C ends this.")
    return reply


def _ask(prompt: str, *, hidden: bool = False) -> str:
    from tradebot.commands.typed_lines import typed_line

    return typed_line(prompt, hidden=hidden)


def _say(text: str) -> None:
    from tradebot.reports.streams import tell

    tell(text)


commands = (robinhood, status, forget)

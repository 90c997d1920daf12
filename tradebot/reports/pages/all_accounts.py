"""The pages that tell of every account at once."""

from __future__ import annotations

from collections.abc import Iterable

from tradebot.core.model.halts import HaltLevel
from tradebot.core.results.account_lines import AccountLine, AllAccounts
from tradebot.reports.formatting import day, minute, shares, signed_usd, usd
from tradebot.reports.layout import Cell, Heading, Line, Page, Tone, section, table

_LEVEL_TONES = {HaltLevel.RUNNING: Tone.GOOD, HaltLevel.REDUCING: Tone.WARN, HaltLevel.HALTED: Tone.BAD}


def accounts_page(found: AllAccounts) -> Page:
    """The accounts, where they are traded and how each stands."""
    rows = ((_name(account), *_state(account), "\n".join(account.homes), account.ledger) for account in found.accounts)
    return (
        Heading("accounts"),
        *_missing(found),
        *table("~account | state | last run | ~homes | ~ledger", rows),
    )


def all_status_page(found: AllAccounts) -> Page:
    """How every account stands, and the sums."""
    rows = (
        (_name(each), *_state(each), minute(each.known_at), Cell(usd(each.equity)), signed_usd(each.day_result))
        for each in found.accounts
    )
    return (
        Heading("status of all accounts"),
        *_missing(found),
        *table("~account | state | last run | known at | >equity | >day's result", rows),
        *section("In all", *_totals(found)),
        *section("Exposure by symbol", *_exposure(found)),
        *_as_known(),
    )


def all_report_page(found: AllAccounts) -> Page:
    """The newest session of every account, and the sums."""
    rows = (
        (_name(each), day(each.session), str(each.trades), signed_usd(each.realised), signed_usd(each.day_result))
        for each in found.accounts
    )
    totals = (
        (each.mode, str(each.trades), signed_usd(each.realised), signed_usd(each.day_result)) for each in found.totals
    )
    return (
        Heading("report of all accounts"),
        *_missing(found),
        *table("~account | session | >trades | >realised | >day's result", rows),
        *section("In all", *table("mode | >trades | >realised | >day's result", totals)),
        *section("Exposure by symbol", *_exposure(found)),
        *_as_known(),
    )


def all_positions_page(found: AllAccounts) -> Page:
    """The positions of every account, and the sums by symbol."""
    rows = (
        (_name(each), line.symbol, shares(line.quantity), usd(line.market_value), signed_usd(line.pnl))
        for each in found.accounts
        for line in each.positions
    )
    return (
        Heading("positions of all accounts"),
        *_missing(found),
        *table("~account | symbol | >shares | >value | >profit or loss", rows),
        *section("Exposure by symbol", *_exposure(found)),
        *_as_known(),
    )


def _missing(found: AllAccounts) -> Iterable[Line]:
    return (Line(f"missing: {reason}", Tone.BAD) for reason in found.missing)


def _name(account: AccountLine) -> str:
    return f"{account.account} at {account.broker} ({account.mode})"


def _state(account: AccountLine) -> tuple[Cell, str]:
    ran = f"{account.last_job} {account.last_status} {minute(account.last_run)}" if account.last_job else "none yet"
    return Cell(account.level, _LEVEL_TONES[account.level]), ran


def _totals(found: AllAccounts) -> Page:
    rows = (
        (each.mode, str(each.account_count), usd(each.equity), signed_usd(each.day_result), usd(each.gross_exposure))
        for each in found.totals
    )
    return (*table("mode | >accounts | >equity | >day's result | >gross exposure", rows),)


def _exposure(found: AllAccounts) -> Page:
    rows = (
        (
            each.mode,
            each.symbol,
            str(each.account_count),
            shares(each.quantity),
            usd(each.market_value),
            signed_usd(each.pnl),
        )
        for each in found.exposure
    )
    return (*table("mode | symbol | >accounts | >shares | >value | >profit or loss", rows),)


def _as_known() -> Page:
    return (Line("As the ledgers knew it last: no broker was asked.", Tone.QUIET),)

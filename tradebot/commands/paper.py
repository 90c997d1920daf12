"""tradebot paper next, paper status and paper reset"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from tradebot.commands import decorator
from tradebot.errors import ExitCode

if TYPE_CHECKING:
    from tradebot.brokers.paper import ExchangeStatus
    from tradebot.reports.layout import Page
    from tradebot.settings import GlobalOptions, Settings

_EXIT_CODES = (ExitCode.BLOCKED, ExitCode.BROKER, ExitCode.LOCKED, ExitCode.LEDGER)


@decorator.command(
    "paper next",
    writes="the exchange's own file: resting orders meet the rest of the day, and the next session begins. Makes the "
    "home when there is none.",
    examples=("tradebot paper next --home demo",),
    ends_with=_EXIT_CODES,
)
def next_session(options: GlobalOptions) -> ExitCode:
    """End the session of the embedded exchange and begin the next."""
    from tradebot.runtime.exchange_account import refuse_next
    from tradebot.runtime.paper_exchange import open_exchange

    refuse_next(options)
    with open_exchange(options, makes_home=True) as (exchange, loaded):
        exchange.next_session()
        status = exchange.status()
    return _show(options, "paper next", loaded.settings, status, f"session {status.session} has begun")


@decorator.command(
    "paper status", writes="nothing.", examples=("tradebot paper status --home demo",), ends_with=_EXIT_CODES
)
def status(options: GlobalOptions) -> ExitCode:
    """Show where the embedded exchange stands.

    Its session and time, cash and equity, positions and resting orders.
    """
    from tradebot.runtime.exchange_account import account_status

    status, loaded = account_status(options)
    return _show(options, "paper status", loaded.settings, status, f"session {status.session}, {status.phase}")


@decorator.command(
    "paper reset",
    writes="the exchange's own file: a new account at the first session; the ledger keeps what the old one did. Makes "
    "the home when there is none.",
    examples=("tradebot paper reset --home demo",),
    ends_with=_EXIT_CODES,
)
def reset(options: GlobalOptions, yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False) -> ExitCode:
    """Begin again on the embedded exchange, with a new account.

    The old account's orders and positions are gone; what the ledger holds of it stays, under the old account's key.
    """
    from tradebot.commands import confirm
    from tradebot.runtime.exchange_account import refuse_other_accounts, reset_account
    from tradebot.runtime.homes import configuration

    settings = configuration(options).settings
    refuse_other_accounts(settings)
    if not yes:
        confirm.confirm(options, f"Give up the account on the exchange of {settings.home} and begin a new one?")
    status = reset_account(options)
    return _show(options, "paper reset", settings, status, f"account {status.account_id} begins at {status.session}")


commands = (next_session, status, reset)


def _show(options: GlobalOptions, name: str, settings: Settings, status: ExchangeStatus, headline: str) -> ExitCode:
    from tradebot.commands import render
    from tradebot.reports.run_header import opening
    from tradebot.runtime.homes import HomeContext

    header = HomeContext(settings.home, settings.broker, "paper", status.account_id, settings.ledger, settings.log_path)
    page = (*opening(header), *_page(status, headline))
    return render.show_result(options, name, page, header=header, headline=headline, exchange=status)


def _page(status: ExchangeStatus, headline: str) -> Page:
    from tradebot.reports.formatting import instant, price, shares, usd
    from tradebot.reports.layout import Facts, Line, Tone, section, table

    left: tuple[tuple[str, str], ...] = ()  # sessions, where they are those of a file
    if status.sessions_left is not None:
        left = (("sessions left", f"{status.sessions_left} until {status.last_session}"),)
    return (
        Line(headline, Tone.STRONG),
        Facts(
            (
                ("exchange time", f"{instant(status.now)}, {status.phase}"),
                ("equity", usd(status.equity)),
                ("cash", usd(status.cash)),
                *left,
            )
        ),
        *section(
            "Positions",
            *table(
                "symbol | >shares | >average price | >last | >value",
                (
                    (p.symbol, shares(p.quantity), price(p.average_price), price(p.market_price), usd(p.market_value))
                    for p in status.positions
                ),
            ),
        ),
        *section(
            "Resting orders",
            *table(
                "symbol | side | >shares | type | >stop | >limit | until | ~order",
                (
                    (o.symbol, o.side.upper(), shares(o.remaining), str(o.type), price(o.stop_price),
                     price(o.limit_price), o.time_in_force.upper(), o.client_order_id)
                    for o in status.open_orders
                ),
            ),
        ),
    )  # fmt: skip

"""Reads an account for commands that only look at it: nothing is stored, booked or sent."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from tradebot.core.model.account import AccountSnapshot, Position, Quote
from tradebot.core.model.holdings import Holding
from tradebot.core.model.limits import Counters
from tradebot.core.model.orders import BrokerOrder
from tradebot.core.model.schedule import Job
from tradebot.core.risk.circuit_breakers import LimitInputs
from tradebot.jobs.desk import Desk
from tradebot.jobs.job_run import JobRun, open_run, read_account
from tradebot.jobs.steps.day_result import explain_equity, traded_today
from tradebot.jobs.steps.stop_gaps import StopLook, look_at_stops
from tradebot.jobs.steps.sync import counters


@dataclass(frozen=True, slots=True)
class LiveAccount:
    """An account as the broker shows it now and the ledger explains it."""

    run: JobRun
    account: AccountSnapshot
    positions: tuple[Position, ...]
    holdings: tuple[Holding, ...]
    open_orders: tuple[BrokerOrder, ...]
    quotes: Mapping[str, Quote]  # of the positions, the holdings and what was traded today
    stops: StopLook
    counters: Counters
    inputs: LimitInputs


def read_live(desk: Desk, job: Job) -> LiveAccount:
    """Read account, positions, prices and open orders. Raises BrokerUnavailable."""
    run = open_run(desk, job)
    account = read_account(desk, run)
    positions = desk.broker.positions()
    holdings = desk.ledger.books.holdings()
    wanted = {p.symbol for p in positions} | {h.symbol for h in holdings} | traded_today(desk, run)
    quotes = desk.market.quotes(wanted)
    run.explained = explain_equity(desk, run, account, positions, quotes)
    open_orders = desk.broker.open_orders()
    stops = look_at_stops(desk, holdings, positions, open_orders, quotes)
    run.gaps, run.breaks = stops.gaps, desk.ledger.halts_and_breaks.breaks()
    unsettled, limits = desk.ledger.orders.unsettled(), desk.settings.limits()
    return LiveAccount(
        run=run,
        account=account,
        positions=positions,
        holdings=holdings,
        open_orders=open_orders,
        quotes=quotes,
        stops=stops,
        counters=counters(desk, run, account),
        inputs=LimitInputs(account.equity, positions, holdings, open_orders, unsettled, quotes, limits),
    )

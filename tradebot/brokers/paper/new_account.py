"""New accounts: number, first session and opening deposit."""

from __future__ import annotations

from datetime import date

from tradebot.brokers.paper.account_book import BookingTime
from tradebot.brokers.paper.prices import Prices
from tradebot.brokers.paper.rules import ExchangeRules, ExchangeState, Phase
from tradebot.brokers.paper.sessions import session_start
from tradebot.brokers.paper.store import Store
from tradebot.core.model.account import CashKind
from tradebot.errors import ConfigError, Problem
from tradebot.ports import Calendar

_PREFIX = "PAPER-"
_START_SETTINGS = "PAPER_START, or --from of a replay"


def generation_of(account_id: str) -> int:
    """The number in an account id: 1 for "PAPER-0001"."""
    return int(account_id.removeprefix(_PREFIX))


def open_account(store: Store, calendar: Calendar, rules: ExchangeRules, generation: int, session: date) -> None:
    """Open the account with this number, at the beginning of a session. Needs a transaction around it.

    Its starting cash is a deposit, so that its activities add up to its cash. The deposit is dated at the close before
    the first session, so that it is no cash flow of that session.
    """
    state = ExchangeState(
        generation=generation,
        account_id=f"{_PREFIX}{generation:04d}",
        starting_cash=rules.starting_cash,
        session=session,
        now=session_start(session),
        phase=Phase.PRE_OPEN,
    )
    store.begin_account(state)
    before = calendar.previous(session)
    time = BookingTime(before.closes, before.session)
    book = store.book()
    book.book_cash(CashKind.DEPOSIT, rules.starting_cash, None, "starting cash", time)
    store.save(state, book)


def first_session(prices: Prices, rules: ExchangeRules) -> date:
    """The session that a new account begins with. Raises ConfigError when ``rules.start`` is no session of the data."""
    first, last = prices.first_session(), prices.last_session()
    assert first is not None and last is not None, "prices without a bar are refused when they are copied"
    if rules.start is None:
        return prices.session_after_warmup(rules.warmup) or first
    if not first <= rules.start <= last:
        what = f"{rules.start} lies outside the data"
        raise ConfigError([Problem(_START_SETTINGS, what, f"Choose a date from {first} to {last}.")])
    if not prices.is_session(rules.start):
        before, after = prices.session_before(rules.start), prices.session_after(rules.start)
        what = f"{rules.start} is no session of the data"
        raise ConfigError([Problem(_START_SETTINGS, what, f"The nearest are {before} and {after}.")])
    return rules.start

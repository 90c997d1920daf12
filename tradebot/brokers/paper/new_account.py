"""New accounts: id, first session and opening deposit."""

from __future__ import annotations

from base64 import b32encode
from datetime import date
from secrets import token_bytes

from tradebot.brokers.paper.account_book import BookingTime
from tradebot.brokers.paper.prices import Prices
from tradebot.brokers.paper.rules import ExchangeRules, ExchangeState, Phase
from tradebot.brokers.paper.sessions import session_start
from tradebot.brokers.paper.store import Store
from tradebot.core.model.account import CashKind
from tradebot.errors import ConfigError, Problem
from tradebot.ports import Calendar

#: The account of a replay, whose order ids are the same each time.
FIRST_ACCOUNT = "PAPER-0001"
_START_SETTINGS = "PAPER_START, or --from of a replay"


def new_account_id() -> str:
    """An id that no other account has, at this exchange or another: "PAPER-7KQ2M4XA"."""
    return f"PAPER-{b32encode(token_bytes(5)).decode()}"


def open_account(
    store: Store, calendar: Calendar, rules: ExchangeRules, account_id: str, session: date, generation: int = 1
) -> None:
    """Open an account at the beginning of a session. Needs a transaction around it.

    ``generation``: its number among the accounts that the exchange has had.

    Its starting cash is a deposit, so that its activities add up to its cash. The deposit is dated at the close before
    the first session, so that it is no cash flow of that session.
    """
    state = ExchangeState(
        generation=generation,
        account_id=account_id,
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

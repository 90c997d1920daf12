"""The bars of a session and before it, as they are now, and the signals of strategies over them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields
from datetime import date, datetime, timedelta

from tradebot.backtest.bars import VOLUME_SESSIONS, Bars, bars_of
from tradebot.core.model.account import MarketClock, SessionHours
from tradebot.core.model.decision_inputs import DecisionInputs
from tradebot.core.model.signals import Signal
from tradebot.errors import BrokerUnavailable
from tradebot.jobs.desk import Desk
from tradebot.jobs.steps.planning import sessions_of_history
from tradebot.strategy_api import History

#: After the open, for a session in which live decided at no time.
_DECIDES_AFTER = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class SessionBars:
    """What a session is backtested on."""

    bars: Bars  # unadjusted; the session is the last
    as_of: date | None  # the session of the newest bar before
    signals: tuple[Signal, ...]
    revised: tuple[str, ...]  # symbols whose bars are not those that live decided on
    notes: tuple[str, ...]


def read_bars(desk: Desk, hours: SessionHours, inputs: DecisionInputs | None, held: Iterable[str]) -> SessionBars:
    """Read the bars, and ask the strategies as live asks them. Raises BrokerUnavailable."""
    moment = hours.opens + _DECIDES_AFTER if inputs is None else inputs.at
    deciding = _clock(desk, hours, moment)
    revised: tuple[str, ...] = ()
    if inputs is not None and inputs.bars.digests:
        from tradebot.market.bar_digest import bar_digests  # imports numpy

        seen = desk.market.history(sorted(inputs.bars.digests), inputs.bars.sessions, deciding)
        revised = inputs.bars.revised(bar_digests(seen))
    loaded = desk.strategies.loaded
    wanted = sorted({symbol for info in loaded for symbol in info.symbols})
    signals: tuple[Signal, ...] = ()
    notes: tuple[str, ...] = ()
    as_of = None
    if loaded:
        history = desk.market.history(wanted, sessions_of_history(desk), deciding)
        as_of = history.close.index[-1].date() if len(history.close) else None
        signals, failures = desk.strategies.signals(history)
        notes = tuple(f"strategy {each.strategy}: {each.message}" for each in failures if not each.has_signals)
    symbols = sorted({*wanted, *held, *(inputs.bars.digests if inputs else ())})
    return SessionBars(_unadjusted(desk, hours, symbols), as_of, signals, revised, notes)


def _unadjusted(desk: Desk, hours: SessionHours, symbols: Sequence[str]) -> Bars:
    """The bars of some sessions before, and that of the session, each as it was traded."""
    import pandas as pd

    now, previous = desk.clock.now(), desk.calendar.previous(hours.session)
    before = desk.market.history(symbols, VOLUME_SESSIONS + 1, _clock(desk, previous, now))
    its_own = desk.market.history(symbols, 1, _clock(desk, hours, now))
    if not len(its_own.close) or its_own.close.index[-1].date() != hours.session:
        raise BrokerUnavailable(f"The bars of session {hours.session} are not complete yet. Compare it later.")
    frames = (
        pd.concat([getattr(before, each.name), getattr(its_own, each.name).iloc[-1:]]) for each in fields(History)
    )
    since = previous.session + timedelta(days=1)
    actions = desk.market.actions_since(symbols, since, _clock(desk, hours, hours.opens))
    return bars_of(History(*frames), actions, symbols)


def _clock(desk: Desk, hours: SessionHours, now: datetime) -> MarketClock:
    """The market's clock on the day of a session."""
    previous, following = desk.calendar.previous(hours.session), desk.calendar.following(hours.session)
    return MarketClock(now, hours.opens <= now < hours.closes, hours, previous, following)

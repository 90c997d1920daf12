"""What the rules and plans of core ask for, made of a backtest's bars and account."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from decimal import ROUND_FLOOR, Decimal

import numpy as np

from tradebot.backtest.account import Account, Held
from tradebot.backtest.bars import Bars, Steps, in_dollars
from tradebot.backtest.setup import Setup, morning_of
from tradebot.core.model.account import AccountSnapshot, Asset, Position, Quote
from tradebot.core.model.capabilities import EVERYTHING
from tradebot.core.model.halts import Halt, level_of
from tradebot.core.model.limits import Counters
from tradebot.core.model.ownership import Ownership
from tradebot.core.model.plan import Situation
from tradebot.core.model.repetition import EntryKey, Repetition
from tradebot.core.model.signals import Signal
from tradebot.core.model.values import CENT, ONE, ZERO
from tradebot.core.risk.circuit_breakers import LimitInputs
from tradebot.core.risk.exposure import SymbolExposure

ACCOUNT_KEY = "backtest:paper:BACKTEST"
_OWNERSHIP = Ownership(ACCOUNT_KEY)


class CoreInputs:
    """The inputs of core. ``base``: equity at the close before, ``peak``: the highest so far, both USD.

    submitted: orders sent in the session.
    """

    def __init__(self, bars: Bars, account: Account, setup: Setup, strategies: Sequence[str]) -> None:
        self._bars, self._account, self._setup = bars, account, setup
        self._strategies = strategies
        self.base = self.peak = setup.cash
        self.submitted = 0

    def near_loss(self, equity: Decimal) -> bool:
        """Whether a loss may have reached a limit: to the cent, on the safe side."""
        limits = self._setup.limits
        floor = max(self.base * (ONE - limits.daily_loss_limit_pct), self.peak * (ONE - limits.emergency_stop_loss_pct))
        return equity <= floor + CENT

    def near_breach(self, marks: Steps, equity: Decimal) -> bool:
        """Whether a limit may be exceeded by what is held: without the exact figures, on the safe side."""
        account, limits = self._account, self._setup.limits
        values = account.shares * marks
        room = float(equity) * 10_000 * (1 + float(limits.limit_breach_tolerance_pct)) * 0.999
        risk = int(account.shares @ np.maximum(marks - account.stops, 0))
        return bool(
            values.max() > room * float(limits.max_position_size_pct)
            or values.sum() > room * float(limits.max_gross_exposure_pct)
            or risk > room * float(limits.max_portfolio_risk_pct)
            or len(account.held) > limits.max_positions
        )

    def of_limits(self, row: int, marks: Steps, equity: Decimal) -> LimitInputs:
        """What the limits on what is held are measured with."""
        account = self._account
        quotes = {held.holding.symbol: self.quote(row, held.column, marks) for held in account.held.values()}
        return LimitInputs(
            equity=equity,
            positions=tuple(self.position(held, marks) for held in account.held.values()),
            holdings=tuple(held.holding for held in account.held.values()),
            open_orders=(),
            unsettled=(),
            quotes={symbol: quote for symbol, quote in quotes.items() if quote is not None},
            limits=self._setup.limits,
        )

    def of_entries(
        self,
        row: int,
        signals: Sequence[tuple[int, Signal]],
        halts: Sequence[Halt],
        served: Sequence[int],
        repetitions: Mapping[EntryKey, Repetition],
    ) -> Situation:
        """The situation in which entries are decided on at the opening prices, without what is held."""
        marks = self._bars.open_mark[row]
        equity = self._account.equity(marks)
        situation = self.situation(row, marks, equity, halts, (signal for _, signal in signals))
        columns = [column for column, _ in signals]
        volumes = self._bars.average_volume[row]
        return replace(
            situation,
            quotes={self._bars.symbols[c]: quote for c in columns if (quote := self.quote(row, c, marks)) is not None},
            assets={self._bars.symbols[c]: asset for c in columns if (asset := self.asset(row, c)) is not None},
            average_volume={self._bars.symbols[c]: Decimal(int(volumes[c])) for c in columns if volumes[c] >= 0},
            sessions_run=dict(zip(self._strategies, served, strict=True)),
            repetitions=repetitions,
        )

    def exposures(
        self, columns: Sequence[int], marks: Steps, stops: Steps
    ) -> tuple[SymbolExposure, dict[str, SymbolExposure]]:
        """What all that is held is worth and may lose at these stops, and by symbol for those of the columns."""
        account = self._account
        distance = np.maximum(marks - stops, 0)
        total = SymbolExposure(in_dollars(int(account.shares @ marks)), in_dollars(int(account.shares @ distance)))
        by_symbol = {
            self._bars.symbols[c]: SymbolExposure(
                in_dollars(int(account.shares[c] * marks[c])), in_dollars(int(account.shares[c] * distance[c]))
            )
            for c in columns
            if c in account.held
        }
        return total, by_symbol

    def situation(
        self, row: int, marks: Steps, equity: Decimal, halts: Sequence[Halt], signals: Iterable[Signal]
    ) -> Situation:
        """A situation in which nothing is held and no quote is known."""
        session = self._bars.sessions[row]
        return Situation(
            ownership=_OWNERSHIP,
            now=morning_of(session),
            today=session,
            session_open=True,
            halt=level_of(halts),
            account=self.snapshot(equity),
            positions=(),
            holdings=(),
            open_orders=(),
            unsettled=(),
            quotes={},
            assets={},
            signals=tuple(signals),
            limits=self._setup.limits,
            counters=self.counters(row),
            capabilities=EVERYTHING,
            expected_as_of=self._bars.sessions[row - 1],
            halts=tuple(halts),
        )

    def snapshot(self, equity: Decimal) -> AccountSnapshot:
        """The account as a broker shows it."""
        cash = self._account.cash
        power = max(cash, ZERO).quantize(CENT, rounding=ROUND_FLOOR)
        return AccountSnapshot(ACCOUNT_KEY, equity, self.base, cash, power)

    def counters(self, row: int) -> Counters:
        """The counters of the session."""
        return Counters(
            session=self._bars.sessions[row],
            entries_sent=0,
            baseline_equity=self.base,
            peak_equity=self.peak,
            orders_sent=self.submitted,
            orders_last_minute=self.submitted,
        )

    def quote(self, row: int, column: int, marks: Steps) -> Quote | None:
        """The quote of a symbol at these prices; None where it has none."""
        last, previous = int(marks[column]), int(self._bars.previous[row, column])
        if not last:
            return None
        at = morning_of(self._bars.sessions[row])
        return Quote(self._bars.symbols[column], in_dollars(last), at, in_dollars(previous) if previous else None)

    def asset(self, row: int, column: int) -> Asset | None:
        """The symbol as a broker lists it; None where it was never listed."""
        if not self._bars.listed[row, column] and not self._bars.previous[row, column]:
            return None
        return Asset(self._bars.symbols[column], tradable=bool(self._bars.listed[row, column]), fractionable=True)

    def position(self, held: Held, marks: Steps) -> Position:
        """A holding as a broker shows it."""
        holding = held.holding
        return Position(holding.symbol, holding.quantity, holding.entry_price, in_dollars(int(marks[held.column])))

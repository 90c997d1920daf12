"""What the rules and plans of core ask for, made of a backtest's bars and account."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from decimal import ROUND_FLOOR, Decimal
from types import MappingProxyType
from typing import Any

import numpy as np

from tradebot.backtest.account import Account, Held
from tradebot.backtest.bars import Bars, Steps, in_dollars
from tradebot.backtest.setup import Setup, morning_of
from tradebot.core.model.account import AccountSnapshot, Asset, Position, Quote
from tradebot.core.model.capabilities import EVERYTHING
from tradebot.core.model.halts import Halt, level_of
from tradebot.core.model.holdings import Holding
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
_NOTHING: Mapping[Any, Any] = MappingProxyType({})


class CoreInputs:
    """The inputs of core. ``base``: equity at the close before, ``peak``: the highest so far, both USD.

    submitted: orders sent in the session.
    """

    def __init__(self, bars: Bars, account: Account, setup: Setup, strategies: Sequence[str]) -> None:
        self._bars, self._account, self._setup = bars, account, setup
        self._strategies = strategies
        self._tradable, self._untradable = (
            [Asset(symbol, tradable=tradable, fractionable=True) for symbol in bars.symbols]
            for tradable in (True, False)
        )
        self.base = self.peak = setup.cash
        self.submitted = 0
        self._left_of_day = ONE - setup.limits.daily_loss_limit_pct
        self._left_of_peak = ONE - setup.limits.emergency_stop_loss_pct

    def near_loss(self, equity: Decimal) -> bool:
        """Whether a loss may have reached a limit: to the cent, on the safe side."""
        return equity <= max(self.base * self._left_of_day, self.peak * self._left_of_peak) + CENT

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
        return LimitInputs(
            equity=equity,
            positions=tuple(self.position(held, marks) for held in account.held.values()),
            holdings=tuple(held.holding for held in account.held.values()),
            open_orders=(),
            unsettled=(),
            quotes=self.quotes(row, tuple(account.held), marks),
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
        columns = [column for column, _ in signals]
        return self._situation(
            row,
            halts,
            (signal for _, signal in signals),
            account=self.snapshot(self._account.equity(marks)),
            quotes=self.quotes(row, columns, marks),
            assets=self._assets(row, columns),
            average_volume=self._average_volumes(row, columns),
            sessions_run=dict(zip(self._strategies, served, strict=True)),
            repetitions=repetitions,
        )

    def of_exits(
        self,
        row: int,
        due: Sequence[tuple[Held, Holding]],
        marks: Steps,
        halts: Sequence[Halt],
        signals: Iterable[Signal],
    ) -> Situation:
        """The situation in which it is decided whether these holdings are closed."""
        return self._situation(
            row,
            halts,
            signals,
            account=self.snapshot(ZERO),
            holdings=tuple(holding for _, holding in due),
            positions=tuple(self.position(held, marks) for held, _ in due),
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

    def _situation(
        self,
        row: int,
        halts: Sequence[Halt],
        signals: Iterable[Signal],
        account: AccountSnapshot,
        *,
        holdings: tuple[Holding, ...] = (),
        positions: tuple[Position, ...] = (),
        quotes: Mapping[str, Quote] = _NOTHING,
        assets: Mapping[str, Asset] = _NOTHING,
        average_volume: Mapping[str, Decimal] = _NOTHING,
        sessions_run: Mapping[str, int] = _NOTHING,
        repetitions: Mapping[EntryKey, Repetition] = _NOTHING,
    ) -> Situation:
        session = self._bars.sessions[row]
        return Situation(
            ownership=_OWNERSHIP,
            now=morning_of(session),
            today=session,
            session_open=True,
            halt=level_of(halts),
            account=account,
            positions=positions,
            holdings=holdings,
            open_orders=(),
            unsettled=(),
            quotes=quotes,
            assets=assets,
            signals=tuple(signals),
            limits=self._setup.limits,
            counters=self.counters(row),
            capabilities=EVERYTHING,
            expected_as_of=self._bars.sessions[row - 1],
            halts=tuple(halts),
            average_volume=average_volume,
            sessions_run=sessions_run,
            repetitions=repetitions,
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

    def quotes(self, row: int, columns: Sequence[int], marks: Steps) -> dict[str, Quote]:
        """The quotes at these prices of the symbols that have one."""
        at, symbols = morning_of(self._bars.sessions[row]), self._bars.symbols
        where = list(columns)
        prices = zip(where, marks[where].tolist(), self._bars.previous[row, where].tolist(), strict=True)
        return {
            symbols[column]: Quote(symbols[column], in_dollars(last), at, in_dollars(before) if before else None)
            for column, last, before in prices
            if last
        }

    def _assets(self, row: int, columns: Sequence[int]) -> dict[str, Asset]:
        """The symbols as a broker lists them, without those that were never listed."""
        where = list(columns)
        listed, known = self._bars.listed[row, where].tolist(), self._bars.previous[row, where].tolist()
        return {
            self._bars.symbols[column]: (self._tradable if now else self._untradable)[column]
            for column, now, before in zip(where, listed, known, strict=True)
            if now or before
        }

    def _average_volumes(self, row: int, columns: Sequence[int]) -> dict[str, Decimal]:
        """The average volumes, without those that are not known."""
        where = list(columns)
        volumes = zip(where, self._bars.average_volume[row, where].tolist(), strict=True)
        return {self._bars.symbols[column]: Decimal(shares) for column, shares in volumes if shares >= 0}

    def position(self, held: Held, marks: Steps) -> Position:
        """A holding as a broker shows it."""
        holding = held.holding
        return Position(holding.symbol, holding.quantity, holding.entry_price, in_dollars(int(marks[held.column])))

"""The gate that a backtest plans as live: what it decides on each session against ``plan`` of the whole situation."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from tests.backtest.worlds import World
from tradebot.backtest.account import BookedFill, Held, Moment
from tradebot.backtest.bars import Steps, in_dollars
from tradebot.backtest.setup import DayPlan
from tradebot.backtest.walk import Walk
from tradebot.core.model.account import Position
from tradebot.core.model.holdings import Holding
from tradebot.core.model.orders import BrokerOrder, OrderState, OrderType, Purpose, Side, TimeInForce
from tradebot.core.model.plan import Plan, Situation
from tradebot.core.model.signals import Action, Signal
from tradebot.core.planning.entries import plan
from tradebot.core.planning.exits import plan_exits

#: What the worlds have to meet, each at least once, by its name in the counts of a walk.
MET = (
    "daily_loss halt",
    "drawdown halt",
    "closed by drawdown",
    "repeated orders halt",
    "limit breach halt",
    "split held",
    "dividend held",
    "delisting held",
    "stop at the open",
    "stop and target in one bar",
    "partial fill by volume",
    "stop raised",
)


@dataclass(frozen=True, slots=True)
class Compared:
    """A walk, each of whose plans was compared, with how many had entries or denials of them, and how many exits."""

    walk: Walk
    plans: int
    exits: int

    @property
    def codes(self) -> frozenset[str]:
        """The codes of the denials."""
        return frozenset(denied.code.value for denied in self.walk.denied)


def compared(drawn: World) -> Compared:
    """Walk through a world, and compare each of its plans. Raises AssertionError."""
    walk = _Compared(drawn.bars, drawn.signals, drawn.setup)
    walk.run()
    return Compared(walk, walk.plans, walk.exits)


class _Compared(Walk):
    """A walk that compares what it decides with the plan of the whole situation."""

    plans = exits = 0

    def run(self, *_: object) -> None:
        """Walk through every session."""
        self.on_plan = self._compare_entries
        super().run()

    def _compare_entries(self, day: DayPlan) -> None:
        self.plans += 1
        assert _as_decided(day) == _as_planned(plan(_whole(self, day))), day.situation.today

    def _exit(self, row: int, marked: dict[int, Holding], moment: Moment, marks: Steps) -> bool:
        if moment is not Moment.ENTRY:
            return super()._exit(row, marked, moment, marks)
        intents, denials = plan_exits(_all_held(self, row, marked, marks))
        planned = {(each.strategy, each.symbol, each.exit_kind) for each in intents}
        booked, denied, untraded = len(self.account.booked), len(self.denied), self._untraded(row)
        sent = super()._exit(row, marked, moment, marks)
        closed = {
            (fill.strategy, fill.symbol, fill.due.kind)
            for fill in self.account.booked[booked:]
            if isinstance(fill, BookedFill) and fill.due is not None
        }
        assert closed == {each for each in planned if each[1] not in untraded}, self.bars.sessions[row]
        objections = [(each.strategy, each.symbol, each.code) for each in self.denied[denied:]]
        assert sorted(objections) == sorted((each.strategy, each.symbol, each.code) for each in denials)
        self.exits += len(planned)
        return sent

    def _untraded(self, row: int) -> frozenset[str]:
        """The symbols of which nothing can be sold: without volume, or with all that may fill taken."""
        return frozenset(
            held.holding.symbol
            for column, held in self.account.held.items()
            if not self.bars.traded[row, column] or not self.account.fillable(column, row, held.holding.quantity)
        )


def _all_held(walk: Walk, row: int, marked: dict[int, Holding], marks: Steps) -> Situation:
    """The situation in which run-daily plans exits, with everything that is held and every signal to leave."""
    held = walk.account.held
    ages = {column: row - each.opened_row for column, each in held.items()}
    holdings = {
        column: replace(marked.get(column, each.holding), sessions_held=ages[column]) for column, each in held.items()
    }
    as_of = walk.bars.sessions[row - 1]
    signals = [
        Signal(table.strategy, symbol, as_of, Action.EXIT, 0.0, table.policy, "")
        for table in walk.signals.tables
        for column, symbol in enumerate(walk.bars.symbols)
        if table.exit[row - 1, column]
    ]
    quotes = walk.inputs.quotes(row, tuple(held), marks)
    due = [(each, holdings[column]) for column, each in held.items()]
    return replace(walk.inputs.of_exits(row, due, marks, (), signals), quotes=quotes)


def _whole(walk: Walk, day: DayPlan) -> Situation:
    """The situation of a plan of entries, with everything that live would read beside it."""
    row = walk.bars.sessions.index(day.situation.today)
    marks = walk.bars.open_mark[row]
    held = list(walk.account.held.values())
    holdings = tuple(each.holding.with_stop(in_dollars(int(day.stops[each.column]))) for each in held)
    quotes = walk.inputs.quotes(row, [each.column for each in held], marks)
    return replace(
        day.situation,
        holdings=holdings,
        positions=tuple(
            Position(h.symbol, h.quantity, h.entry_price, in_dollars(int(marks[each.column])))
            for each, h in zip(held, holdings, strict=True)
        ),
        open_orders=tuple(leg for each in held for leg in _legs(each, day)),
        quotes={**quotes, **day.situation.quotes},
    )


def _legs(held: Held, day: DayPlan) -> Iterator[BrokerOrder]:
    holding = held.holding
    for role, stop, limit in (
        (Purpose.STOP, holding.stop_price, None),
        (Purpose.TARGET, None, holding.target_price if held.target_rests else None),
    ):
        if stop or limit:
            yield BrokerOrder(
                broker_order_id=f"{holding.symbol} {role}",
                client_order_id=f"{holding.symbol} {role}",
                symbol=holding.symbol,
                side=Side.SELL,
                quantity=holding.quantity,
                filled_quantity=holding.quantity * 0,
                type=OrderType.STOP if stop else OrderType.LIMIT,
                time_in_force=TimeInForce.GTC,
                state=OrderState.ACCEPTED,
                submitted_at=day.situation.now,
                stop_price=stop,
                limit_price=limit,
                parent_id=f"{holding.symbol} entry",
                role=role,
            )


def _as_decided(day: DayPlan) -> tuple[list[object], list[object]]:
    entries: list[object] = []
    denials: list[object] = []
    for each in day.decisions:
        of = each.signal.strategy, each.signal.symbol
        denials += [(*of, said.code, said.value, said.limit, said.sentence()) for said in each.objections]
        if each.terms is not None:
            entries.append((*of, each.terms.size.quantity, each.terms.stop, each.terms.target))
    return entries, denials


def _as_planned(planned: Plan) -> tuple[list[object], list[object]]:
    entries: list[object] = [
        (each.strategy, each.symbol, each.request.quantity, each.request.stop_loss, each.request.take_profit)
        for each in planned.entries
    ]
    denials: list[object] = [
        (each.strategy, each.symbol, each.code, each.value, each.limit, each.message)
        for each in planned.denials
        if each.purpose is Purpose.ENTRY
    ]
    return entries, denials

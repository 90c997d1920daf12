"""From prices to a plan: gather the situation, let core decide, write down what was decided and why."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from tradebot.core.halts import level_of
from tradebot.core.orders import Intent, OrderState, Purpose
from tradebot.core.plan import Denial, Plan, Situation
from tradebot.core.planning import plan
from tradebot.core.records import DecisionRow
from tradebot.core.signals import Action, Signal
from tradebot.jobs.desk import Desk, Story
from tradebot.jobs.syncing import Sheet, counters, locked_symbols
from tradebot.strategy_api import History


def read_signals(desk: Desk, story: Story) -> tuple[Signal, ...]:
    """What every configured strategy says after the newest completed session. A broken one stops only itself."""
    book = desk.strategies
    for info in book.loaded:
        story.strategies.append(f"{info.name} {info.version} on {', '.join(info.symbols)}")
    broken = list(book.failures)
    said: tuple[Signal, ...] = ()
    if book.loaded:
        with story.step("history"):
            history = history_for(desk)
        with story.step("signals"):
            said, failed = book.signals(history)
        broken.extend(failed)
    for failure in broken:
        story.failed(f"strategy {failure.strategy}", failure.message)
    return said


def history_for(desk: Desk) -> History:
    """The completed bars that the configured strategies need, of every symbol that any of them names."""
    symbols = sorted({symbol for info in desk.strategies.loaded for symbol in info.symbols})
    return desk.market.history(symbols, desk.strategies.warmup, desk.broker.clock())


def situation(desk: Desk, story: Story, sheet: Sheet, signals: tuple[Signal, ...]) -> Situation:
    """Everything a plan is made from, read now."""
    market = desk.broker.clock()
    wanted = tuple(signal for signal in signals if signal.action is not Action.NONE)
    symbols = {signal.symbol for signal in wanted} | set(sheet.quotes)
    return Situation(
        account_key=desk.account_key,
        now=market.now,
        today=story.session,
        session_open=market.is_open,
        halt=level_of(story.halts),
        account=sheet.account,
        positions=sheet.positions,
        holdings=sheet.holdings,
        open_orders=sheet.open_orders,
        unsettled=sheet.unsettled,
        quotes=desk.market.quotes(symbols),
        assets=desk.broker.assets(symbols),
        signals=wanted,
        limits=desk.settings.limits(),
        counters=counters(desk, story, sheet.account),
        expected_as_of=desk.market.last_completed(market),
        locked=locked_symbols(sheet),
        decided=_decided(desk, story),
    )


def make_plan(desk: Desk, story: Story, sheet: Sheet, signals: tuple[Signal, ...]) -> Plan:
    """The plan for the account as it stands now."""
    with story.step("plan"):
        return plan(situation(desk, story, sheet, signals))


def remember(
    desk: Desk,
    story: Story,
    run_id: int,
    intents: Iterable[Intent],
    denials: Iterable[Denial],
    signals: Iterable[Signal],
) -> None:
    """Store each decision with the numbers that were compared, so that "why?" and "why not?" have an answer."""
    origin = {(signal.strategy, signal.symbol): signal for signal in signals}
    rows = [_row_of_intent(desk, story, intent) for intent in intents]
    for denial in denials:
        story.denials.append(denial)
        rows.append(_row_of_denial(desk, story, denial))
    rows = [_with_origin(row, origin.get((row.strategy, row.symbol))) for row in rows]
    if rows:
        desk.ledger.journal.decided(run_id, rows)


def _decided(desk: Desk, story: Story) -> frozenset[str]:
    """The decisions of this session that have an order. One planned and never sent may still be sent, under its id."""
    return frozenset(
        intent.client_order_id
        for intent in desk.ledger.orders.of_session(story.session)
        if intent.state is not OrderState.PLANNED
    )


def _row_of_intent(desk: Desk, story: Story, intent: Intent) -> DecisionRow:
    return DecisionRow(
        session=story.session,
        at=desk.clock.now(),
        strategy=intent.strategy,
        symbol=intent.symbol,
        purpose=intent.purpose,
        outcome="intent",
        code="",
        message=intent.reason,
        value=intent.request.quantity,
        limit=intent.planned_price,
        client_order_id=intent.client_order_id,
    )


def _row_of_denial(desk: Desk, story: Story, denial: Denial) -> DecisionRow:
    return DecisionRow(
        session=story.session,
        at=desk.clock.now(),
        strategy=denial.strategy,
        symbol=denial.symbol,
        purpose=denial.purpose,
        outcome="denied",
        code=denial.code,
        message=denial.message,
        value=denial.value,
        limit=denial.limit,
    )


def _with_origin(row: DecisionRow, signal: Signal | None) -> DecisionRow:
    if signal is None or (row.purpose != Purpose.ENTRY and signal.action is not Action.EXIT):
        return row
    message = f"{row.message} [{signal.reason}]" if signal.reason and signal.reason not in row.message else row.message
    return replace(row, as_of=signal.as_of, fingerprint=signal.fingerprint, message=message)

"""The session of a symbol in a line of 80 columns, and how important it is."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal

from tradebot.core.model.exchange_time import new_york_text
from tradebot.core.model.exits import ExitKind
from tradebot.core.model.values import ZERO, canonical, percent, price_text
from tradebot.core.results.denial_words import denial_text
from tradebot.core.results.explain_outcome import Bought, Guard, NotBought, Protection, Sold, SymbolDay, WhyNot

#: Columns of a page, and what its lines leave free before and between columns.
PAGE, INDENT, GAP = 80, 2, 2
#: The order of reasons, the most important first; those that are not named come last.
_REASONS = (
    (WhyNot.NOT_FILLED,),
    (WhyNot.HALTED, WhyNot.LOCKED, WhyNot.STRATEGY_FAILED, WhyNot.NO_DATA),
    (WhyNot.DENIED, WhyNot.OWNED),
    (WhyNot.NOT_ASKED, WhyNot.NOT_RECORDED),
)
_QUIET = 20
#: Reasons that are no event: the strategy had nothing to buy.
_SILENT = (WhyNot.NO_SIGNAL, WhyNot.HELD, WhyNot.EXIT_SIGNAL)


def room_beside(width: int) -> int:
    """The columns of a line in a table of 80 columns, beside a column of this width."""
    return PAGE - INDENT - max(width, len("symbol")) - GAP


def day_line(day: SymbolDay, room: int) -> SymbolDay:
    """The answers with their line: what happened first, then as many particulars as have room."""
    parts = [*_events(day), *_particulars(day)]
    line = ""
    for part in parts or ["nothing happened"]:
        longer = f"{line}; {part}" if line else part
        if len(longer) <= room or not line:
            line = longer
    return replace(day, line=line if len(line) <= room else f"{line[: room - 3].rpartition(' ')[0]}...")


def importance(day: SymbolDay) -> tuple[int, str]:
    """What sorts days: the most important first, then by symbol."""
    return _rank(day), day.symbol


def _rank(day: SymbolDay) -> int:
    if any(each.is_bare for each in day.protection):
        return 0
    if day.sold or day.not_sold:
        return 1
    if any(each.session == day.session for each in day.bought):
        return 2
    if any(each.session == day.session for each in day.actions):
        return 3
    ranks = [4 + rank for rank, kinds in enumerate(_REASONS) if any(each.why in kinds for each in day.not_bought)]
    return min(ranks) if ranks else _QUIET - 1 if day.protection else _QUIET


def _events(day: SymbolDay) -> Iterator[str]:
    """What happened, the most important first; where nothing did, why not."""
    for guard in day.protection:
        if guard.is_bare:
            yield f"BARE: no live stop{_close_text(guard)}"
    for sold in day.sold:
        yield f"sold {canonical(sold.quantity)} at {price_text(sold.exit_price)}: {_exit_text(sold)}"
    yield from (f"not sold: {_why(each)}" for each in day.not_sold)
    today = _bought_today(day)
    for bought in today:
        yield f"bought {canonical(bought.quantity)} at {price_text(bought.price)}"
    yield from (each.text for each in day.actions if each.session == day.session)
    untold = _untold(day)
    yield from (_held(each) for each in _held_before(day))
    denied = "no second buy" if today or day.protection else "not bought"
    yield from (f"{denied}: {_why(each)}" for each in untold)
    if not (day.sold or today or untold or day.protection):
        yield from (_why(each) for each in day.not_bought[:1])


def _particulars(day: SymbolDay) -> Iterator[str]:
    """What is said of the events where there is room."""
    if day.sold:
        yield f"P&L {sum((each.pnl for each in day.sold), ZERO):+,.2f}"
    if len(day.sold) == 1:
        yield f"entry {price_text(day.sold[0].entry_price)}"
    today = _bought_today(day)
    yield from (f"stop {price_text(each.stop)}" for each in today if each.stop is not None)
    yield from (_distance_text(each) for each in _held_before(day) if each.distance is not None)
    traders = [*(each.strategy for each in day.sold), *(each.strategy for each in today)]
    untold = [each.strategy for each in _untold(day)]
    holders = [each.strategy for each in day.protection]
    named = [*traders, *holders, *untold] or [each.strategy for each in day.not_bought]
    if any(named):
        yield ", ".join(dict.fromkeys(named))


def _untold(day: SymbolDay) -> list[NotBought]:
    return [each for each in day.not_bought if each.why not in _SILENT]


def _held_before(day: SymbolDay) -> list[Protection]:
    """What is held, protected, and was not bought in the session."""
    buyers = {each.strategy for each in _bought_today(day)}
    return [each for each in day.protection if not each.is_bare and each.strategy not in buyers]


def _bought_today(day: SymbolDay) -> list[Bought]:
    return [each for each in day.bought if each.session == day.session]


def _exit_text(sold: Sold) -> str:
    if sold.kind is None:
        return sold.reason or "reason not recorded"
    price = {ExitKind.TARGET: sold.target}.get(sold.kind, sold.stop)
    if price is None or sold.kind not in (ExitKind.STOP, ExitKind.TRAILING_STOP, ExitKind.TARGET):
        return sold.kind.text
    trailed = f" from {price_text(sold.trailed_from)}" if sold.trailed_from is not None else ""
    return f"{sold.kind.text} {price_text(price)}{trailed}"


def _held(guard: Protection) -> str:
    shares = f" {canonical(guard.quantity)}" if guard.quantity is not None else ""
    return f"held{shares}{_stop_text(guard)}"


def _stop_text(guard: Protection) -> str:
    if guard.state is not Guard.STOP or guard.stop is None:
        return ", its stop is not recorded" if guard.state is Guard.NOT_RECORDED else ""
    return f", stop {price_text(guard.stop)} rests"


def _distance_text(guard: Protection) -> str:
    return f"{percent(guard.distance or ZERO)} from {_price(guard.last)}"


def _close_text(guard: Protection) -> str:
    """The closing order of an emergency stop, after its want of a stop; "" without one."""
    if guard.close_sent_at is None or guard.close_quantity is None:
        return ", the emergency stop cancelled it" if guard.state is Guard.CANCELLED else ""
    when = f"queued for {new_york_text(guard.close_opens_at)}" if guard.close_opens_at else "sent"
    return f", the close of {canonical(guard.close_quantity)} is {when}"


def _why(reason: NotBought) -> str:
    if unmet := _unmet(reason):
        return f"{reason.why.text}, not met: {unmet}"
    if not reason.code:
        word = f"{reason.why.text}: " if reason.why in _SILENT and reason.text else ""
        return f"{word}{reason.text or reason.why.text}"
    return denial_text(reason.code, reason.value, reason.limit)


def _unmet(reason: NotBought) -> str:
    """The conditions that kept a strategy from a signal; "" where it states none."""
    conditions = reason.reading.conditions if reason.why is WhyNot.NO_SIGNAL and reason.reading else ()
    return ", ".join(condition.text for condition in conditions if not condition.met)


def _price(price: Decimal | None) -> str:
    return "" if price is None else price_text(price)

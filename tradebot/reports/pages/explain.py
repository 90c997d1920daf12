"""The page of explain: five answers for one symbol, or a line for each of several."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from decimal import Decimal
from itertools import chain

from tradebot.core.model.exits import ExitKind
from tradebot.core.model.values import plural
from tradebot.core.results.explain_outcome import (
    Bought,
    ExplainOutcome,
    Guard,
    NotBought,
    Protection,
    Reading,
    Sold,
    SymbolDay,
)
from tradebot.reports.formatting import NOTHING, day, instant, percent_text, price, shares, signed_usd, usd
from tradebot.reports.layout import Block, Cell, Facts, Line, Page, Tone, section, table
from tradebot.reports.pages import common
from tradebot.reports.run_header import RunHeader

_NOT_RECORDED = "not recorded"


def explain_page(outcome: ExplainOutcome, where: RunHeader) -> Page:
    """The answers for one symbol and session; for several a line each."""
    if outcome.symbol and not outcome.is_span:
        return (
            *common.headline(outcome),
            *chain.from_iterable(map(answers, outcome.days)),
            *common.notes(outcome.notes),
        )
    first = "session" if outcome.is_span else "symbol"
    rows = ((day(each.session) if outcome.is_span else each.symbol, "\n".join(_story(each))) for each in outcome.days)
    return (*common.headline(outcome), *table(f"{first} | ~what happened", rows), *common.notes(outcome.notes))


def answers(told: SymbolDay) -> Page:
    """The five answers for one symbol and session."""
    return (
        *_section(
            "Why bought", (block for each in told.bought for block in _bought(each, told)), "Nothing was bought."
        ),
        *_section("Why sold", (*_all_sold(told.sold), *_reasons(told.not_sold)), "Nothing was sold."),
        *_section("Why not bought", _reasons(told.not_bought), "It was bought."),
        *_section(
            "Splits, dividends, new names",
            (Line(f"{day(each.session)}  {each.text}") for each in told.actions),
            "None.",
        ),
        *_section(
            "What protects it", (block for each in told.protection for block in _guard(each)), "Nothing is held."
        ),
    )


def _story(told: SymbolDay) -> Iterator[str]:
    """What happened with a symbol in a session, and the reasons that a strategy gave for it."""
    yield told.line
    for bought in told.bought:
        if bought.session == told.session and bought.reason:
            yield f"bought {shares(bought.quantity)}: {bought.reason}"
    for sold in told.sold:
        if _has_words(sold):
            yield f"sold {shares(sold.quantity)}: {sold.reason}"


def _section(title: str, blocks: Iterable[Block], otherwise: str) -> Page:
    found = tuple(blocks)
    return section(title, *(found or (Line(otherwise, Tone.QUIET),)))


def _bought(bought: Bought, told: SymbolDay) -> Iterator[Block]:
    earlier = " (held since)" if bought.session != told.session else ""
    when = instant(bought.at) if bought.at else day(bought.session)
    yield Line(
        f"{when}  {bought.strategy}: {plural(bought.quantity, 'share')} at {price(bought.price)}{earlier}", Tone.STRONG
    )
    yield Line(bought.reason or _NOT_RECORDED, Tone.QUIET, under=True)
    planned = price(bought.planned_price) if bought.planned_price is not None else _NOT_RECORDED
    yield Facts(
        (
            ("  planned at", planned),
            ("  stop", _away(bought.stop, bought.price)),
            ("  target", _away(bought.target, bought.price)),
        )
    )
    yield from _reading(bought.reading)


def _all_sold(sold: Iterable[Sold]) -> Iterator[Block]:
    for each in sold:
        kind = each.kind.text if each.kind else "reason not recorded"
        yield Line(
            f"{instant(each.at)}  {each.strategy}: {kind}; "
            f"{plural(each.quantity, 'share')} at {price(each.exit_price)}",
            Tone.STRONG,
        )
        if _has_words(each):
            yield Line(each.reason, Tone.QUIET, under=True)
        yield Facts(tuple(_exit_facts(each)))


def _has_words(sold: Sold) -> bool:
    """Whether the reason of a sale says more than its kind."""
    return bool(sold.reason) and sold.reason not in ("stop", "target", sold.kind.text if sold.kind else "")


def _exit_facts(sold: Sold) -> Iterator[tuple[str, str | Cell]]:
    yield "  entry", price(sold.entry_price)
    own = sold.kind is ExitKind.TRAILING_STOP
    known = sold.stop is not None
    yield "  trailing stop" if own else "  stop", price(sold.stop) if known else _NOT_RECORDED
    if own:
        yield "  trailed from", price(sold.trailed_from) if sold.trailed_from is not None else _NOT_RECORDED
    yield (
        "  target",
        (price(sold.target) if sold.target is not None else "none") if known else _NOT_RECORDED,
    )
    yield "  P&L, USD", signed_usd(sold.pnl)


def _reasons(reasons: Iterable[NotBought]) -> Iterator[Block]:
    """A line for each reason, and after those of a strategy what it saw."""
    told = tuple(reasons)
    for number_of, each in enumerate(told):
        title = f"{each.strategy}: {each.code or each.why.text}" if each.strategy else each.code or each.why.text
        yield Line(title, Tone.STRONG)
        if each.text:
            yield Line(each.text, Tone.QUIET, under=True)
        if number_of + 1 == len(told) or told[number_of + 1].strategy != each.strategy:
            yield from _reading(each.reading)


def _reading(reading: Reading | None) -> Iterator[Block]:
    if reading is None:
        return
    if reading.values:
        values = ", ".join(
            f"{name} {NOTHING if value is None else _figure(value)}" for name, value in reading.values.items()
        )
        yield Line(f"indicators: {values}", Tone.QUIET, under=True)
    if reading.conditions:
        yield from table(
            "met | ~condition of an entry",
            ((Cell("yes", Tone.GOOD) if each.met else Cell("no"), each.text) for each in reading.conditions),
        )


def _figure(value: float) -> str:
    return f"{value:,.2f}" if abs(value) >= 1 else f"{value:.4g}"


def _guard(guard: Protection) -> Iterator[Block]:
    held = plural(guard.quantity, "share") if guard.quantity is not None else "shares"
    if guard.state is Guard.BARE:
        worth = f", worth {usd(guard.bare_dollars)} USD then" if guard.bare_dollars is not None else ""
        yield Line(f"{guard.strategy}: BARE since {instant(guard.bare_since)}{worth}", Tone.BAD)
    elif guard.state in (Guard.CLOSING, Guard.CANCELLED):
        yield Line(f"{guard.strategy}: {held} without a stop: an emergency stop cancelled it", Tone.BAD)
    elif guard.state is Guard.NOT_RECORDED:
        yield Line(f"{guard.strategy}: {held}; the ledger has no stop order for them", Tone.WARN)
    else:
        yield Line(f"{guard.strategy}: a stop order rests, as last seen {instant(guard.seen_at)}", Tone.GOOD)
    if guard.close_sent_at is not None and guard.close_quantity is not None:
        opens = guard.close_opens_at
        when = f"; it is queued for the open, {instant(opens)}, and nothing protects them until then" if opens else ""
        sent = f"its close of {shares(guard.close_quantity)} was sent {instant(guard.close_sent_at)}{when}"
        yield Line(sent, Tone.WARN, under=True)
    if guard.stop is not None:
        covered = f"{shares(guard.stop_quantity)} of {held}" if guard.stop_quantity is not None else held
        yield Facts(
            (
                ("  covers", covered),
                ("  stop", price(guard.stop)),
                ("  last price", price(guard.last) if guard.last is not None else _NOT_RECORDED),
                ("  distance", percent_text(guard.distance) if guard.distance is not None else NOTHING),
            )
        )


def _away(level: Decimal | None, entry: Decimal) -> str:
    """A price and how far it lies from the entry: ``95.00 (5.0% below)``."""
    if level is None:
        return "none"
    side = "below" if level < entry else "above"
    return f"{price(level)} ({percent_text(abs(level - entry) / entry)} {side})" if entry else price(level)

"""A live session beside its backtest: what agrees, what differs, and by what cause.

A cause is known, not guessed. The backtest is made again with one of its inputs replaced by that of live, and what
then agrees differed by that input. Fills and sales carry figures of their own that show the cause: the price at the
decision, the shares that were ordered, the level of the stop.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from decimal import Decimal

from tradebot.core.model.orders import OrderState
from tradebot.core.model.signals import Action
from tradebot.core.model.values import canonical, price_text
from tradebot.core.results.compare_sales import TRAILS, sale_lines
from tradebot.core.results.diff_causes import Found, first_agreeing, line_of, why_price
from tradebot.core.results.diff_outcome import Cause, Compared, DiffLine, Fact
from tradebot.core.results.session_facts import Key, SentEntry, SessionDetails, SessionFacts, Shares, Variant


def compare(
    live: SessionFacts, backtest: SessionFacts, variants: Sequence[Variant], details: SessionDetails
) -> tuple[DiffLine, ...]:
    """Every line, those that agree among them, by what is compared."""
    return tuple(_Comparison(live, backtest, variants, details).lines())


class _Comparison:
    """One comparison. Lines are found in an order in which each may rest on those before."""

    def __init__(
        self, live: SessionFacts, backtest: SessionFacts, variants: Sequence[Variant], details: SessionDetails
    ) -> None:
        self.live, self.backtest, self.variants, self.details = live, backtest, variants, details
        self._causes: dict[tuple[Compared, Key], Found] = {}

    def lines(self) -> Iterator[DiffLine]:
        if self.details.no_run:
            why = self.details.no_run
            yield DiffLine(Compared.RUN, "", "", None, Fact("run-daily"), self.details.no_run_cause, why)
        for key in _keys(self.live.signals, self.backtest.signals):
            yield self._kept(key, self._signal(key))
        for key in _keys(self.live.entries, self.live.denials, self.backtest.entries, self.backtest.denials):
            yield self._kept(key, self._plan(key))
        for key in _keys(self.live.bought, self.backtest.bought):
            for line in self._bought(key):
                yield self._kept(key, line)
        for key in _keys(self.live.sold, self.backtest.sold):
            before = self._by_before(key, Compared.FILL, Compared.PLAN, Compared.SIGNAL)
            yield from sale_lines(key, self.live, self.backtest, self.variants, self.details, before)
        for key in _keys(self.live.stops, self.backtest.stops):
            if stop := self._stop(key):
                yield stop

    def _kept(self, key: Key, line: DiffLine) -> DiffLine:
        if line.cause is not None:
            self._causes.setdefault((line.compared, key), (line.cause, line.why))
        return line

    def _by_before(self, key: Key, *compared: Compared) -> Found | None:
        """The cause of an earlier difference in the same symbol."""
        return next((found for each in compared if (found := self._causes.get((each, key)))), None)

    # --- signals and plans ----------------------------------------------------------------------------

    def _signal(self, key: Key) -> DiffLine:
        ours, theirs = self.live.signals.get(key), self.backtest.signals.get(key)
        cause: Found | None = None
        if ours != theirs:
            cause = self._missed() or first_agreeing(self.variants, lambda facts: facts.signals.get(key) == ours)
            cause = cause or (Cause.UNEXPLAINED, "the same bars and the same strategy gave another signal")
        return line_of(Compared.SIGNAL, key, _signal_fact(ours), _signal_fact(theirs), cause)

    def _plan(self, key: Key) -> DiffLine:
        ours, theirs = _planned(self.live, key), _planned(self.backtest, key)
        cause: Found | None = None
        if not _same_plan(ours, theirs):
            cause = self._missed() or first_agreeing(
                self.variants, lambda facts: _same_plan(_planned(facts, key), ours)
            )
            cause = cause or (Cause.UNEXPLAINED, "no input of live that is stored explains it")
        return line_of(Compared.PLAN, key, ours, theirs, cause)

    def _missed(self) -> Found | None:
        return (self.details.no_run_cause, self.details.no_run) if self.details.no_run else None

    # --- fills ----------------------------------------------------------------------------------------

    def _bought(self, key: Key) -> Iterator[DiffLine]:
        """A line for the shares, and one for the price where both bought."""
        ours, theirs = self.live.bought.get(key), self.backtest.bought.get(key)
        here, there = _fact("bought", ours), _fact("bought", theirs)
        cause = None
        if (ours.quantity if ours else None) != (theirs.quantity if theirs else None):
            cause = self._why_shares(key, ours)
        if cause or not (ours and theirs) or ours.price == theirs.price:
            yield line_of(Compared.FILL, key, here, there, cause)
        if ours and theirs and ours.price != theirs.price:
            yield line_of(Compared.FILL, key, here, there, self._why_price(key, ours.price, theirs.price))

    def _why_shares(self, key: Key, ours: Shares | None) -> Found:
        sent, planned = self.details.entries.get(key), self.backtest.entries.get(key)
        if sent is not None and (why := _not_filled(sent, self.details.halted)):
            return why
        filled = self.backtest.bought.get(key)
        if sent is not None and planned is not None and (filled is None or filled.quantity < planned.quantity):
            shares = canonical(filled.quantity) if filled else "none"
            return Cause.PARTIAL_FILL, f"the backtest lets {shares} of {canonical(planned.quantity)} shares fill"
        return (
            self._by_before(key, Compared.PLAN, Compared.SIGNAL)
            or first_agreeing(self.variants, lambda facts: _quantity(facts.bought.get(key)) == _quantity(ours))
            or (Cause.UNEXPLAINED, "the shares that filled are neither those ordered nor those of the backtest")
        )

    def _why_price(self, key: Key, ours: Decimal, theirs: Decimal) -> Found:
        sent = self.details.entries.get(key)
        opened = self.details.opens.get(key[1])
        if sent is None or opened is None:
            return Cause.UNEXPLAINED, "the order of the fill is not known"
        return why_price(sent.sent_at or sent.decided_at, opened, ours, theirs)

    # --- sales and stops ------------------------------------------------------------------------------

    def _stop(self, key: Key) -> DiffLine | None:
        """The stop of what both hold at the close, or one that somebody else placed."""
        ours, theirs = self.live.stops.get(key), self.backtest.stops.get(key)
        moved = self.details.moved_stops.get(key)
        if ours is not None and moved is not None:
            why = f"a stop rests at {price_text(moved)}, and the jobs set {price_text(ours)}"
            here = Fact("stop", price=moved)
            return line_of(Compared.STOP, key, here, _stop_fact(theirs), (Cause.BY_HAND, why))
        if ours is not None and key in self.details.bare_at_close:
            why = "no stop rested for it at the broker when the day ended"
            return line_of(Compared.STOP, key, Fact("no live stop"), _stop_fact(theirs), (Cause.BROKER, why))
        if ours is None or theirs is None:
            return None
        cause: Found | None = None
        if ours != theirs:
            cause = (
                self._missed()
                or first_agreeing(self.variants, lambda facts: facts.stops.get(key) == ours)
                or self._trailed(key)
                or self._by_before(key, Compared.FILL, Compared.PLAN, Compared.SIGNAL)
                or (Cause.UNEXPLAINED, "no price that live saw explains it")
            )
        return line_of(Compared.STOP, key, _stop_fact(ours), _stop_fact(theirs), cause)

    def _trailed(self, key: Key) -> Found | None:
        if key not in self.details.trailed:
            return None
        return Cause.PRICE, TRAILS


def _not_filled(sent: SentEntry, halted: str) -> Found | None:
    """Why an entry did not fill whole; None if it did."""
    if sent.filled >= sent.ordered:
        return None
    note = f": {sent.note}" if sent.note else ""
    shares = f"{canonical(sent.filled)} of {canonical(sent.ordered)} shares filled"
    if sent.filled:
        return Cause.PARTIAL_FILL, f"{shares}{note}"
    if sent.sent_at is None or sent.state in (OrderState.PLANNED, OrderState.ABANDONED):
        return (Cause.HALT, halted) if halted else (Cause.BROKER, f"the order was not sent{note}")
    if sent.state is OrderState.REJECTED or sent.state.in_doubt:
        return Cause.BROKER, f"the order is {sent.state.value}{note}"
    return Cause.PARTIAL_FILL, f"{shares}, and the order is {sent.state.value}{note}"


def _planned(facts: SessionFacts, key: Key) -> Fact | None:
    if key in facts.entries:
        entry = facts.entries[key]
        return Fact("enter", entry.quantity, entry.price)
    codes = facts.denials.get(key)
    return Fact(f"denied: {', '.join(sorted(codes))}") if codes else None


def _same_plan(one: Fact | None, other: Fact | None) -> bool:
    """Whether plans agree. Their prices differ by what fills tell of."""
    return (one and (one.what, one.quantity)) == (other and (other.what, other.quantity))


def _keys(*facts: Iterable[Key]) -> list[Key]:
    return sorted({key for each in facts for key in each})


def _quantity(shares: Shares | None) -> Decimal | None:
    return shares.quantity if shares else None


def _fact(what: str, shares: Shares | None) -> Fact | None:
    return Fact(what, shares.quantity, shares.price) if shares else None


def _stop_fact(price: Decimal | None) -> Fact | None:
    return None if price is None else Fact("stop", price=price)


def _signal_fact(action: Action | None) -> Fact | None:
    return None if action is None else Fact(action.value)

"""The exchange at live prices during one transaction: its prices are those that were seen last."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from functools import cached_property

from tradebot.brokers.paper.marks import Mark
from tradebot.brokers.paper.rules import Phase
from tradebot.brokers.paper.view import ExchangeView
from tradebot.core.model.account import Asset, CorporateAction, Quote
from tradebot.core.model.orders import Side
from tradebot.core.model.values import SUB_PENNY


class LiveView(ExchangeView):
    """The exchange at the moment at which the prices outside were last looked at."""

    @cached_property
    def marks(self) -> dict[str, Mark]:
        """The newest price of each symbol."""
        return self.store.marks.all()

    @cached_property
    def _marked(self) -> set[str]:
        """The symbols whose marks have changed."""
        return set()

    def save(self) -> None:
        """Write what has changed into the file. Needs a transaction around it."""
        super().save()
        self.store.marks.save(self.marks[symbol] for symbol in sorted(self._marked))
        self._marked.clear()

    # --- what was seen ---------------------------------------------------------------------------

    def mark_quote(self, quote: Quote, at: datetime) -> None:
        """Store a quote that was read at ``at``. One of a halted symbol is no price to trade at."""
        self._mark(Mark(quote, None if quote.halted else at))

    def mark_price(self, symbol: str, price: Decimal, at: datetime) -> None:
        """Store a price of the past, USD a share."""
        known = self.marks.get(symbol)
        self._mark(Mark(Quote(symbol, price, at, known.quote.previous_close if known else None), None))

    def begin_mark_day(self) -> None:
        """Turn the newest prices into previous closes: a session begins."""
        for mark in tuple(self.marks.values()):
            self._mark(Mark(replace(mark.quote, previous_close=mark.quote.last), None))

    def split_mark(self, split: CorporateAction) -> None:
        """Divide the prices of a symbol by the ratio of its split, to a hundredth of a cent."""
        mark = self.marks.get(split.symbol)
        if mark is None:
            return
        last, close = (None if price is None else (price / split.value).quantize(SUB_PENNY)
                       for price in (mark.quote.last, mark.quote.previous_close))  # fmt: skip
        assert last is not None
        self._mark(Mark(replace(mark.quote, last=last, previous_close=close), None))

    def _mark(self, mark: Mark) -> None:
        self.marks[mark.quote.symbol] = mark
        self._marked.add(mark.quote.symbol)

    # --- prices ----------------------------------------------------------------------------------

    def trading_price(self, symbol: str) -> Decimal | None:
        """The price, USD a share, that a new order is matched against.

        None while the exchange is closed, and for a symbol that is halted, had no quote at this moment, or has not
        traded today.
        """
        mark, now = self.marks.get(symbol), self.state.now
        is_open = self.state.phase is Phase.OPEN and self.hours.opens <= now < self.hours.closes
        if not is_open or mark is None or mark.quoted_at != now or mark.quote.at < self.hours.opens:
            return None
        return mark.quote.last

    def price_for(self, symbol: str, side: Side) -> Decimal | None:
        """The best offer against an order on ``side``, USD a share; the last price where offers are not told."""
        last, quote = self.trading_price(symbol), self.quote(symbol)
        if last is None or quote is None:
            return None
        return (quote.ask if side is Side.BUY else quote.bid) or last

    def volume_left(self, symbol: str) -> Decimal | None:
        """None: there is no limit, because nobody knows how many shares a quote stands for."""
        return None

    def quote(self, symbol: str) -> Quote | None:
        """The newest price at which a symbol was seen; None before it was."""
        mark = self.marks.get(symbol)
        return None if mark is None else mark.quote

    def last_price(self, symbol: str) -> Decimal | None:
        """The newest price at which a symbol was seen, USD a share; None before it was."""
        quote = self.quote(symbol)
        return None if quote is None else quote.last

    def previous_close(self, symbol: str) -> Decimal | None:
        """The close before today, USD a share on today's split basis; None where it is not known."""
        quote = self.quote(symbol)
        return None if quote is None else quote.previous_close

    def asset(self, symbol: str) -> Asset | None:
        """The asset; None for a symbol that never had a quote."""
        known = symbol in self.marks
        return Asset(symbol, tradable=True, fractionable=self.rules.capabilities.fractions) if known else None

"""The account of an embedded exchange that stands in for a broker without a paper account."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from tradebot.brokers.paper.broker import PaperBroker
from tradebot.brokers.paper.live_exchange import LiveExchange
from tradebot.core.model.account import Asset
from tradebot.ports import Broker


class LivePaperBroker(PaperBroker):
    """An account at live prices, under the name of the broker ``outside``; implements ports.Broker.

    The broker outside is asked what it trades, and for nothing of its account; no order reaches it.
    """

    def __init__(self, exchange: LiveExchange, outside: Broker) -> None:
        super().__init__(exchange)
        self._outside = outside

    @property
    def name(self) -> str:
        """The name of the broker outside."""
        return self._outside.name

    def assets(self, symbols: Iterable[str]) -> Mapping[str, Asset]:
        """The assets with these symbols, as the broker outside trades them; unknown symbols are absent."""
        return self._outside.assets(symbols)

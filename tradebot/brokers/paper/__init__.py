"""The embedded exchange: a deterministic broker over daily bars, with a clock and a file of its own.

How an order meets the market is told in ``matching``, how a session passes in ``phases``, what is refused in
``admission``, what splits and dividends do in ``corporate``. ``PaperExchange`` owns the file and the clock;
``PaperBroker`` is the door that the jobs use.
"""

from tradebot.brokers.paper.broker import PaperBroker
from tradebot.brokers.paper.exchange import ExchangeStatus, PaperExchange
from tradebot.brokers.paper.rules import ExchangeRules, Phase

__all__ = ["ExchangeRules", "ExchangeStatus", "PaperBroker", "PaperExchange", "Phase"]

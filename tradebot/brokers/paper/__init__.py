"""The embedded exchange: a deterministic broker over daily bars, with a clock and a file of its own.

``PaperBroker`` implements ports.Broker; ``PaperExchange`` has the file and the clock. An order is checked by
``order_validation`` and matched by ``matching``; ``session_phases`` advances a session, ``corporate_actions`` applies
splits and dividends.
"""

from tradebot.brokers.paper.broker import PaperBroker
from tradebot.brokers.paper.exchange import PaperExchange
from tradebot.brokers.paper.exchange_file import ExchangeStatus
from tradebot.brokers.paper.rules import ExchangeRules, Phase

__all__ = ["ExchangeRules", "ExchangeStatus", "PaperBroker", "PaperExchange", "Phase"]

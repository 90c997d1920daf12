"""One account at Alpaca's trading API. ``AlpacaBroker`` implements ports.Broker.

``order_payloads`` writes orders, ``order_parsing`` reads them, ``order_queries`` finds them and ``order_groups`` knows
the entry of each leg. ``activities`` reads fills, cash and splits; ``account`` reads the account, positions and assets.

Source: Alpaca's OpenAPI specification of the trading API, and its documentation of orders. Where the server differs,
the code says so.
"""

from tradebot.brokers.alpaca.broker.broker import CAPABILITIES, AlpacaBroker

__all__ = ["CAPABILITIES", "AlpacaBroker"]

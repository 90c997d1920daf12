"""Alpaca: one account at Alpaca's trading API, behind ports.Broker.

What comes over the wire is read field by field in ``fields``: orders in ``orders``, whose leg an order is in
``families`` (kept for the next command in ``memory``), fills and cash in ``booked``, ``activities`` and ``splits``, the
account in ``account``, what is no stock in ``options``, sessions in ``hours``. What leaves is written in ``sending``;
``listing`` looks into the account's orders. ``AlpacaBroker`` is the door that the jobs use.

Source of the format and of what it means: Alpaca's OpenAPI file of the trading API, and its pages on orders. Where the
server is known to do otherwise, the place says so.
"""

from tradebot.brokers.alpaca.broker.broker import AlpacaBroker

__all__ = ["AlpacaBroker"]

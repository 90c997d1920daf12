"""One account at Robinhood. ``RobinhoodBroker`` implements ports.Broker.

``order_payloads`` writes orders, ``order_parsing`` reads them, ``order_queries`` finds them and ``sent_ids`` tells
whose they are. ``activities`` reads fills, cash and splits; ``account`` reads the account and its positions.

Nothing here was ever run against Robinhood. Docstrings say of each fact whether it was captured by others, is known
from the source of a client, or is a guess.
"""

from tradebot.brokers.robinhood.broker.broker import CAPABILITIES, Login, RobinhoodBroker, Surroundings

__all__ = ["CAPABILITIES", "Login", "RobinhoodBroker", "Surroundings"]

"""Market data that belongs to no broker: the exchange calendar, price files and price adjustment."""

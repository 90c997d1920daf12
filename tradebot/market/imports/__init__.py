"""Price files of any maker, read into the canonical form of `tradebot.market.price_file`."""

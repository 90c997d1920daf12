"""The folder a user trades from: where its files lie, who may act in it, and whether it is halted."""

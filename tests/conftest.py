"""For every test: secrets to stumble over, and the search for them; and a count of what Alpaca's rules have judged."""

from __future__ import annotations

# Read before any test freezes the time: what a module makes of `datetime` while it is frozen stays frozen in it.
import tradebot.ledger.database  # noqa: F401

pytest_plugins = ["tests.fakes.canary", "tests.fakes.validated"]

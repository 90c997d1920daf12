"""For every test: secrets to stumble over, and the search for them; and a count of what Alpaca's rules have judged."""

from __future__ import annotations

pytest_plugins = ["tests.fakes.canary", "tests.fakes.validated"]

"""For every test: secrets to stumble over, and the search for them."""

from __future__ import annotations

pytest_plugins = ["tests.fakes.canary"]

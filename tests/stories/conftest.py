"""Homes to run jobs in, as the tests of single jobs have them."""

from __future__ import annotations

from tests.jobs.conftest import empty_ledger, houses_made, make_house

__all__ = ["empty_ledger", "houses_made", "make_house"]

"""The types of fields, as documents are generated from them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from decimal import Decimal

from tradebot.core.results.listings import FillLine, Listing, TradeLine, TradeListing
from tradebot.core.results.outcomes import Outcome
from tradebot.core.results.report_outcome import ReportOutcome
from tradebot.reports.field_types import field_types, types_of
from tradebot.reports.layout import Page
from tradebot.reports.pages.emergency_stop import stop_page


def test_types_that_are_imported_for_type_checking_alone_are_found() -> None:
    assert field_types(Outcome)["unprotected"] == Decimal | None
    assert field_types(ReportOutcome)["benchmark"] == Mapping[date, float]
    assert types_of(stop_page)["return"] == Page


def test_a_generic_type_has_the_types_that_were_given() -> None:
    assert field_types(Listing[FillLine])["rows"] == tuple[FillLine, ...]
    assert field_types(TradeListing)["rows"] == tuple[TradeLine, ...]

"""The HTML report as text."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from html.parser import HTMLParser
from pathlib import Path

import pytest

from tests.reports.conftest import SESSION, Place
from tests.reports.html_report.conftest import SCRIPT
from tradebot.core.results.report_outcome import ReportOutcome
from tradebot.core.results.report_periods import Period
from tradebot.errors import UsageError
from tradebot.reports.html_report.report import MOST_TRADES, html_path, report_html, write_html
from tradebot.reports.statistics import statistics
from tradebot.settings import load

Years = Callable[[date, date], ReportOutcome]


class Reader(HTMLParser):
    """The tags, attributes and texts of a page."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str | None]] = []
        self.texts: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += attrs

    def handle_data(self, data: str) -> None:
        self.texts.append(data)


def page_of(report: ReportOutcome) -> str:
    return report_html(report, Place(), statistics(report), lambda text: text.replace("stop", "s***p"))


def test_ten_years_are_one_small_file_without_script_or_network(years: Years) -> None:
    page = page_of(years(date(2007, 1, 3), date(2016, 12, 30)))
    assert len(page.encode()) < 400_000
    reader = Reader(page)
    assert {"script", "link", "img", "iframe", "object", "base", "form"}.isdisjoint(reader.tags)
    assert not [name for name, _ in reader.attributes if name.startswith("on") or name in ("href", "src")]
    assert "url(" not in page
    assert "@import" not in page
    assert page.startswith("<!DOCTYPE html>")


def test_what_others_wrote_comes_out_as_text(years: Years) -> None:
    reader = Reader(page_of(years(date(2007, 1, 3), date(2007, 12, 31))))
    assert "script" not in reader.tags
    assert "".join(reader.texts).count(SCRIPT) > 100


def test_the_newest_trades_are_listed_with_their_count(years: Years) -> None:
    report = years(date(2007, 1, 3), date(2007, 12, 31))
    page = page_of(report)
    trades = page.partition("<h2>Trades</h2>")[2]
    assert trades.count("<tr>") == MOST_TRADES + 1 < len(report.trades)
    assert "640 trades closed in this period; the newest 200 are listed" in trades
    first = re.search(r"<tbody>\s*<tr>(.*?)</tr>", trades)
    assert first is not None
    assert str(max(trade.exit_session for trade in report.trades)) in first[1]
    few = page_of(replace(report, trades=report.trades[:1]))
    assert "1 trade closed in this period.<" in few


def test_a_long_table_is_cut_and_says_so(report_of: Callable[..., ReportOutcome]) -> None:
    page = page_of(report_of("101000", denial_counts={f"CODE_{number:04}": 1 for number in range(1, 1235)}))
    assert "the first 100 of 1,234 rows" in page
    assert page.count("CODE_") == 100


def test_account_paths_and_secrets_stay_at_home(years: Years) -> None:
    page = page_of(years(date(2007, 1, 3), date(2007, 3, 30)))
    assert "account …0001" in page
    assert "HALTED: see (path) of …0001" in page
    assert "s***p" in page
    for private in ("PAPER-0001", "/home/me", "trading_robot.db", "logs"):
        assert private not in page


def test_the_same_report_is_the_same_file(years: Years) -> None:
    report = years(date(2007, 1, 3), date(2007, 3, 30))
    assert page_of(report) == page_of(report)


@pytest.mark.parametrize("sessions", [0, 1, 2, 3])
def test_a_period_of_a_few_sessions_has_the_charts_that_it_allows(
    report_of: Callable[..., ReportOutcome], sessions: int
) -> None:
    page = page_of(report_of(*(str(100_000 + number) for number in range(sessions))))
    assert ("<svg" in page) is (sessions > 1)
    assert "Equity, USD" in page


def test_a_day_is_named_by_its_date(report_of: Callable[..., ReportOutcome]) -> None:
    page = page_of(report_of("101000", period=Period.DAY))
    assert "<title>Trading report, 2007-01-03</title>" in page


def test_controls_and_letters_that_utf_8_lacks_are_escapes(
    report_of: Callable[..., ReportOutcome], tmp_path: Path
) -> None:
    page = page_of(report_of("101000", denial_counts={"broken \ud800 \x00 \u202e name": 1}))
    write_html(tmp_path / "report.html", page)
    assert r"broken \ud800 \x00 \u202e name" in (tmp_path / "report.html").read_text(encoding="utf-8")


def test_a_report_replaces_reports_alone(report_of: Callable[..., ReportOutcome], tmp_path: Path) -> None:
    settings, path = load(tmp_path / "home", None, {}), tmp_path / "report.html"
    for day in (0, 1):
        report = report_of("101000", first=SESSION, last=SESSION + timedelta(days=day))
        write_html(html_path(path, settings, force=False), page_of(report))
        assert f"<title>Trading report, 2007-01-03{' to 2007-01-04' if day else ''}<" in path.read_text(
            encoding="utf-8"
        )
    path.write_text("<!DOCTYPE html><title>My notes</title>")
    with pytest.raises(UsageError, match=r"report\.html exists and is not an HTML report.*--html.*--force"):
        html_path(path, settings, force=False)
    assert html_path(path, settings, force=True) == path

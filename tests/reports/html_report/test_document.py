"""The HTML report in a real Chromium: on a phone and a wide screen, light and dark, and on paper."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date
from itertools import combinations
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import pytest

from tests.reports.conftest import Place
from tests.reports.html_report.conftest import SCRIPT, backtest_of
from tradebot.core.results.report_outcome import ReportOutcome
from tradebot.reports.daily_series import monthly_returns
from tradebot.reports.html_report.backtest import backtest_html
from tradebot.reports.html_report.report import report_html
from tradebot.reports.statistics import Curve, daily_returns, statistics

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

#: The texts that are seen, of long tables those of the first rows.
#: Words, size in pixels, box, and contrast to what lies behind them (WCAG 2.2, 1.4.3).
TEXTS = """
() => {
  const channel = value => value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
  const luminance = color => {
    const [red, green, blue] = color.match(/[\\d.]+/g).map(part => channel(part / 255));
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
  };
  const known = new Map();
  const behind = element => {
    const rect = element.closest('.cell')?.querySelector('rect');
    if (rect) return getComputedStyle(rect).fill;
    if (!known.has(element)) {
      const color = getComputedStyle(element).backgroundColor;
      known.set(element, /^rgba\\(.*, 0\\)$/.test(color) ? behind(element.parentElement) : color);
    }
    return known.get(element);
  };
  const seen = [];
  for (const element of document.body.querySelectorAll(':not(tr:nth-child(n+8) *)')) {
    if (['TITLE', 'DESC'].includes(element.tagName.toUpperCase()) || !element.getClientRects().length) continue;
    if (![...element.childNodes].some(node => node.nodeType === 3 && node.data.trim())) continue;
    const style = getComputedStyle(element), box = element.getBoundingClientRect();
    const [one, other] = [luminance(element.ownerSVGElement ? style.fill : style.color), luminance(behind(element))];
    seen.push({
      text: element.textContent.trim(), size: parseFloat(style.fontSize), chart: element.ownerSVGElement?.id ?? '',
      scrolls: !!element.closest('.scroll'), box: [box.left, box.top, box.right, box.bottom],
      contrast: (Math.max(one, other) + 0.05) / (Math.min(one, other) + 0.05),
    });
  }
  return seen;
}
"""
#: The points of a line on the screen, and the value marks of its chart with the height of their rules.
DRAWN = """
key => {
  const chart = document.getElementById(key), path = chart.querySelector('path.s1'), matrix = path.getScreenCTM();
  const [x, y, ...steps] = path.getAttribute('d').match(/-?\\d+/g).map(Number), points = [];
  for (let at = [x, y]; ; at = [at[0] + steps.shift(), at[1] + steps.shift()]) {
    const point = new DOMPoint(...at).matrixTransform(matrix);
    points.push([point.x, point.y]);
    if (!steps.length) break;
  }
  const middle = line => { const box = line.getBoundingClientRect(); return (box.top + box.bottom) / 2; };
  const marks = [...chart.querySelectorAll('line.grid')].filter(line => line.getAttribute('x2') === '100%')
    .map(line => [line.nextElementSibling.textContent, middle(line)]);
  const box = chart.getBoundingClientRect();
  return {points, marks, left: box.left, right: box.right};
}
"""
#: Whether a word of a text stands on two lines; one of more than 16 letters may.
BROKEN = """
node => [...node.data.matchAll(/\\S+/g)].filter(word => word[0].length <= 16).some(word => {
  const range = document.createRange();
  range.setStart(node, word.index);
  range.setEnd(node, word.index + word[0].length);
  return range.getClientRects().length > 1;
})
"""


@dataclass(frozen=True)
class Shown:
    """A report and the page that shows it."""

    report: ReportOutcome
    page: Page
    requests: list[str]


@pytest.fixture(scope="module")
def shown(
    browser: Browser, years: Callable[[date, date], ReportOutcome], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Shown]:
    report = years(date(2007, 1, 3), date(2008, 12, 31))
    path: Path = tmp_path_factory.mktemp("html") / "report.html"
    path.write_text(report_html(report, Place(), statistics(report), str), encoding="utf-8")
    page = browser.new_page()
    requests: list[str] = []
    page.on("request", lambda request: requests.append(request.url))
    page.on("pageerror", lambda error: pytest.fail(str(error)))
    page.goto(path.as_uri())
    page.evaluate("document.querySelectorAll('details').forEach(each => each.open = true)")
    yield Shown(report, page, requests)
    page.close()


def overlapping(texts: list[dict[str, Any]]) -> list[tuple[str, str]]:
    """The texts of one chart that lie on each other."""
    charts: dict[str, list[dict[str, Any]]] = {}
    for each in texts:
        charts.setdefault(each["chart"], []).append(each)
    charts.pop("", None)
    return [
        (one["text"], other["text"])
        for chart in charts.values()
        for one, other in combinations(chart, 2)
        if _shared(one["box"][::2], other["box"][::2]) > 1 < _shared(one["box"][1::2], other["box"][1::2])
    ]


def _shared(one: list[float], other: list[float]) -> float:
    return min(one[1], other[1]) - max(one[0], other[0])


def test_it_reads_well_on_a_phone_and_a_wide_screen_by_day_and_night(shown: Shown) -> None:
    reads_well(shown.page)
    page = shown.page
    assert page.title().startswith("Trading report")
    assert page.get_by_text(SCRIPT).count() > 100
    assert page.locator("script").count() == 0
    assert [url for url in shown.requests if not url.startswith("file:")] == []


def reads_well(page: Page) -> None:
    """Nothing of a page is too small, too pale, cut off or over another text, whatever the screen."""
    sizes: tuple[tuple[int, Literal["light", "dark"]], ...] = (
        (1400, "dark"), (1400, "light"), (390, "light"), (390, "dark"),
    )  # fmt: skip
    backgrounds = set()
    for width, scheme in sizes:
        page.set_viewport_size({"width": width, "height": 900})
        page.emulate_media(color_scheme=scheme)
        where = f"{width} pixels, {scheme}"
        assert page.evaluate("document.documentElement.scrollWidth") <= width, where
        backgrounds.add(page.evaluate("getComputedStyle(document.body).backgroundColor"))
        if (width, scheme) not in sizes[1::2]:
            continue  # colours do not depend on the width
        texts = page.evaluate(TEXTS)
        assert len(texts) > 200
        assert [each for each in texts if each["contrast"] < 4.5] == [], where
        assert [each for each in texts if each["size"] < 11] == [], where
        free = [each for each in texts if not each["scrolls"]]
        outside = [each for each in free if not -1 <= each["box"][0] <= each["box"][2] <= width + 1]
        assert outside == [], where
        assert overlapping(texts) == [], where
        assert found(page, ".highlights div", "each.scrollWidth > each.clientWidth") == 0, where
        assert found(page, ".facts dd", f"({BROKEN})(each.firstChild)") == 0, where
    assert len(backgrounds) == 2


def test_a_backtest_reads_well_and_says_how_far_it_can_be_believed(
    browser: Browser, years: Callable[[date, date], ReportOutcome], tmp_path: Path
) -> None:
    report = years(date(2007, 1, 3), date(2007, 3, 30))
    path = tmp_path / "backtest.html"
    path.write_text(backtest_html(backtest_of(report), Place(), statistics(report), str), encoding="utf-8")
    page = browser.new_page()
    page.goto(path.as_uri())
    reads_well(page)
    heads = page.locator("h2").all_inner_texts()
    assert heads[:3] == ["What it rests on", "Luck", "Halts on the way"]
    assert {"Denials", "Without each limit, USD"} <= set(heads)
    drawn = page.locator("#limit-costs title").all_text_contents()
    assert drawn[1:] == ["MAX_POSITIONS: +812.40", "MAX_ORDER_VALUE: -44.00"]
    assert page.locator("script").count() == 0
    page.close()


@pytest.mark.parametrize("width", [390, 1400])
def test_what_is_drawn_is_the_equity(shown: Shown, width: int) -> None:
    shown.page.set_viewport_size({"width": width, "height": 900})
    drawn = shown.page.evaluate(DRAWN, "equity")
    (low, low_at), (high, high_at) = (
        (float(text[:-1]) * 1000, at) for text, at in (drawn["marks"][0], drawn["marks"][-1])
    )
    equity = shown.report.equity
    first, days = equity[0].session, (equity[-1].session - equity[0].session).days
    assert len(drawn["points"]) == len(equity)
    for (x, y), point in zip(drawn["points"], equity, strict=True):
        share = (float(point.equity) - low) / (high - low)
        assert y == pytest.approx(low_at + (high_at - low_at) * share, abs=1), point.session
        along = (point.session - first).days / days
        assert x == pytest.approx(drawn["left"] + (drawn["right"] - drawn["left"]) * along, abs=1), point.session


@pytest.mark.parametrize(("width", "form"), [(390, "{:.0f}"), (1400, "{:.1f}%")])
def test_the_cells_that_are_seen_are_the_months(shown: Shown, width: int, form: str) -> None:
    shown.page.set_viewport_size({"width": width, "height": 900})
    seen = shown.page.evaluate(
        "[...document.querySelectorAll('#months .cell')].map(cell => [cell.querySelector('title').textContent, "
        "...[...cell.querySelectorAll('text')].filter(each => each.getClientRects().length).map(e => e.textContent)])"
    )
    curve = Curve.of(shown.report)
    assert curve is not None
    months = monthly_returns(daily_returns(curve, shown.report.cash_events, shown.report.benchmark))
    expected = {f"{month.year} {date(2000, month.month, 1):%b}": form.format(month.value * 100) for month in months}
    assert {name.split(":")[0]: text.replace("-0.0%", "0.0%") for name, text in seen if "Year" not in name} == {
        name: "0" if text == "-0" else text.replace("-0.0%", "0.0%") for name, text in expected.items()
    }


def test_it_prints_whole(shown: Shown) -> None:
    page = shown.page
    page.emulate_media(media="print", color_scheme="dark")
    page.set_viewport_size({"width": 688, "height": 900})  # what the margins leave of A4
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    assert page.evaluate("document.documentElement.scrollWidth") <= 688
    assert found(page, ".scroll", "each.scrollWidth > each.clientWidth + 1") == 0
    assert found(page, "figure, tr", "getComputedStyle(each).breakInside !== 'avoid'") == 0
    page.evaluate("document.querySelectorAll('details').forEach(each => each.open = false)")
    closed = page.pdf(format="A4", prefer_css_page_size=True)
    page.evaluate("document.querySelectorAll('details').forEach(each => each.open = true)")
    page.emulate_media(media="screen")
    assert 5 <= len(re.findall(rb"/Type /Page\b", closed)) <= 22


def found(page: Page, selector: str, condition: str) -> int:
    """How many elements meet a condition."""
    count: int = page.evaluate(f"[...document.querySelectorAll('{selector}')].filter(each => {condition}).length")
    return count

"""The cache files: one that cannot be used is as good as none."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from tests.brokers.alpaca.data.conftest import ALL, SYMBOLS, same
from tests.fakes.data_host import CALENDAR, SESSIONS, TUESDAY, DataHost, Open, at, bar, serving
from tradebot.market.bar_file import BarFile
from tradebot.market.bar_table import Bars


def flipped(content: bytes, place: float) -> bytes:
    at = int((len(content) - 1) * place)
    return content[:at] + bytes([content[at] ^ 1]) + content[at + 1 :]


@pytest.mark.parametrize(
    "damage",
    [
        lambda content: b"",
        lambda content: content[:10],
        lambda content: content[:-1],
        lambda content: content + b"\0",
        lambda content: flipped(content, 0),
        lambda content: flipped(content, 0.1),
        lambda content: flipped(content, 0.5),
        lambda content: flipped(content, 0.99),
        lambda content: flipped(content, 1),
        lambda content: b"\0" * len(content),
        lambda content: content[32:],
    ],
    ids=["empty", "short", "cut", "longer", "seal", "head", "middle", "tail", "last", "zeroes", "unsealed"],
)
@pytest.mark.parametrize("name", ["alpaca_bars", "alpaca_actions"])
def test_a_damaged_file_is_fetched_again(
    four: DataHost, market: Open, name: str, damage: Callable[[bytes], bytes]
) -> None:
    cold = market().history(SYMBOLS, 50, at(TUESDAY, "09:35"))
    kept = market.folder / name
    intact = kept.read_bytes()
    kept.write_bytes(damage(intact))
    four.asked.clear()

    same(market().history(SYMBOLS, 50, at(TUESDAY, "09:35")), cold)

    assert len(four.asked) == 1
    assert kept.read_bytes() == intact


def test_bars_of_another_feed_are_not_mixed_in(four: DataHost, market: Open) -> None:
    market(feed="iex").history(SYMBOLS, 50, at(TUESDAY, "09:35"))
    for bars in four.bars.values():
        for each in bars.values():
            each["v"] *= 50

    history = market(feed="sip").history(SYMBOLS, 50, at(TUESDAY, "09:35"))

    assert (history.volume == 50_000).all(axis=None)


def test_bars_of_another_host_are_not_mixed_in(four: DataHost, market: Open, tmp_path: Path) -> None:
    market().history(SYMBOLS, 50, at(TUESDAY, "09:35"))
    with serving(DataHost()) as other:
        other.bars = {symbol: {day: bar(day, 7) for day in ALL} for symbol in SYMBOLS}

        history = Open(other, market.folder)().history(SYMBOLS, 50, at(TUESDAY, "09:35"))

    assert (history.close == 7).all(axis=None)


def test_bars_of_another_version_are_not_used(four: DataHost, market: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    market().history(SYMBOLS, 50, at(TUESDAY, "09:35"))
    monkeypatch.setattr("tradebot.market.bar_file.FORMAT", 2)
    monkeypatch.setattr("tradebot.brokers.alpaca.data.corporate_action_cache.FORMAT", 3)
    four.asked.clear()

    market().history(SYMBOLS, 50, at(TUESDAY, "09:35"))

    assert len(four.asked) == 2


def test_bars_kept_by_a_calendar_that_was_wrong_are_not_used(tmp_path: Path) -> None:
    gap = Bars.empty(["IBM"], [SESSIONS[0], SESSIONS[2]])
    gap.values[:] = 5
    file = BarFile(tmp_path / "bars", "host", CALENDAR)

    file.save(gap, SESSIONS[2])

    assert file.load() is None


def test_a_folder_that_cannot_be_written_costs_requests_and_nothing_else(
    four: DataHost, market: Open, caplog: pytest.LogCaptureFixture
) -> None:
    market.folder.write_text("a file where the folder should be")

    assert market().history(SYMBOLS, 50, at(TUESDAY, "09:35")).close.notna().all(axis=None)
    assert caplog.text.count("will be fetched again") == 2


def _write_and_read(path: str, number: int) -> int:
    """Write bars that say which process wrote them, again and again; how often a read was anything but whole."""
    file = BarFile(Path(path), "host", CALENDAR)
    bars = Bars.empty([f"S{place}" for place in range(200)], SESSIONS)
    odd = 0
    for _ in range(30):
        bars.values[:] = number + 1
        file.save(bars, SESSIONS[-1])
        found = file.load()
        odd += found is None or len(np.unique(found.values)) != 1
    return odd


def test_two_processes_that_write_at_once_leave_a_whole_file(tmp_path: Path) -> None:
    path = str(tmp_path / "bars")
    with ProcessPoolExecutor(2) as pool:
        odd = list(pool.map(_write_and_read, [path, path], [1, 2]))

    assert odd == [0, 0]
    assert sorted(each.name for each in tmp_path.iterdir()) == ["bars"]

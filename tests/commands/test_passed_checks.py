"""Kept verdicts: one holds for exactly what was checked, and a damaged file holds none."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd

from tradebot.plugins.discovery import find
from tradebot.plugins.load import Plugin, read_plugin
from tradebot.runtime.passed_checks import PassedChecks, digest_of
from tradebot.strategy_api import History, ParamValue

MANIFEST = """\
name = "kept"
version = "1.0.0"
description = "Made for a test."
symbols = ["AAA", "BBB"]
warmup = 5

[parameters.days]
type = "int"
default = 5
min = 2
max = 9
description = "Sessions."
"""


def plugin_of(folder: Path, code: str, params: dict[str, ParamValue] | None = None) -> Plugin:
    own = folder / "kept"
    own.mkdir(exist_ok=True)
    (own / "manifest.toml").write_text(MANIFEST)
    (own / "strategy.py").write_text(code)
    (found,) = find(["kept"], [folder])
    return read_plugin(found, (), params)


def history_of(symbols: tuple[str, ...] = ("AAA", "BBB"), first: str = "2007-01-03", close: float = 10.0) -> History:
    index = pd.bdate_range(first, periods=20)
    frame = pd.DataFrame(np.full((20, len(symbols)), 10.0), index=index, columns=list(symbols))
    changed = frame.copy()
    changed.iloc[7] = close
    return History(open=frame, high=frame, low=frame, close=changed, volume=frame)


def test_a_verdict_holds_for_these_files_parameters_and_prices_alone(tmp_path: Path) -> None:
    plugin, history = plugin_of(tmp_path, "CODE = 1\n"), history_of()
    others = [
        digest_of(plugin_of(tmp_path, "CODE = 2\n"), history),
        digest_of(plugin_of(tmp_path, "CODE = 1\n", {"days": 6}), history),
        digest_of(plugin, history_of(("AAA", "CCC"))),
        digest_of(plugin, history_of(first="2007-01-04")),
        digest_of(plugin, history_of(close=10.01)),
        digest_of(plugin, replace(history, volume=history.volume * 2)),
    ]
    kept = PassedChecks(tmp_path / "state")
    kept.add(digest_of(plugin, history))
    assert PassedChecks(tmp_path / "state").has(digest_of(plugin_of(tmp_path, "CODE = 1\n"), history_of()))
    assert len({*others, digest_of(plugin, history)}) == 7
    assert not any(kept.has(each) for each in others)


def test_a_damaged_file_holds_none_and_is_made_anew(tmp_path: Path) -> None:
    kept = PassedChecks(tmp_path)
    for digest in ("one", "two", "one"):
        kept.add(digest)
    (file,) = tmp_path.iterdir()
    content = bytearray(file.read_bytes())
    content[-3] ^= 1
    file.write_bytes(content)
    assert not kept.has("one")
    assert not kept.has("two")
    kept.add("three")
    assert kept.has("three")


def test_a_folder_that_cannot_be_written_only_costs_time(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    kept = PassedChecks(tmp_path / "file")
    kept.add("one")
    assert not kept.has("one")

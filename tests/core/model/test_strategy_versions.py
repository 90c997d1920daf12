"""How two versions of a strategy differ, in words."""

from __future__ import annotations

from tradebot.core.model.strategy_versions import StrategyVersion, differences


def test_every_file_and_parameter_that_differs_is_named() -> None:
    before = StrategyVersion(
        "trend", "a", "a", {"a.py": "1", "best.json": "2", "old.csv": "3"}, {"fast": 20, "stop": 0.1}
    )
    after = StrategyVersion("trend", "b", "b", {"a.py": "1", "best.json": "4", "new.csv": "3"}, {"fast": 21, "slow": 9})
    assert differences(before, after) == (
        "best.json changed",
        "new.csv is new",
        "old.csv is gone",
        "fast is 21, was 20",
        "slow is 9, was the default",
        "stop is the default, was 0.1",
    )
    assert differences(before, before) == ()

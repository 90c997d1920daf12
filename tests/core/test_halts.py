from __future__ import annotations

from tradebot.core.halts import Halt, HaltLevel, HaltRule, HaltSource, level_of


def test_the_strictest_level_counts() -> None:
    def halt(level: HaltLevel) -> Halt:
        return Halt(HaltSource.LATCH_FILE, HaltRule.OPERATOR, level, "by hand")

    assert level_of(()) is HaltLevel.RUNNING
    assert level_of((halt(HaltLevel.REDUCING),)) is HaltLevel.REDUCING
    assert level_of((halt(HaltLevel.HALTED), halt(HaltLevel.REDUCING))) is HaltLevel.HALTED


def test_only_a_running_account_takes_entries() -> None:
    assert [level for level in HaltLevel if level.allows_entries] == [HaltLevel.RUNNING]

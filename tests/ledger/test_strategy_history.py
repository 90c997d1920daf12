"""What probation counts: sessions of a strategy as it is, and those that an earlier rule counted."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from typing import TYPE_CHECKING

import pytest

from tradebot.core.model.strategy_versions import StrategyRecord, StrategyVersion
from tradebot.ledger.database import AccountLedger, Database
from tradebot.ledger.row_keys import FIRST
from tradebot.ledger.verify import verify_ledger

if TYPE_CHECKING:
    from tests.ledger.conftest import Samples

PLAIN = StrategyVersion("trend", "1.0.0+aaa", "1.0.0+aaa", {"strategy.py": "1"})
WITH_DATA = StrategyVersion("trend", "1.0.0+bbb", "1.0.0+aaa", {"strategy.py": "1", "best.json": "2"}, {"fast": 20})
OTHER_DATA = replace(WITH_DATA, fingerprint="1.0.0+ccc", files={"strategy.py": "1", "best.json": "3"})
ALWAYS = date.max


@pytest.fixture
def before_upgrade(database: Database, ledger: AccountLedger, some: Samples) -> AccountLedger:
    """A ledger in which three sessions were counted by the earlier rule, which stored no versions."""
    for number in range(3):
        session = (some.session + timedelta(days=number)).isoformat()
        row = {"account_key": FIRST, "strategy": "trend", "fingerprint": "1.0.0+aaa", "session": session}
        database.engine.insert("strategy_sessions", {"seq": number + 1, **row})
    return ledger


def test_sessions_are_counted_for_the_strategy_as_it_is_and_each_once(
    database: Database, ledger: AccountLedger, some: Samples
) -> None:
    history, days = ledger.strategy_history, [some.session + timedelta(days=number) for number in range(3)]
    for day in days:
        history.record(PLAIN, day, some.at)
        history.record(PLAIN, day, some.at)
    history.record(WITH_DATA, days[2], some.at)
    assert history.sessions(PLAIN, before=days[2]) == 2
    assert history.sessions(WITH_DATA, before=days[2]) == 0
    assert history.sessions(WITH_DATA, before=ALWAYS) == 1
    assert history.sessions(replace(PLAIN, strategy="other"), before=ALWAYS) == 0
    versions = [history.version("trend", fingerprint) for fingerprint in (WITH_DATA.fingerprint, "1.0.0+zzz")]
    assert versions == [WITH_DATA, None]
    assert verify_ledger(database) == ()


@pytest.mark.parametrize("version", [PLAIN, WITH_DATA])
def test_what_was_served_by_the_earlier_rule_counts_for_the_first_version_that_matches(
    before_upgrade: AccountLedger, some: Samples, version: StrategyVersion
) -> None:
    history = before_upgrade.strategy_history
    assert history.sessions(version, before=ALWAYS) == 3
    assert history.sessions(replace(version, earlier_fingerprint="1.0.0+zzz", fingerprint="x"), before=ALWAYS) == 0
    history.record(version, some.session + timedelta(days=2), some.at)
    assert history.sessions(version, before=ALWAYS) == 3, "a session of both rules counts once"
    history.record(version, some.session + timedelta(days=3), some.at)
    assert history.sessions(version, before=ALWAYS) == 4
    assert history.sessions(OTHER_DATA, before=ALWAYS) == 0, "the earlier rule does not see what changed"
    history.record(OTHER_DATA, some.session + timedelta(days=4), some.at)
    assert history.sessions(OTHER_DATA, before=ALWAYS) == 1
    assert history.sessions(version, before=ALWAYS) == 4


def test_a_strategy_with_other_parameters_has_served_nothing(before_upgrade: AccountLedger) -> None:
    changed = replace(WITH_DATA, earlier_fingerprint="")
    assert before_upgrade.strategy_history.sessions(changed, before=ALWAYS) == 0


def test_the_newest_session_has_its_version(before_upgrade: AccountLedger, some: Samples) -> None:
    history, third = before_upgrade.strategy_history, some.session + timedelta(days=2)
    assert history.newest("other") is None
    assert history.newest("trend") == StrategyRecord(third, "1.0.0+aaa", None)
    history.record(WITH_DATA, third, some.at)
    assert history.newest("trend") == StrategyRecord(third, "1.0.0+bbb", WITH_DATA)
    history.record(PLAIN, third + timedelta(days=1), some.at)
    assert history.newest("trend") == StrategyRecord(third + timedelta(days=1), "1.0.0+aaa", PLAIN)

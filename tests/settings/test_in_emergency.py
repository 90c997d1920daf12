"""Settings for an emergency: what is wrong is told and at its default, and a doubt about the account stays a doubt."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest

from tradebot.settings import GlobalOptions, load_in_emergency


def test_what_is_sound_is_read_as_ever(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("EMERGENCY_SHUTDOWN_TIMEOUT=20\nDATABASE_URL=sqlite:///mine.db\n")
    loaded, doubts = load_in_emergency(GlobalOptions(home=tmp_path), {})
    assert (loaded.settings.emergency_shutdown_timeout, loaded.settings.ledger) == (20, tmp_path / "mine.db")
    assert (loaded.warnings, doubts) == ((), ())


@pytest.mark.parametrize(
    "line",
    [
        "MAX_POSITIONS=many", "MAX_POSITION=3", "DAILY_LOSS_LIMIT_PCT=3", "LOG_LEVEL=loud", "FOOD=cheese",
        "MAX_POSITIONS=3\nMAX_POSITIONS=4", "MIN_ORDER_VALUE=20000", "TRADEBOT_HOME=/somewhere",
    ],
)  # fmt: skip
def test_what_says_nothing_of_the_account_is_at_its_default_and_told(line: str, tmp_path: Path) -> None:
    (tmp_path / ".env").write_text(f"{line}\nEMERGENCY_CLOSE_POSITIONS=true\n")
    loaded, doubts = load_in_emergency(GlobalOptions(home=tmp_path), {})
    assert doubts == ()
    (warning,) = loaded.warnings
    assert line.partition("=")[0] in warning
    assert "Going on with the default" in warning
    assert loaded.settings.emergency_close_positions, "the rest counts"
    assert loaded.settings.daily_loss_limit_pct == Decimal("0.03")


@pytest.mark.parametrize(
    "line",
    [
        "BROKER=etrade", "BROKER=alpaca", "BROKR=alpaca", "BROKER=paper\nBROKER=alpaca", "TRADING_MODE=real",
        "TRADING_MODE=live", "ALPACA_BASE_URL=nowhere", "this is no line", "PAPER_ACTIONS=splits.csv",
    ],
)  # fmt: skip
def test_what_leaves_the_account_in_doubt_is_a_doubt(line: str, tmp_path: Path) -> None:
    (tmp_path / ".env").write_text(f"{line}\nMAX_POSITIONS=none\n")
    loaded, doubts = load_in_emergency(GlobalOptions(home=tmp_path), {})
    assert doubts
    assert not any("MAX_POSITIONS" in str(doubt) for doubt in doubts)
    assert any("MAX_POSITIONS" in warning for warning in loaded.warnings)


def test_keys_that_cannot_be_right_leave_the_account_in_doubt(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("BROKER=alpaca\nALPACA_API_KEY=AK0123456789\nALPACA_SECRET_KEY=secret\n")
    _, doubts = load_in_emergency(GlobalOptions(home=tmp_path), {})
    assert "the key of a live account" in str(doubts[0])


def test_a_starting_instant_keeps_nobody_from_stopping(tmp_path: Path) -> None:
    loaded, doubts = load_in_emergency(GlobalOptions(home=tmp_path), {"TRADEBOT_NOW": "2026-11-20T14:35:00Z"})
    assert doubts == ()
    assert "TRADEBOT_NOW" in loaded.warnings[0]
    assert loaded.settings.start_time is None


def test_a_file_that_is_no_text_leaves_everything_in_doubt(tmp_path: Path) -> None:
    (tmp_path / ".env").write_bytes(b"\xff\xfe\x00BROKER")
    _, doubts = load_in_emergency(GlobalOptions(home=tmp_path), {})
    assert len(doubts) == 1


def test_a_file_that_was_named_and_is_not_there_is_a_doubt(tmp_path: Path) -> None:
    _, doubts = load_in_emergency(GlobalOptions(home=tmp_path, env_file=tmp_path / "other"), {})
    assert "there is no such file" in str(doubts[0])

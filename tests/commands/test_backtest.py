"""`tradebot backtest`: figures without a home, and refusals that say what to do."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from tests.fakes.cli import tradebot
from tradebot.errors import ExitCode
from tradebot.home import append_log
from tradebot.home.trials import Trial, record_trial, trials_file

YEAR = ("--from", "2007-01-03", "--to", "2007-03-30")


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, object]]:
    """A folder without a home, and the JSON of a backtest in it."""
    folder, state = tmp_path_factory.mktemp("backtest"), tmp_path_factory.mktemp("state")
    before = Trial("other parameters", ("momentum_rotation",), ("IBM", "XOM"), date(2007, 1, 3), date(2007, 1, 3), 0.02)
    record_trial(state, before)
    append_log.append(trials_file(state), '{"digest": "half a li')
    done = tradebot(
        "backtest", "rsi2_mean_reversion", *YEAR, "--attribute-limits", "--touch", "--json", "--home", folder,
        "--html", folder / "report.html", "--set", "rsi2_mean_reversion.stop=0.04", "--commission", "0",
        state=state, cwd=folder, timeout=500,
    )  # fmt: skip
    assert done.code == ExitCode.OK, done.err
    return folder, done.json


def test_it_tells_figures_denials_and_what_it_rests_on(run: tuple[Path, dict[str, object]]) -> None:
    folder, told = run
    backtest = told["backtest"]
    assert isinstance(backtest, dict)
    assert backtest["sessions"] == backtest["sessions_asked"] == 61
    assert backtest["survivors"] == backtest["universe"] == 4
    assert backtest["verdicts"][0]["passed"]
    assert backtest["report"]["denial_counts"]
    assert {each["name"] for each in backtest["without_limit"]} >= {"MAX_POSITIONS", "MAX_PORTFOLIO_RISK_PCT"}
    assert backtest["at_touch"] is not None
    assert {fill["fee"] for fill in backtest["report"]["period_fills"]} == {"0"}
    assert backtest["luck"]["trials"] == 2
    assert backtest["luck"]["sessions"] == 61 and 0 < backtest["luck"]["deflated_sharpe"] < 1
    assert "1 line of" in backtest["luck"]["trouble"]
    assert "Trading report" in (folder / "report.html").read_text(encoding="utf-8")
    assert sorted(path.name for path in folder.iterdir()) == ["report.html"], "nothing else is written"


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("--set", "rsi2_mean_reversion"), "--set is STRATEGY.PARAM=VALUE"),
        (("rsi2_mean_reversion", "--set", "another.stop=1"), "which is not backtested"),
        (("--cash", "much"), "--cash is a number"),
        (("--actions", "actions.csv"), "--actions belongs to --data"),
        (("rsi2_mean_reversion", "--from", "2031-01-02"), "have no session to trade"),
    ],
)
def test_a_wrong_line_says_what_is_wrong(arguments: tuple[str, ...], says: str, tmp_path: Path) -> None:
    done = tradebot("backtest", *arguments, "--home", tmp_path / "home", state=tmp_path / "state", cwd=tmp_path)
    assert done.code == ExitCode.USAGE
    assert says in done.err

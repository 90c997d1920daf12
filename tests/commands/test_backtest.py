"""`tradebot backtest`: figures without a home, and refusals that say what to do."""

from __future__ import annotations

import signal
import sys
import time
from datetime import date
from pathlib import Path

import pytest

from tests.fakes.cli import environment, start, tradebot
from tradebot.errors import Blocked, ExitCode
from tradebot.home import append_log
from tradebot.home.trials import Trial, record_trial, trials_file
from tradebot.runtime.backtest.inputs import Asked
from tradebot.runtime.backtest.run import run_backtest
from tradebot.settings import GlobalOptions, load_without_keys

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
        "--write", folder / "tried.toml", state=state, cwd=folder, timeout=500,
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
    assert backtest["strategy_parameters"]["rsi2_mean_reversion"]["stop"] == 0.04
    assert "<title>Backtest, 2007-01-03 to 2007-03-30" in (folder / "report.html").read_text(encoding="utf-8")
    assert told["written"]["changes"][0]["new_value"] == 0.04  # type: ignore[index]
    assert "\n[rsi2_mean_reversion]\nstop = 0.04\n" in (folder / "tried.toml").read_text(encoding="utf-8")
    assert sorted(path.name for path in folder.iterdir()) == ["report.html", "tried.toml"], "nothing else is written"


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("--set", "rsi2_mean_reversion"), "--set is STRATEGY.PARAM=VALUE"),
        (("rsi2_mean_reversion", "--set", "another.stop=1"), "which is not backtested"),
        (("--cash", "much"), "--cash: 'much' is not an amount"),
        (("rsi2_mean_reversion", "--symbols", "IBM,ZZZ"), "no bar of ZZZ. They have AAPL, FB, GOOG, IBM, MSFT."),
        (("rsi2_mean_reversion", "--symbols", ","), "--symbols is a list such as AAPL,MSFT"),
        (("--actions", "actions.csv"), "--actions belongs to --data"),
        (("rsi2_mean_reversion", "--from", "2031-01-02"), "have no session to trade"),
    ],
)
def test_a_wrong_line_says_what_is_wrong(arguments: tuple[str, ...], says: str, tmp_path: Path) -> None:
    done = tradebot("backtest", *arguments, "--home", tmp_path / "home", state=tmp_path / "state", cwd=tmp_path)
    assert done.code == ExitCode.USAGE
    assert says in done.err


MANIFEST = """\
name = "own"
version = "1.0.0"
description = "Made for a test."
symbols = ["IBM"]
warmup = 5
"""
#: Leaves a file as it is asked, and takes its time.
SLOW = """\
import time
from pathlib import Path


class Strategy:
    def signals(self, history, params):
        Path("{asked}").touch()
        time.sleep(25)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="no signal to a process alone")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_during_the_checks_ends_it_with_its_code(number: signal.Signals, tmp_path: Path) -> None:
    folder, asked = tmp_path / "strategies" / "own", tmp_path / "asked"
    folder.mkdir(parents=True)
    (folder / "manifest.toml").write_text(MANIFEST)
    (folder / "strategy.py").write_text(SLOW.format(asked=asked))
    env = environment(tmp_path / "state", {"STRATEGIES_DIR": str(folder.parent)})
    process = start("tradebot", "backtest", "own", "--home", tmp_path / "home", cwd=tmp_path, env=env)
    for _ in range(600):
        if asked.exists() or process.poll() is not None:
            break
        time.sleep(0.1)
    process.send_signal(number)
    _, err = process.communicate(timeout=60)
    assert process.returncode == 128 + number, err
    assert "no figure yet" in err
    assert "Traceback" not in err


#: Writes a letter for each question.
COUNTED = """\
from tradebot.strategy_api import ExitPolicy, Signals


class Strategy:
    def signals(self, history, params):
        open("{asked}", "a").write("x")
        ratio = (history.close / history.close.rolling(5).mean()).round(6)
        return Signals(ratio > 1.0, ratio < 0.98, ExitPolicy())
"""


def test_passed_checks_are_not_made_again_until_the_strategy_changes_and_a_signal_ends_the_walk_with_its_code(
    tmp_path: Path,
) -> None:
    class Terminated(KeyboardInterrupt):
        exit_code = ExitCode.TERMINATED

    def stop(what: object, done: int, total: int) -> None:
        if what == "sessions" and done == 30:
            raise Terminated

    folder, asked = tmp_path / "strategies" / "own", tmp_path / "asked"
    folder.mkdir(parents=True)
    (folder / "manifest.toml").write_text(MANIFEST)
    environ = {"TRADEBOT_STATE_DIR": str(tmp_path / "state"), "STRATEGIES_DIR": str(folder.parent)}
    settings = load_without_keys(GlobalOptions(home=tmp_path / "home"), environ).settings
    questions = []
    for code in (COUNTED, COUNTED, f"{COUNTED}#"):
        (folder / "strategy.py").write_text(code.format(asked=asked))
        asked.write_text("")
        outcome, ended = run_backtest(
            settings, Asked(strategies=("own",), first=date(2007, 1, 3), last=date(2007, 3, 30)), stop
        )
        questions.append(len(asked.read_text()))
        assert ended is ExitCode.TERMINATED
        assert (outcome.sessions, outcome.sessions_asked) == (30, 61)
        assert outcome.verdicts[0].passed, outcome.verdicts
    assert questions[0] == questions[2] > 100
    assert questions[1] == 1
    (folder / "strategy.py").write_text("raise ValueError('no')")
    with pytest.raises(Blocked, match=r"own fails: .*ValueError: no.*strategies check own"):
        run_backtest(settings, Asked(strategies=("own",)), stop)

"""The commands that read a home's parameters.toml: what they show of it, and what they refuse."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.commands.conftest import Run

WRONG = """\
[rsi2_mean_reversion]
rsi_below = "5"
max_session = 3

[rsi2_mean_revision]
stop = 0.1
"""


@pytest.fixture
def here(tmp_path: Path, run: Run) -> Path:
    """The folder that commands run in: a home of one strategy, if they make it one."""
    folder = tmp_path / "here"
    (folder / ".env").write_text("STRATEGIES=rsi2_mean_reversion\n")
    return folder


@pytest.mark.parametrize(
    "command",
    [("config", "check"), ("run-daily",), ("replay", "--sessions", "2"), ("strategies", "check", "momentum_rotation")],
    ids=" ".join,
)
def test_everything_wrong_with_the_parameters_is_told_at_once(run: Run, here: Path, command: tuple[str, ...]) -> None:
    (here / "parameters.toml").write_text(WRONG)
    (here / ".env").write_text("STRATEGIES=rsi2_mean_reversion,moon\n")
    ended = run(*command)
    assert ended.code == 3
    assert ended.out == ""
    told = [line.partition(": ")[2] for line in ended.err.splitlines()]
    of_parameters = [line for line in told if line.startswith("`parameters.toml`")]
    assert of_parameters == [
        "`parameters.toml` line 2: parameter rsi_below of rsi2_mean_reversion: '5' is not of type float. "
        "Give a value that it allows.",
        "`parameters.toml` line 3: rsi2_mean_reversion has no parameter 'max_session'. Did you mean 'max_sessions'? "
        "Known parameters: max_sessions, rsi_below, sma_exit, sma_trend, stop.",
        *(line for line in told if "`parameters.toml` line 5: there is no strategy 'rsi2_mean_revision'" in line),
    ]
    assert len(of_parameters) == 3
    assert any("there is no strategy 'moon'" in line for line in told) is (command[0] != "strategies")


def test_a_preflight_refuses_them_too(run: Run, here: Path) -> None:
    assert run("init-db").code == 0
    (here / "parameters.toml").write_text("[rsi2_mean_reversion]\nstop = 2\n")
    ended = run("preflight")
    assert ended.code == 3
    assert "`parameters.toml` line 2: parameter stop of rsi2_mean_reversion: 2 is above the maximum 0.5" in ended.err


def test_they_are_shown_with_their_lines(run: Run, here: Path) -> None:
    plain = run("strategies", "list", "--json").json["strategies"]
    (here / "parameters.toml").write_text("[rsi2_mean_reversion]\nrsi_below = 5\n")
    shown = run("config", "show", "--json").json["parameters"]
    by_name = {each["name"]: (each["value"], each["origin"]) for each in shown}
    assert by_name["rsi2_mean_reversion.rsi_below"] == ("5.0", "`parameters.toml` line 2")
    assert by_name["rsi2_mean_reversion.stop"] == ("0.05", "default")
    assert "rsi2_mean_reversion.rsi_below" in run("config", "show").out
    listed = run("strategies", "list")
    assert listed.code == 0
    assert "rsi_below = 5.0 (`parameters.toml` line 2)" in listed.out
    changed = {info["name"]: info for info in run("strategies", "list", "--json").json["strategies"]}
    for before in plain:
        after = changed[before["name"]]
        assert (after["fingerprint"] == before["fingerprint"]) is (before["name"] != "rsi2_mean_reversion")
    assert changed["rsi2_mean_reversion"]["changed"] == {"rsi_below": 5.0}


def test_a_list_shows_what_is_valid_beside_what_is_not(run: Run, here: Path) -> None:
    (here / "parameters.toml").write_text(WRONG)
    listed = run("strategies", "list")
    assert listed.code == 3
    assert "momentum_rotation" in listed.out
    assert "`parameters.toml` line 5: there is no strategy" in " ".join(listed.out.split())
    shown = run("config", "show", "--json")
    assert shown.code == 3
    assert "rsi2_mean_reversion.stop" in {each["name"] for each in shown.json["parameters"]}
    assert len([each for each in shown.json["problems"] if "parameters.toml" in each["where"]]) == 3


def test_a_strategy_is_checked_with_the_parameters_that_it_trades_with(run: Run, here: Path) -> None:
    (here / "parameters.toml").write_text("[rsi2_mean_reversion]\nsma_trend = 190\n")
    checked = run("strategies", "check", "rsi2_mean_reversion", "--json").json
    (manifest,) = (check for check in checked["report"]["checks"] if check["name"] == "manifest")
    assert "sma_trend 190" in manifest["figure"]

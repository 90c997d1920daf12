"""--write: the parameters of a run in a parameters.toml, and a home's own file only if the home is named."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from tests.fakes.cli import environment, tradebot
from tests.fakes.terminal import typed
from tradebot.core.results.written_parameters import ParameterChange, WrittenParameters
from tradebot.errors import ConfigError, ExitCode, UsageError
from tradebot.home.paths import marker_file
from tradebot.runtime.strategies import sound_parameters
from tradebot.runtime.written_parameters import parameter_changes, parameter_target, write_parameters
from tradebot.settings import GlobalOptions, Loaded, load_without_keys

OWN = "# mine\n[rsi2_mean_reversion]\nstop = 0.04  # as in 2019\n\n[momentum_rotation]\nhold = 3\n"
RUN = {"rsi2_mean_reversion": {"stop": 0.06, "rsi_below": 10.0}}


@pytest.fixture
def loaded(tmp_path: Path) -> Loaded:
    """The settings of a home named desk, which has a file of parameters."""
    home = tmp_path / "desk"
    home.mkdir()
    (home / "parameters.toml").write_text(OWN)
    return load_without_keys(GlobalOptions(home=home), {"TRADEBOT_STATE_DIR": str(tmp_path / "user")})


def write(loaded: Loaded, file: Path, confirm: str | None = None, *, force: bool = False) -> WrittenParameters:
    target = parameter_target(file, loaded, force=force, confirm=confirm)
    assert target.confirmed
    return write_parameters(target, parameter_changes(target, RUN, loaded), loaded)


def test_a_new_file_has_what_differs_from_the_defaults_and_is_written_again_without_force(
    loaded: Loaded, tmp_path: Path
) -> None:
    file = tmp_path / "tried.toml"
    written = write(loaded, file)
    change = ParameterChange("rsi2_mean_reversion", "stop", written.changes[0].old_value, 0.06)
    assert written == WrittenParameters(str(file), (change,))
    mark, *rest = file.read_text().splitlines()
    assert mark.startswith("# ") and rest == ["", "[rsi2_mean_reversion]", "stop = 0.06"]
    assert write(loaded, file).changes == ()


def test_a_home_s_own_file_keeps_what_else_it_says_and_is_traded_by(loaded: Loaded) -> None:
    own = loaded.settings.home / "parameters.toml"
    own.chmod(0o640)
    written = write(loaded, own, "Desk")
    assert (written.home, written.probation_sessions) == ("desk", loaded.settings.limits().probation_sessions)
    assert own.read_text() == OWN.replace("0.04", "0.06")
    assert stat.S_IMODE(own.stat().st_mode) == 0o640
    assert sound_parameters(loaded.settings).values["rsi2_mean_reversion"] == {"stop": 0.06}


def test_what_may_not_be_written_is_refused_and_says_what_to_do(loaded: Loaded, tmp_path: Path) -> None:
    home = loaded.settings.home
    other = tmp_path / "other"
    marker_file(other).parent.mkdir(parents=True)
    marker_file(other).write_text("{}")
    mine = tmp_path / "mine.toml"
    mine.write_text(OWN)
    for file, confirm, says in (
        (home / "parameters.toml", "other", "the parameters.toml of the home desk, and --confirm says 'other'"),
        (
            tmp_path / "new.toml",
            "desk",
            "--confirm names a home, and .*new.toml is not the parameters.toml of this one",
        ),
        (other / "parameters.toml", None, "belongs to another home: run this with --home .*other"),
        (home / ".env", None, "the file of the settings"),
        (mine, None, "exists and is not a file of parameters"),
    ):
        with pytest.raises(UsageError, match=says):
            write(loaded, file, confirm)
    assert mine.read_text() == OWN
    assert write(loaded, mine, force=True).changes[0].old_value == 0.04
    target = parameter_target(mine, loaded, force=True, confirm=None)
    with pytest.raises(UsageError, match="has other parameters than when the run began"):
        parameter_changes(target, {"rsi2_mean_reversion": {"gone": 1}}, loaded)
    for text, says in (("[rsi2_mean_reversion]\nstop = 9\n", "above the maximum"), ("a = [", "is not TOML")):
        mine.write_text(text)
        with pytest.raises(ConfigError, match=says):
            write(loaded, mine, force=True)


def test_before_anything_is_run_an_unnamed_home_is_refused_where_nobody_can_be_asked(tmp_path: Path) -> None:
    for arguments, says in (
        (("--write", tmp_path / "desk" / "parameters.toml"), "add --confirm desk if you mean it"),
        (("--confirm", "desk"), "--confirm belongs to --write"),
    ):
        done = tradebot(
            "backtest", "--home", tmp_path / "desk", *map(str, arguments), state=tmp_path / "user", cwd=tmp_path
        )
        assert done.code == ExitCode.USAGE
        assert says in " ".join(done.err.split())
    assert not (tmp_path / "desk").exists()


MANIFEST = """\
name = "own"
version = "1.0.0"
description = "Made for a test."
symbols = ["IBM"]
warmup = 5

[parameters.days]
type = "int"
default = 1
"""
PEEKING = """\
from tradebot.strategy_api import ExitPolicy, Signals


class Strategy:
    def signals(self, history, params):
        later = history.close.shift(-params["days"])
        return Signals(later > history.close, later < history.close, ExitPolicy())
"""


@pytest.mark.skipif(os.name == "nt", reason="a pseudo-terminal")
def test_one_that_looks_ahead_is_not_written_unless_allowed_and_the_name_of_the_home_can_be_typed(
    tmp_path: Path,
) -> None:
    home, user = tmp_path / "desk", tmp_path / "user"
    (home / "strategies" / "own").mkdir(parents=True)
    (home / "strategies" / "own" / "manifest.toml").write_text(MANIFEST)
    (home / "strategies" / "own" / "strategy.py").write_text(PEEKING)
    line: list[str | Path] = [
        "backtest",
        "own",
        "--home",
        str(home),
        "--from",
        "2007-01-03",
        "--to",
        "2007-01-12",
        "--set",
        "own.days=2",
    ]
    own = home / "parameters.toml"
    refused = tradebot(*line, "--write", own, "--confirm", "desk", state=user, cwd=tmp_path)
    assert refused.code == ExitCode.BLOCKED and "own looks ahead" in refused.err
    assert not own.exists()
    for typed_name, written in (("other", False), ("DESK", True)):
        arguments = (*line, "--allow-lookahead", "--write", own)
        with typed(*arguments, cwd=tmp_path, env=environment(user)) as terminal:
            terminal.until("Type desk to confirm")
            terminal.press(f"{typed_name}\n")
            assert terminal.ended() == 0, terminal.shown
        assert "does not keep its promises" in " ".join(terminal.shown.split())
        assert own.exists() is written
    assert own.read_text().endswith("[own]\ndays = 2\n")

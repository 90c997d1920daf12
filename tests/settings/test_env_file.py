"""A `.env` as people leave it: absent, empty, broken, in the wrong place."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

import pytest

from tests.settings.conftest import LoadHome, ProblemsOf, without_rights
from tradebot.errors import ConfigError
from tradebot.settings import load


@pytest.mark.parametrize("text", [None, "", "\n\n", "# nothing but a comment\n"])
def test_no_word_means_the_defaults(load_home: LoadHome, text: str | None) -> None:
    loaded = load_home(text)
    assert loaded.settings.max_positions == 10
    assert set(loaded.origins.values()) == {"default"}


def test_a_line_says_where_its_value_comes_from(load_home: LoadHome) -> None:
    loaded = load_home("# mine\n\n\nMAX_POSITIONS=4  # four\nexport RISK_PER_TRADE_PCT='1%'\n")
    assert loaded.settings.max_positions == 4
    assert str(loaded.settings.risk_per_trade_pct) == "0.01"
    assert loaded.origins["MAX_POSITIONS"] == "`.env` line 4"
    assert loaded.origins["RISK_PER_TRADE_PCT"] == "`.env` line 5"


def test_values_are_taken_literally(load_home: LoadHome) -> None:
    secret = load_home("ROBINHOOD_PASSWORD=a${HOME}$b\n").settings.robinhood_password
    assert secret is not None
    assert secret.reveal() == "a${HOME}$b"


@pytest.mark.parametrize("content", [b"\xef\xbb\xbfMAX_POSITIONS=4\r\n", b"MAX_POSITIONS=4\r\n", b"MAX_POSITIONS=4"])
def test_windows_editors_are_understood(load_home: LoadHome, content: bytes) -> None:
    assert load_home(content).settings.max_positions == 4


@pytest.mark.parametrize(
    ("content", "where", "words"),
    [
        (b"MAX_POSITIONS=4\n\x00\x01\x02", "`.env`", "binary"),
        ("MAX_POSITIONS=4\n".encode("utf-16"), "`.env`", "UTF-16"),
        (b"MAX_POSITIONS=4\nLOG_DIR=caf\xe9\n", "`.env` line 2", "not UTF-8"),
        (b"# " + b"x" * 1_000_001, "`.env`", "larger than"),
        (b"\n\nMAX_POSITIONS\n", "`.env` line 3", "has no `=`"),
        (b'\nLOG_DIR="logs\n', "`.env` line 2", "cannot be understood"),
        (b"LOG_DIR='a\nb'\n", "`.env` line 1", "several lines"),
        (b"MAX-POSITIONS=4\n", "`.env` line 1", "is no name"),
        (b"LOG_DIR=a\nMAX_POSITIONS=4\nLOG_DIR=a\n", "`.env`", "LOG_DIR is written more than once, in lines 1 and 3"),
    ],
)
def test_a_broken_file_is_one_problem_that_says_where(
    problems_of: ProblemsOf, content: bytes, where: str, words: str
) -> None:
    (problem,) = problems_of(content)
    assert problem.where == where
    assert words in problem.what


def test_a_line_is_never_repeated_in_a_message_for_it_may_hold_a_secret(problems_of: ProblemsOf) -> None:
    text = "PKSECRETKEY\nALPACA_SECRET_KEY='PKSECRETKEY\nDATABASE_URL=postgresql://me:PKSECRETKEY@host/db\n"
    assert "PKSECRETKEY" not in "".join(map(str, problems_of(text)))


def test_a_folder_or_a_dangling_link_in_its_place_is_no_empty_file(tmp_path: Path) -> None:
    for name, make in (("folder", Path.mkdir), ("link", lambda path: path.symlink_to(tmp_path / "nowhere"))):
        home = tmp_path / name
        home.mkdir()
        make(home / ".env")
        with pytest.raises(ConfigError, match=r"is a folder|is not a file"):
            load(home, None, {})


def test_a_pipe_is_not_waited_for(tmp_path: Path) -> None:
    if not hasattr(os, "mkfifo"):
        pytest.skip("no named pipes here")
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(ConfigError, match="not a file"):
        load(tmp_path, tmp_path / "pipe", {})


def test_a_file_or_home_that_may_not_be_read_does_not_mean_the_defaults() -> None:
    with tempfile.TemporaryDirectory() as name:
        home, closed = Path(name), Path(name) / "closed"
        home.chmod(0o755)
        (home / ".env").write_text("MAX_POSITIONS=4\n")
        (home / ".env").chmod(0)
        closed.mkdir(mode=0)
        with without_rights():
            with pytest.raises(ConfigError, match=r"cannot be read .*chmod u\+r"):
                load(home, None, {})
            with pytest.raises(ConfigError, match="cannot be read"):
                load(closed, None, {})


def test_a_named_file_must_be_there_and_stands_instead_of_the_homes(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("MAX_POSITIONS=4\n")
    other = tmp_path / "other.env"
    with pytest.raises(ConfigError, match="there is no such file"):
        load(tmp_path, other, {})
    other.write_text("MAX_DAILY_TRADES=7\n")
    loaded = load(tmp_path, other, {})
    assert (loaded.settings.max_positions, loaded.settings.max_daily_trades) == (10, 7)
    assert loaded.origins["MAX_DAILY_TRADES"] == f"`{other}` line 1"


def test_a_home_that_is_a_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(ConfigError, match="is a file"):
        load(tmp_path / "file", None, {})


def test_secrets_that_others_may_read_are_worth_a_warning(tmp_path: Path) -> None:
    if os.name == "nt":
        pytest.skip("Windows files are protected by other means")
    env = tmp_path / ".env"
    env.write_text("ALPACA_API_KEY=PK1\n")
    env.chmod(0o644)
    assert "chmod 600" in "".join(load(tmp_path, None, {}).warnings)
    env.chmod(0o600)
    assert load(tmp_path, None, {}).warnings == ()

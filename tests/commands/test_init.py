"""`tradebot init` as a person has it: at a terminal, with wrong replies, wrong keys and ^C."""

from __future__ import annotations

import os
import re
import stat
import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, closing, contextmanager
from datetime import date
from pathlib import Path

import pytest

from tests.commands.conftest import Run
from tests.commands.test_schedule import CRONTAB
from tests.fakes.alpaca import FakeAlpaca, Terms
from tests.fakes.canary import CANARY
from tests.fakes.cli import environment
from tests.fakes.terminal import END, INTERRUPT, Terminal, typed
from tests.schedulers.conftest import MakeTool, tool
from tradebot.brokers.paper import ExchangeRules, PaperExchange
from tradebot.market.calendar import NyseCalendar
from tradebot.market.price_file import PriceFile

__all__ = ["tool"]

needs_terminal = pytest.mark.skipif(os.name == "nt", reason="a pseudo-terminal")
KEY, SECRET = f"PK{'0' * 14}", f"{CANARY}-secret"

Init = Callable[..., AbstractContextManager[Terminal]]


@pytest.fixture
def init(tmp_path: Path) -> Init:
    """Runs ``tradebot init`` on a terminal, for the home ``tmp_path/home``."""

    def begin(**environ: str) -> AbstractContextManager[Terminal]:
        env = {name: text for name, text in environment(tmp_path / "state").items() if CANARY not in text}
        return typed(
            "init",
            "--home",
            tmp_path / "home",
            cwd=tmp_path,
            env={**env, "STRATEGIES": "rsi2_mean_reversion", **environ},
        )

    return begin


@needs_terminal
def test_four_answers_make_a_home_on_the_embedded_exchange(init: Init, tmp_path: Path, tool: MakeTool) -> None:
    tab = tool("crontab", CRONTAB).with_name("crontab")
    scheduled = sys.platform == "linux"  # whose scheduler is cron
    with init(PATH=os.environ["PATH"], TMPDIR=str(tmp_path / "temporary"), TERM="xterm") as terminal:
        terminal.reply("nonsense", "", "MAX_POSITIONS=none", "MAX_POSITIONS=4", "", "yes" if scheduled else "")
        assert terminal.ended() == 0, terminal.shown
    assert ("\x1b[1m" in terminal.shown, r"\x1b" in terminal.shown) == (True, False)  # drawn, and not as text
    home = tmp_path / "home"
    env = (home / ".env").read_text()
    assert stat.S_IMODE((home / ".env").stat().st_mode) == 0o600
    assert ("\nMAX_POSITIONS=4\n" in env, "LIVE" in env) == (True, False)
    assert (home / "trading_robot.db").exists()
    for words in (
        "that is no choice",
        "2 of 4.",
        "MAX_POSITIONS: ",
        "checks passed",
        "What comes next",
    ):
        assert words in terminal.shown
    if scheduled:
        assert str(home) in tab.read_text()
        assert "PAPER_ADVANCE=daily" in env
    shown = re.sub(r"\x1b\[[0-9;]*m", "", terminal.shown).split()
    assert f"tradebot {'schedule verify' if scheduled else 'run-daily'} --home {home}" in " ".join(shown)


@needs_terminal
@pytest.mark.parametrize("answered", [0, 1, 3])
def test_interrupted_at_a_question_it_leaves_nothing_behind(answered: int, init: Init, tmp_path: Path) -> None:
    before = _files(tmp_path)
    with init() as terminal:
        terminal.reply(*[""] * answered)
        terminal.until("> ")
        terminal.press(INTERRUPT)
        assert terminal.ended() == 130, terminal.shown
    assert terminal.shown.count("stopped by ^C") == 1
    assert _files(tmp_path) == before


@needs_terminal
def test_interrupted_while_it_checks_it_leaves_nothing_behind(init: Init, tmp_path: Path) -> None:
    (tmp_path / "home" / "strategies").mkdir(parents=True)
    before = _files(tmp_path)
    with init() as terminal:
        terminal.reply("", "", "", "")
        terminal.until("and made the home")
        assert (tmp_path / "home" / ".env").exists()
        terminal.press(INTERRUPT)
        assert terminal.ended() == 130, terminal.shown
    left = {path for path in _files(tmp_path) - before if path.parts[0] != "state"}  # the user's own, of all homes
    assert left == set()


@needs_terminal
def test_the_end_of_the_input_writes_nothing(init: Init, tmp_path: Path) -> None:
    with init() as terminal:
        terminal.reply("")
        terminal.until("> ")
        terminal.press(END)
        assert terminal.ended() == 2
    assert "nothing was written" in terminal.shown
    assert not (tmp_path / "home").exists()


@needs_terminal
def test_at_robinhood_a_login_comes_before_the_home(init: Init, tmp_path: Path) -> None:
    with init() as terminal:
        terminal.reply("robinhood", "", "", "yes")
        assert terminal.ended() == 0, terminal.shown
    home = tmp_path / "home"
    assert "\nBROKER=robinhood\n" in (home / ".env").read_text() and "TRADING_MODE=paper" in (home / ".env").read_text()
    assert not (home / "trading_robot.db").exists()
    shown = " ".join(re.sub(r"\x1b\[[0-9;]*m", "", terminal.shown).split())
    for command in ("auth robinhood", "init-db", "preflight", "schedule install"):
        assert f"tradebot {command} --home {home}" in shown


@contextmanager
def played(folder: Path) -> Iterator[FakeAlpaca]:
    """Alpaca, played on this machine, which takes one key alone."""
    file = folder / "exchange.db"
    start = ExchangeRules(start=date(2006, 11, 2))
    PaperExchange.create(file, PriceFile(None, None), NyseCalendar(), start, durable=False).close()

    def opened() -> AbstractContextManager[PaperExchange]:
        return closing(PaperExchange.open(file, PriceFile(None, None), NyseCalendar(), ExchangeRules(), durable=False))

    with FakeAlpaca(opened, terms=Terms(keys=(KEY, SECRET))) as alpaca:
        yield alpaca


@needs_terminal
def test_keys_are_tried_before_they_are_written_and_shown_nowhere(init: Init, tmp_path: Path) -> None:
    with played(tmp_path) as alpaca:
        at = {"ALPACA_BASE_URL": alpaca.url, "ALPACA_DATA_URL": alpaca.url, "TRADEBOT_NOW": "2006-11-02T14:00:00Z"}
        with init(**at) as terminal:
            terminal.reply("alpaca", KEY, f"{SECRET}-mistyped")
            terminal.until("These keys do not work")
            assert not (tmp_path / "home" / ".env").exists()
            terminal.reply("AK0123456789", SECRET)
            terminal.until("it is the key of a live account")
            terminal.reply(KEY, SECRET)
            terminal.until("The keys work: paper account")
            terminal.reply("", "", "no")
            terminal.until("and made the home")
            env = tmp_path / "home" / ".env"
            text, mode = env.read_text(), stat.S_IMODE(env.stat().st_mode)
            terminal.press(INTERRUPT)
            assert terminal.ended() == 130, terminal.shown
    assert f"\nBROKER=alpaca\nALPACA_API_KEY={KEY}\nALPACA_SECRET_KEY={SECRET}\n" in text
    assert mode == 0o600
    assert SECRET not in terminal.shown
    assert KEY not in terminal.shown
    assert not (tmp_path / "home").exists()


@needs_terminal
def test_a_broker_out_of_reach_is_told_and_leaves_nothing(init: Init, tmp_path: Path) -> None:
    nobody = "http://127.0.0.1:1"
    with init(ALPACA_BASE_URL=nobody, ALPACA_DATA_URL=nobody) as terminal:
        terminal.reply("alpaca", KEY, SECRET)
        assert terminal.ended() == 6
    assert "The keys could not be tried, and nothing was written." in terminal.shown
    assert not (tmp_path / "home").exists()


@needs_terminal
def test_an_answer_that_the_environment_overrules_is_refused_at_once(init: Init, tmp_path: Path) -> None:
    with init(BROKER="paper") as terminal:
        terminal.reply("alpaca")
        assert terminal.ended() == 3
    assert "BROKER (environment): it wins over the `.env`" in terminal.shown
    assert not (tmp_path / "home").exists()


@needs_terminal
def test_what_is_wrong_in_the_environment_is_told_before_any_question(init: Init, tmp_path: Path) -> None:
    with init(MAX_POSITIONS="none") as terminal:
        assert terminal.ended() == 3
    assert ("MAX_POSITIONS (environment)" in terminal.shown, "Where is" in terminal.shown) == (True, False)


def test_without_a_terminal_it_says_how_to_do_it_by_hand(run: Run, tmp_path: Path) -> None:
    for more in ((), ("--json",)):
        ended = run("init", "--home", tmp_path / "home", *more)
        assert ended.code == 2
        for words in ("nobody is there to answer", "env.example", "tradebot init-db", "tradebot preflight"):
            assert words in ended.err
    assert not (tmp_path / "home").exists()


def test_a_file_of_settings_that_is_there_stays(run: Run, tmp_path: Path) -> None:
    env = tmp_path / "home" / ".env"
    env.parent.mkdir()
    env.symlink_to(tmp_path / "nowhere")
    ended = run("init", "--home", env.parent)
    assert (ended.code, "there is one already" in ended.err) == (3, True)
    env.unlink()
    env.write_text("MAX_POSITIONS=1\n")
    assert run("init", "--home", env.parent).code == 3
    assert env.read_text() == "MAX_POSITIONS=1\n"


def test_it_sets_up_no_live_trading(run: Run, tmp_path: Path) -> None:
    for environ in ({"TRADING_MODE": "live"}, {"TRADING_MODE": "live", "LIVE_TRADING_ENABLED": "true"}):
        ended = run("init", "--home", tmp_path / "home", environ=environ)
        assert (ended.code, "sets up paper trading" in ended.err) == (3, True)
    assert not (tmp_path / "home").exists()


def _files(folder: Path) -> set[Path]:
    return {path.relative_to(folder) for path in folder.rglob("*")}

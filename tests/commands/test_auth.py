"""`tradebot auth` as a person has it: at a terminal, with approvals, pasted tokens, ^C, and nobody there."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path

import pytest

from tests.fakes.cli import Ended, environment, tradebot
from tests.fakes.pit import FREE, Pit
from tests.fakes.prices import made
from tests.fakes.robinhood import PASSWORD, USERNAME, FakeRobinhood
from tests.fakes.robinhood.approvals import CODE
from tests.fakes.terminal import END, INTERRUPT, Terminal, typed

needs_terminal = pytest.mark.skipif(os.name == "nt", reason="a pseudo-terminal")
Auth = Callable[..., AbstractContextManager[Terminal]]


@pytest.fixture
def fake(tmp_path: Path) -> Iterator[FakeRobinhood]:
    pit = Pit(tmp_path / "exchange.db", made({"ACME": ["100 101 99 100"] * 9}), FREE)
    with FakeRobinhood(pit.again) as running:
        running.now = pit.exchange.now().isoformat()  # type: ignore[attr-defined]
        yield running
    pit.exchange.close()


@pytest.fixture
def environ(fake: FakeRobinhood, tmp_path: Path) -> dict[str, str]:
    """The environment of a login that no setting names."""
    settings = {
        "ROBINHOOD_USERNAME": "",
        "ROBINHOOD_PASSWORD": "",
        "ROBINHOOD_MFA_SECRET": "",
        "BROKER": "robinhood",
        "ROBINHOOD_BASE_URL": fake.url,
        "ROBINHOOD_REQUEST_GAP_MS": "0",
        "TRADEBOT_NOW": fake.now,  # type: ignore[attr-defined]
    }
    return {**environment(tmp_path / "state"), **settings}


@pytest.fixture
def auth(environ: dict[str, str], tmp_path: Path) -> Auth:
    """Runs ``tradebot auth robinhood`` on a terminal."""

    def begin(**more: str) -> AbstractContextManager[Terminal]:
        return typed("auth", "robinhood", cwd=tmp_path, env={**environ, **more})

    return begin


@pytest.fixture
def run(environ: dict[str, str], tmp_path: Path) -> Callable[..., Ended]:
    """Runs a command without a terminal."""

    def ended(*arguments: str, **more: str) -> Ended:
        return tradebot(*arguments, state=tmp_path / "state", cwd=tmp_path, environ={**environ, **more})

    return ended


def stored(tmp_path: Path) -> dict[str, str]:
    (file,) = (tmp_path / "state" / "robinhood").glob("*.json")
    content: dict[str, str] = json.loads(file.read_text())
    return content


def secrets(tmp_path: Path) -> set[str]:
    content = stored(tmp_path)
    return {PASSWORD, *(content[name] for name in ("access", "refresh", "device", "account_number"))}


@needs_terminal
def test_a_person_logs_in_by_password_and_chooses_an_account(
    auth: Auth, fake: FakeRobinhood, run: Callable[..., Ended], tmp_path: Path
) -> None:
    fake.house.terms.approves = "sms"
    with auth() as terminal:
        terminal.until("no trading API may be linked to an account")
        terminal.reply("yes", "", USERNAME, PASSWORD, "1", CODE, "3", "1")
        assert terminal.ended() == 0, terminal.shown
    assert "individual margin" in terminal.shown and "The session is stored." in terminal.shown
    assert stored(tmp_path)["account_number"] == "5FK00001"
    for secret in secrets(tmp_path):
        assert secret not in terminal.shown
    status = run("auth", "status", "--json").json["login"]
    assert (status["trouble"], status["account"], status["days_left"]) == ("", "*****001", 7.7)
    assert fake.asked["POST /oauth2/token/"] == 2


@needs_terminal
def test_a_pasted_pair_is_told_to_be_shared(auth: Auth, fake: FakeRobinhood, tmp_path: Path) -> None:
    fake.house.terms.retirement = "none"
    pair = fake.grant()
    with auth() as terminal:
        terminal.reply("yes", "tokens")
        terminal.until("shared with it")
        terminal.reply(f"Bearer {pair.access}", pair.refresh, "")
        assert terminal.ended() == 0, terminal.shown
    assert (stored(tmp_path)["access"], stored(tmp_path)["account_number"]) == (pair.access, "5FK00001")
    assert pair.access not in terminal.shown and pair.refresh not in terminal.shown
    assert "with the browser" in terminal.shown


@needs_terminal
@pytest.mark.parametrize("replies", [(), ("yes", "", USERNAME, PASSWORD, "")])
def test_leaving_at_any_question_changes_nothing(
    auth: Auth, fake: FakeRobinhood, replies: tuple[str, ...], tmp_path: Path
) -> None:
    fake.house.terms.approves = "email"
    with auth() as terminal:
        terminal.reply(*replies)
        terminal.until("> ")
        terminal.press(INTERRUPT)
        assert terminal.ended() == 130, terminal.shown
    assert not (tmp_path / "state" / "robinhood").exists()
    assert "Traceback" not in terminal.shown


@needs_terminal
def test_a_no_and_the_end_of_the_input_change_nothing(auth: Auth, fake: FakeRobinhood, tmp_path: Path) -> None:
    for reply in ("no\n", "\n", END):
        with auth() as terminal:
            terminal.until("> ")
            terminal.press(reply)
            assert terminal.ended() == 2, terminal.shown
    assert fake.asked.total() == 0


@needs_terminal
def test_what_the_settings_have_is_not_asked_for(auth: Auth, fake: FakeRobinhood, tmp_path: Path) -> None:
    more = {"ROBINHOOD_USERNAME": USERNAME, "ROBINHOOD_PASSWORD": PASSWORD, "ROBINHOOD_ACCOUNT": "5fk00001"}
    with auth(**more) as terminal:
        terminal.reply("yes", "")
        assert terminal.ended() == 0, terminal.shown
    assert stored(tmp_path)["account_number"] == "5FK00001"
    with auth(**{**more, "ROBINHOOD_ACCOUNT": "5FK09999"}) as terminal:
        terminal.reply("yes", "")
        assert terminal.ended() == 5, terminal.shown
    assert "no account of the number in ROBINHOOD_ACCOUNT" in terminal.shown


@pytest.mark.parametrize("arguments", [("auth", "robinhood"), ("auth", "robinhood", "--json")])
def test_without_a_terminal_nothing_is_asked(
    arguments: tuple[str, ...], run: Callable[..., Ended], fake: FakeRobinhood
) -> None:
    ended = run(*arguments, ROBINHOOD_USERNAME=USERNAME, ROBINHOOD_PASSWORD=PASSWORD)
    assert ended.code == 2
    assert "run it in a terminal" in ended.err
    assert fake.asked.total() == 0


def test_no_session_is_told_with_what_to_do(run: Callable[..., Ended]) -> None:
    ended = run("auth", "status")
    assert ended.code == 5
    assert "tradebot auth robinhood" in ended.out
    assert run("auth", "forget").code == 2
    forgot = run("auth", "forget", "--yes", "--json")
    assert (forgot.code, forgot.json["forgotten"]) == (0, False)

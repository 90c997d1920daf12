"""Commands at Alpaca, played on this machine: each does its work, refuses keys and addresses that are wrong, and comes
to an end when the network goes.

The commands run in this process, where no pause need be waited for; everything else is as cron finds it.
"""

from __future__ import annotations

import ast
import json
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pytest

from tests.fakes.alpaca import Arrival, FakeAlpaca, Fault, Kind, Terms
from tests.fakes.orders import Requests
from tests.fakes.pauses import record_pauses
from tests.fakes.wire.times import go_to
from tests.stories.processes.played import KEYS, Played, differences, new_york
from tradebot.__main__ import main
from tradebot.brokers.paper import ExchangeRules, PaperBroker, PaperExchange
from tradebot.market.calendar import NyseCalendar
from tradebot.market.price_file import PriceFile

#: A session on which the shipped strategies buy three symbols.
DAY = date(2006, 11, 2)
MORNING, LATER, EVENING = new_york(DAY, 9, 35), new_york(DAY, 10, 5), new_york(DAY, 16, 5)


@dataclass
class Network:
    """The line to the broker: it is cut at a request, which is lost, or arrives and its answer is lost."""

    method: str = ""  # "" for any
    let_through: int = -1  # so many of them; -1 for all
    arrives: bool = False
    is_cut: bool = False

    def __call__(self, arrival: Arrival) -> Fault | None:
        if self.is_cut:
            return Fault(Kind.RESET_BEFORE)
        if self.let_through < 0 or self.method not in ("", arrival.method):
            return None
        self.let_through -= 1
        self.is_cut = self.let_through < 0
        return Fault(Kind.RESET_AFTER if self.arrives else Kind.RESET_BEFORE) if self.is_cut else None

    def mend(self) -> None:
        self.is_cut, self.let_through = False, -1


@dataclass
class Desk:
    """A home at a played Alpaca, and the hands that type commands there."""

    machine: Played
    exchange: Path
    alpaca: FakeAlpaca
    network: Network
    monkeypatch: pytest.MonkeyPatch
    capsys: pytest.CaptureFixture[str]
    slept: list[float]  # seconds of each pause

    def run(self, at: datetime, *command: str, **environ: str) -> tuple[int, dict[str, Any], str]:
        """The exit code, the JSON object and what was said on standard error."""
        with opened(self.exchange) as exchange:
            go_to(exchange, at)
        settings = self.machine.environment(**{"TRADEBOT_NOW": at.isoformat(), **environ})
        with self.monkeypatch.context() as patch:
            for name, value in settings.items():
                patch.setenv(name, value)
            return self._run(command)

    def _run(self, command: Sequence[str]) -> tuple[int, dict[str, Any], str]:
        code = main([*command, "--json"])
        said = self.capsys.readouterr()
        return code, json.loads(said.out), said.err


@contextmanager
def opened(file: Path) -> Iterator[PaperExchange]:
    exchange = PaperExchange.open(file, PriceFile(None, None), NyseCalendar(), ExchangeRules(), durable=False)
    try:
        yield exchange
    finally:
        exchange.close()


@pytest.fixture
def desk(
    tmp_path: Path, unused: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Iterator[Desk]:
    """A home that is yet to be made, at a broker where nothing was done."""
    shutil.copytree(unused, tmp_path, dirs_exist_ok=True)
    with serving(tmp_path, monkeypatch, capsys) as desk:
        yield desk


@pytest.fixture(scope="module")
def unused(tmp_path_factory: pytest.TempPathFactory, strategies_checked: Path) -> Path:
    """A folder with an exchange on which nothing was done; to be copied."""
    folder = tmp_path_factory.mktemp("unused")
    (folder / "home" / "state").mkdir(parents=True)
    shutil.copy(strategies_checked, folder / "home" / "state")
    PaperExchange.create(
        folder / "exchange.db", PriceFile(None, None), NyseCalendar(), ExchangeRules(start=DAY), durable=False
    ).close()
    return folder


@contextmanager
def serving(folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Iterator[Desk]:
    network, file = Network(), folder / "exchange.db"
    with FakeAlpaca(lambda: opened(file), terms=Terms(keys=KEYS), on_request=network) as alpaca:
        machine = Played(folder)
        machine.url = alpaca.url
        machine.settle_in("STRATEGIES=rsi2_mean_reversion,momentum_rotation", "EMERGENCY_SHUTDOWN_TIMEOUT=20")
        desk = Desk(machine, file, alpaca, network, monkeypatch, capsys, record_pauses(monkeypatch))
        monkeypatch.chdir(folder)
        yield desk


# --- what every command does ----------------------------------------------------------------------


def test_every_command_does_its_work(desk: Desk) -> None:
    def ends(at: datetime, *command: str, code: int = 0) -> dict[str, Any]:
        ended, said, words = desk.run(at, *command)
        assert ended == code, words or said
        return said

    assert ends(MORNING, "run-daily")["status"] == "ran"
    assert ends(LATER, "run-daily")["status"] == "idle"
    assert {each["symbol"] for each in ends(LATER, "status")["positions"]} == {"AAPL", "GOOG", "MSFT"}
    assert ends(LATER, "explain", "AAPL")["decisions"]
    assert ends(LATER, "incident")["severity"] == "SEV4"
    assert ends(LATER, "backup")["backup"]
    assert ends(LATER, "rebuild", "--yes")["headline"].endswith("3 positions recovered from the broker")
    assert ends(LATER, "reconcile")["breaks"] == []
    assert ends(LATER, "halt", "--reason", "a look at it")
    assert ends(LATER, "check-exits", code=4)["orders"] == []
    assert ends(LATER, "resume", "--reason", "looked", "--yes")
    assert ends(LATER, "emergency-stop")["still_open_positions"] == 3
    assert ends(LATER, "emergency-stop", "--close-positions")["still_open_positions"] == 0
    assert ends(LATER, "resume", "--reason", "looked", "--yes")
    assert ends(EVENING, "reconcile")["breaks"] == []
    assert ends(EVENING, "report")["headline"]
    assert ends(EVENING, "alerts", "list")["alerts"]
    assert ends(EVENING, "schedule", "print", "--for", "cron")["files"]
    assert ends(EVENING, "config", "check")
    assert ends(EVENING, "verify")["findings"] == []
    assert list(differences(desk.machine.home, desk.exchange)) == []


def test_a_job_that_is_not_due_asks_nobody(desk: Desk) -> None:
    """A crontab of a host on UTC starts each job an hour early or late too, when a broker may be out of reach."""
    assert desk.run(MORNING, "run-daily", "--scheduled")[0] == 0
    asked, desk.network.is_cut = len(desk.alpaca.requests), True
    for at, job in ((LATER, "run-daily"), (LATER, "preflight"), (LATER, "reconcile"), (EVENING, "check-exits")):
        code, said, _ = desk.run(at, job, "--scheduled")
        assert (code, said["status"]) == (0, "idle")
    assert len(desk.alpaca.requests) == asked


def test_the_drill_of_an_emergency_stop_asks_nothing_of_the_broker(desk: Desk) -> None:
    assert desk.run(MORNING, "init-db")[0] == 0
    asked = len(desk.alpaca.requests)
    code, said, _ = desk.run(LATER, "emergency-stop", "--drill")
    assert (code, said["drill"]["passed"]) == (0, True)
    assert said["drill"]["notes"] == ["rehearsed on an embedded exchange made for it: nothing was asked of alpaca"]
    assert len(desk.alpaca.requests) == asked


@pytest.mark.parametrize("command", ["paper status", "paper next", "paper reset --yes", "replay --sessions 1"])
def test_what_only_the_embedded_exchange_can_do_is_refused(command: str, desk: Desk) -> None:
    code, said, _ = desk.run(MORNING, *command.split())
    assert code == 3
    assert said["problems"][0]["where"] == "BROKER"
    assert not desk.alpaca.requests


def test_one_home_holds_the_accounts_of_both(desk: Desk) -> None:
    here = {"BROKER": "paper", "TRADEBOT_NOW": ""}
    assert desk.run(MORNING, "run-daily")[0] == 0
    assert desk.run(MORNING, "check-exits", **here)[0] == 3, "there is no exchange in this home yet"
    code, said, _ = desk.run(MORNING, "run-daily", **here)
    assert (code, said["broker"], len(said["orders"])) == (0, "paper", 3)
    assert desk.run(MORNING, "reconcile", **here)[0] == 0
    code, said, _ = desk.run(EVENING, "reconcile")
    assert (code, said["broker"], said["breaks"]) == (0, "alpaca", [])
    assert desk.run(EVENING, "verify")[0] == 0


def test_another_account_than_the_pinned_one_is_not_traded(desk: Desk) -> None:
    assert desk.run(MORNING, "init-db")[0] == 0
    prices, rules = PriceFile(None, None), ExchangeRules(start=DAY)
    PaperExchange.reset(desk.exchange, prices, NyseCalendar(), rules, durable=False, account_id="PAPER-0002").close()
    code, said, _ = desk.run(MORNING, "run-daily")
    assert code == 5
    assert "belongs to account PAPER-0001 at alpaca (paper)" in said["error"]
    assert desk.run(MORNING, "emergency-stop")[0] == 5


def test_before_real_money_is_traded_preflight_says_so_in_capitals(desk: Desk) -> None:
    live = {"TRADING_MODE": "live", "LIVE_TRADING_ENABLED": "true"}
    assert desk.run(MORNING, "init-db", **live)[0] == 0
    _, said, _ = desk.run(MORNING, "preflight", **live)
    (mode,) = [check for check in said["checks"] if check["name"] == "mode"]
    assert mode["figure"] == "LIVE: REAL MONEY IS AT STAKE"
    assert said["mode"] == "live"


def test_an_emergency_stop_loads_nothing_slow(desk: Desk) -> None:
    assert desk.run(MORNING, "init-db")[0] == 0
    program = "import sys; from tradebot.__main__ import main; main(['emergency-stop']); print(sorted(sys.modules))"
    environment = desk.machine.environment(TRADEBOT_NOW=MORNING.isoformat(), ALERT_URLS="")
    stopped = subprocess.run(
        [sys.executable, "-c", program], env=environment, cwd=desk.machine.folder, capture_output=True, text=True
    )
    loaded = set(ast.literal_eval(stopped.stdout.splitlines()[-1]))
    slow = {
        "pandas",
        "numpy",
        "pyarrow",
        "holidays",
        "sqlite_utils",
        "talib",
        "apprise",
        "alpaca.trading",
        "alpaca.data",
    }
    assert sorted(loaded & {*slow, "tradebot.brokers.paper", "tradebot.plugins", "tradebot.runtime.open_desk"}) == []
    assert "alpaca.common.rest" in loaded


# --- keys and addresses ----------------------------------------------------------------------------

_PAPER_KEY, _LIVE_KEY, _SECRET = "PKABCDEFGHIJKLMNOPQ1", "AKABCDEFGHIJKLMNOPQ1", f"{KEYS[1]}9"
WRONG: dict[str, tuple[dict[str, str], int, str]] = {
    "wrong": ({"ALPACA_API_KEY": _PAPER_KEY}, 5, "does not accept the keys"),
    "swapped": ({"ALPACA_API_KEY": _SECRET, "ALPACA_SECRET_KEY": _PAPER_KEY}, 3, "the two are swapped"),
    "of a live account": ({"ALPACA_API_KEY": _LIVE_KEY}, 3, "the key of a live account and TRADING_MODE is paper"),
    "of a paper account": (
        {"ALPACA_API_KEY": _PAPER_KEY, "TRADING_MODE": "live", "LIVE_TRADING_ENABLED": "true"},
        3,
        "the key of a paper account and TRADING_MODE is live",
    ),
    "with a blank": ({"ALPACA_API_KEY": "PKABCDEFG HIJKLMNOPQ"}, 3, "it holds a blank"),
    "in quotes": ({"ALPACA_SECRET_KEY": f'"{_SECRET}"'}, 3, "it holds a quotation mark"),
    "http": ({"ALPACA_BASE_URL": "http://paper-api.alpaca.markets"}, 3, "is not an https address"),
    "misspelt": ({"ALPACA_BASE_URL": "https://paper-api.alpaca.market"}, 3, "paper-api.alpaca.markets misspelt"),
    "nobody there": ({"ALPACA_BASE_URL": "http://127.0.0.1:9"}, 6, "refused the connection"),
}
ANSWERS: dict[str, tuple[Kind, int, str]] = {
    "expired": (Kind.UNAUTHORIZED, 5, "new keys end the old ones"),
    "revoked": (Kind.FORBIDDEN, 5, "were revoked"),
    "a web page": (Kind.PAGE, 6, "a web page with status 200"),
}


@pytest.mark.parametrize("command", ["run-daily", "emergency-stop"])
def test_what_is_wrong_with_keys_or_addresses_is_said_once(command: str, desk: Desk) -> None:
    assert desk.run(MORNING, "init-db")[0] == 0
    for wrong, (settings, expected, words) in WRONG.items():
        one_clear_message(desk, command, expected, words, wrong, **settings)


@pytest.mark.parametrize("command", ["run-daily", "emergency-stop"])
def test_who_is_answered_like_that_is_told_once(command: str, desk: Desk) -> None:
    assert desk.run(MORNING, "init-db")[0] == 0
    for answer, (kind, expected, words) in ANSWERS.items():
        desk.alpaca.strike(kind, times=1000)
        one_clear_message(desk, command, expected, words, answer)


def one_clear_message(desk: Desk, command: str, expected: int, words: str, wrong: str, **settings: str) -> None:
    is_played = "ALPACA_BASE_URL" not in settings
    code, said, err = desk.run(MORNING, command, **settings, **({} if is_played else {"TRADEBOT_NOW": ""}))
    assert code == expected, (wrong, said)
    assert said["error"].count(words) == 1, (wrong, said["error"])
    assert "ALPACA_" in said["error"]
    assert len(said["problems"]) <= (1 if command == "run-daily" else 3), said["error"]
    assert "Traceback" not in err
    desk.alpaca.calm()
    assert desk.run(MORNING, "status")[0] == 0, "with the right ones it goes on"


# --- when the network goes -------------------------------------------------------------------------


def the_next_run_settles(desk: Desk) -> None:
    """Whatever was going on: after the network is back, nothing is missing, nothing is twice, nothing is bare."""
    desk.network.mend()
    code, said, words = desk.run(LATER, "run-daily")
    assert code == 0, words or said
    code, said, words = desk.run(LATER, "check-exits")
    assert (code, said["unprotected"]) == (0, "0"), words or said
    code, said, _ = desk.run(EVENING, "reconcile")
    assert (code, said["breaks"]) == (0, []), said
    assert desk.run(EVENING, "verify")[0] == 0
    assert list(differences(desk.machine.home, desk.exchange)) == []


@pytest.mark.parametrize(("let_through", "arrives"), [(0, False), (1, True), (2, True)])
def test_while_orders_are_sent(let_through: int, arrives: bool, desk: Desk) -> None:
    assert desk.run(MORNING, "init-db")[0] == 0
    desk.network.method, desk.network.let_through, desk.network.arrives = "POST", let_through, arrives
    code, said, words = desk.run(MORNING, "run-daily")
    assert code == 6
    told = " ".join(words.split())
    assert "not known: what became of entry: buy" in told
    assert told.count("(tb1-") == 3 - let_through, "the others are known to be at the broker"
    assert "the next run asks the broker for all of this first" in told
    assert said["notes"][0].startswith("not known: what became of entry")
    the_next_run_settles(desk)


@pytest.mark.parametrize("let_through", [0, 5])
def test_before_any_order_is_sent(let_through: int, desk: Desk) -> None:
    assert desk.run(MORNING, "init-db")[0] == 0
    desk.network.let_through = let_through
    code, _, words = desk.run(MORNING, "run-daily")
    assert code == 6
    assert "hung up" in words
    the_next_run_settles(desk)


def test_in_the_middle_of_a_command_that_sends_nothing(desk: Desk) -> None:
    assert desk.run(MORNING, "run-daily")[0] == 0
    for command, let_through in (
        ("preflight", 4),
        ("check-exits", 5),
        ("reconcile", 3),
        ("report", 1),
        ("status", 3),
        ("rebuild --yes", 4),
        ("init-db", 0),
    ):
        desk.network.let_through = let_through
        code, said, words = desk.run(LATER, *command.split())
        assert desk.network.is_cut, command
        assert code in (5, 6), (command, said)
        assert "hung up" in words + json.dumps(said), command
        desk.network.mend()
        assert desk.run(LATER, *command.split())[0] == 0, command
    the_next_run_settles(desk)


def test_looking_at_what_was_stored_asks_nobody(desk: Desk) -> None:
    assert desk.run(MORNING, "run-daily")[0] == 0
    desk.network.let_through = 0
    for command in ("explain AAPL", "incident", "fills", "trades"):
        code, said, _ = desk.run(LATER, *command.split())
        assert (code, said["account_id"]) == (0, "PAPER-0001")
    assert not desk.network.is_cut


def test_positions_and_orders_show_what_was_known_last_where_the_broker_is_out_of_reach(desk: Desk) -> None:
    assert desk.run(MORNING, "run-daily")[0] == 0
    for command in ("positions", "orders"):
        code, now, _ = desk.run(LATER, command)
        assert (code, now["known_at"], now["trouble"]) == (0, None, "")
        desk.network.let_through = 0
        code, last, _ = desk.run(LATER, command)
        assert desk.network.is_cut
        desk.network.mend()
        assert (code, last["exit_code"]) == (6, 6)
        assert "hung up" in last["trouble"]
        assert last["known_at"].startswith("2006-11-02T")
        keys = ("symbol", "quantity", "strategy")
        assert [[each[key] for key in keys] for each in last[command]] == [
            [each[key] for key in keys] for each in now[command]
        ]
        assert last[command]


@pytest.mark.parametrize("let_through", [0, 2])
def test_in_the_middle_of_an_emergency_stop(let_through: int, desk: Desk) -> None:
    """What was cancelled stays so; what is open is said to be, and the next stop closes it."""
    assert desk.run(MORNING, "run-daily")[0] == 0
    desk.network.method, desk.network.let_through = "DELETE", let_through
    desk.slept.clear()
    code, said, _ = desk.run(LATER, "emergency-stop", "--close-positions")
    assert code == 9
    assert (said["still_open_positions"], said["open_dollars"]) == (None, None), "nobody knows"
    assert "hung up" in json.dumps(said["failures"])
    assert 20 <= sum(desk.slept) < 25, "EMERGENCY_SHUTDOWN_TIMEOUT, and the retry of one request"
    desk.network.mend()
    assert desk.run(LATER, "emergency-stop", "--close-positions")[0] == 0
    assert desk.run(LATER, "resume", "--reason", "the network is back", "--yes")[0] == 0
    code, said, _ = desk.run(EVENING, "reconcile")
    assert (code, said["breaks"]) == (0, [])
    assert list(differences(desk.machine.home, desk.exchange)) == []


def test_in_the_middle_of_resuming_the_halt_stays(desk: Desk) -> None:
    assert desk.run(MORNING, "run-daily")[0] == 0
    assert desk.run(MORNING, "halt", "--reason", "a look at it")[0] == 0
    desk.network.let_through = 3
    assert desk.run(LATER, "resume", "--reason", "looked", "--yes")[0] in (4, 5, 6)
    desk.network.mend()
    assert desk.run(LATER, "check-exits")[0] == 4
    assert desk.run(LATER, "resume", "--reason", "looked", "--yes")[0] == 0
    the_next_run_settles(desk)


# --- a home that was lost -------------------------------------------------------------------------


def test_a_home_that_was_lost_is_rebuilt_in_a_folder_that_never_was_one(desk: Desk) -> None:
    assert desk.run(MORNING, "run-daily")[0] == 0
    held = {each["symbol"] for each in desk.run(LATER, "status")[1]["positions"]}
    shutil.move(desk.machine.home, desk.machine.home.with_name("lost"))
    desk.machine.settle_in("STRATEGIES=rsi2_mean_reversion,momentum_rotation")

    code, said, words = desk.run(LATER, "rebuild", "--yes")
    assert code == 0, words or said
    told = desk.run(LATER, "status")[1]
    assert {each["symbol"] for each in told["positions"]} == held
    assert all(each["strategy"] != "foreign" and each["protected"] for each in told["positions"])
    assert desk.run(LATER, "reconcile")[0] == 0


def test_a_first_contact_with_our_own_orders_ends_with_10_and_names_the_way_out(desk: Desk) -> None:
    assert desk.run(MORNING, "run-daily")[0] == 0
    shutil.move(desk.machine.home, desk.machine.home.with_name("lost"))
    desk.machine.settle_in("STRATEGIES=rsi2_mean_reversion,momentum_rotation")
    code, _, words = desk.run(LATER, "check-exits")
    assert (code, "never initialised" in words) == (3, True)
    code, said, words = desk.run(LATER, "run-daily")
    assert (code, "tradebot rebuild" in f"{words}{said}") == (10, True)
    code, said, words = desk.run(LATER, "rebuild", "--yes")
    assert code == 0, words or said
    assert desk.run(LATER, "reconcile")[0] == 0


def test_a_folder_without_a_home_is_not_rebuilt_where_the_broker_knows_nothing_of_us(desk: Desk) -> None:
    code, _, words = desk.run(MORNING, "rebuild", "--yes")
    assert (code, "never initialised" in words) == (3, True)
    assert not (desk.machine.home / "state" / "home.json").exists()


def test_a_foreign_position_is_adopted_by_a_command(desk: Desk) -> None:
    with opened(desk.exchange) as exchange:
        go_to(exchange, MORNING)
        PaperBroker(exchange).submit(Requests("IBM").buy(5, client_id="mine"))
    assert desk.run(MORNING, "run-daily")[0] == 0
    adopt = ("adopt", "IBM", "--strategy", "momentum_rotation", "--reason", "it fits", "--stop")
    for stop in ("5000", "1", "abc"):
        assert desk.run(LATER, *adopt, stop)[0] == 2
    code, said, words = desk.run(LATER, *adopt, "85")
    assert code == 0, words or said
    lines = {each["symbol"]: each for each in desk.run(LATER, "status")[1]["positions"]}
    assert (lines["IBM"]["strategy"], lines["IBM"]["stop"]) == ("momentum_rotation", "85")
    assert desk.run(LATER, "verify")[0] == 0

"""Settings as people get them wrong: code 3, everything at once, each with its place and how to mend it."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import pytest

from tests.stories.processes.conftest import SECRET, Machine
from tradebot.settings.alert_fields import ChannelUrls, Host, MailAddress
from tradebot.settings.alpaca_fields import ApiUrl
from tradebot.settings.documentation import SettingRow, sections
from tradebot.settings.field_types import Choice, Day, Instant, Names, Switch, UserName
from tradebot.settings.number_fields import Count, Money, Percent
from tradebot.settings.path_fields import FilePath
from tradebot.settings.robinhood_fields import LoopbackUrl
from tradebot.settings.secret_fields import Secret
from tradebot.settings.url_fields import DatabaseUrl
from tradebot.settings.web_fields import ListenAddress, Networks

ROWS = [row for section in sections() for row in section.rows if row.name != "TRADEBOT_HOME"]


def _wrong(row: SettingRow) -> Iterator[str]:
    """Texts that a setting must refuse: below its bounds, above them, and of another kind."""
    match row.type:
        case Count(least, most):
            yield from (str(least - 1), str(most + 1), "a few", "1.5", "-1")
        case Money(least, most):
            yield from ("-0.01", str(Decimal(most) + 1), "USD 5", "1,000", "NaN")
            if Decimal(least) > 0:
                yield str(Decimal(least) - Decimal("0.01"))
        case Percent(least, most):
            yield from (str(Decimal(most.strip("%")) + Decimal("0.01")) + "%", "3", "1e-3", "-1%", "%")
            if Decimal(least.strip("%")) > 0:
                yield str(Decimal(least.strip("%")) / 2) + "%"
        case Choice() | Switch():
            yield from ("perhaps", "2")
        case Names():
            yield from ("one two", "A,A", "../etc")
        case Day():
            yield from ("tomorrow", "2007-02-30", "3/1/2007")
        case ApiUrl():
            yield from ("http://example.com", "example.com", "https://user:pass@example.com")
        case LoopbackUrl():
            yield from ("http://example.com", "https://api.robinhood.com", "http://user:pass@127.0.0.1")
        case Instant():
            yield from ("tomorrow", "2026-11-20", "2026-11-20T14:35:00")
        case DatabaseUrl():
            yield from ("mysql://host/db", "trading_robot.db", "sqlite:///:memory:", "sqlite:///$HOME/t.db")
        case Secret():
            yield from ("not\x07typed", "two\nlines")
        case FilePath():
            yield from ("~nobody-of-this-name/x", "$HOME/x", "/x/${USER}", "/x/%USERPROFILE%")
            if not row.type.base:
                yield "relative"
        case ChannelUrls():
            yield from ("me@example.com", "loud=json://127.0.0.1", "json://127.0.0.1 json://127.0.0.1")
        case UserName():
            yield from ("no body", "-", "a" * 40)
        case Host():
            yield from ("smtp.example.com:587", "smtp example com", "-", "300.1.1.1", "[::1]:25")
        case MailAddress():
            yield from ("tradebot", "The Bot <bot@example.com>", "a@b, c@d", "@")
        case ListenAddress():
            yield from ("trade.example.org", "127.0.0.1:8000", "*")
        case Networks():
            yield from ("proxy", "10.0.0.1/8", "0.0.0.0/0")
        case other:
            raise AssertionError(f"no wrong text is known for {other}")


@pytest.mark.parametrize("turn", range(5))
def test_every_setting_out_of_range_is_refused_all_at_once(turn: int, machine: Machine) -> None:
    wrong = {row.name: list(_wrong(row)) for row in ROWS}
    ended = machine("config", "check", "--json", **{name: texts[turn % len(texts)] for name, texts in wrong.items()})
    assert ended.code == 3
    refused = {problem["where"] for problem in ended.json["problems"]}
    assert {f"{row.name} (environment)" for row in ROWS} <= refused
    assert all(problem["what"] and problem["fix"] for problem in ended.json["problems"])


def test_every_setting_of_the_file_is_refused_with_its_line(machine: Machine) -> None:
    rows = [row for row in ROWS if not row.process_only and not row.type.secret]
    machine.env(*(f"{row.name}={next(_wrong(row))}" for row in rows))
    ended = machine("run-daily")
    assert (ended.code, ended.out) == (3, "")
    for line, row in enumerate(rows, start=1):
        assert f"{row.name} (`.env` line {line}): " in ended.err
    assert [path.name for path in machine.home.iterdir()] == [".env"]


def test_a_percentage_that_could_mean_two_things_is_refused_with_both_spellings(machine: Machine) -> None:
    ended = machine("config", "check", DAILY_LOSS_LIMIT_PCT="3", RISK_PER_TRADE_PCT="0.5")
    assert ended.code == 3
    assert "DAILY_LOSS_LIMIT_PCT (environment): a bare 3 could mean 3% or 300%. Write 3% or 0.03" in ended.err
    assert "RISK_PER_TRADE_PCT (environment): 50% is more than the 5% it may be" in ended.err


def test_unknown_names_are_refused_with_the_nearest_known_one(machine: Machine) -> None:
    machine.env("MAX_POSITON=4", "TRADEBOT_HOME=/elsewhere", "ALLOW_SHORT=true")
    ended = machine("status", PAPER_DATE="bars.csv")
    assert ended.code == 3
    assert "`.env` line 1: MAX_POSITON is no setting. Did you mean MAX_POSITIONS?" in ended.err
    assert "`.env` line 2: TRADEBOT_HOME cannot stand in a `.env`" in ended.err
    assert "PAPER_DATE" not in ended.err, "an error is told alone"
    assert "ALLOW_SHORT" not in ended.err
    machine.env("ALLOW_SHORT=true")
    allowed = machine(
        "config", "check", PAPER_DATE="bars.csv", TRADEBOT_PORT="tcp://10.0.0.7:8000", ALLOW_SHORT="false"
    )
    assert (allowed.code, allowed.err.count("has no use in this version")) == (0, 2)
    assert "environment: PAPER_DATE is no setting, and nothing reads it. Did you mean PAPER_DATA?" in allowed.err
    assert "no setting has the name TRADEBOT_PORT" in allowed.out


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"BROKER": "alpaca", "ALPACA_API_KEY": ""}, "BROKER=alpaca needs ALPACA_API_KEY"),
        ({"TRADEBOT_NOW": "2026-11-20T14:35:00Z"}, "TRADEBOT_NOW (environment): a broker that is not played"),
        ({"BROKER": "robinhood", "TRADING_MODE": "live"}, "real money needs two switches"),
        ({"TRADING_MODE": "live", "LIVE_TRADING_ENABLED": "true"}, "the embedded exchange (BROKER=paper) has no real"),
        ({"MIN_ORDER_VALUE": "500", "MAX_ORDER_VALUE": "500"}, "no order can be worth at least 500 and at most 500"),
        ({"PAPER_ACTIONS": "actions.csv"}, "the bundled prices come with their own splits and dividends"),
        ({"STRATEGIES": "rsi3_mean_reversion,momentum"}, "'rsi3_mean_reversion'. Did you mean 'rsi2_mean_reversion'?"),
        ({"PAPER_START": "2030-01-01"}, "Choose a date from 2000-03-01 to 2013-03-01"),
        ({"PAPER_START": "1990-01-01"}, "Choose a date from 2000-03-01 to 2013-03-01"),
        ({"PAPER_START": "2006-11-23"}, "The nearest are 2006-11-22 and 2006-11-24"),
    ],
    ids=lambda value: "+".join(value) if isinstance(value, dict) else "",
)
def test_settings_that_no_session_can_be_traded_with(settings: dict[str, str], words: str, machine: Machine) -> None:
    ended = machine("run-daily", **settings)
    assert ended.code == 3
    assert words in ended.err


def test_a_refused_start_does_not_stand_in_the_way_of_a_good_one(machine: Machine) -> None:
    assert machine("run-daily", PAPER_START="2030-01-01").code == 3
    assert machine("replay", "--sessions", "1", STRATEGIES="rsi3_mean_reversion").code == 3
    assert machine("run-daily").code == 0


def test_a_symbol_that_nobody_has_bars_for_is_told_before_the_open(machine: Machine) -> None:
    machine.env("SYMBOLS=MSFT,ZZZZ", "STRATEGIES=momentum_rotation")
    assert machine("init-db").code == 0
    checks = machine("preflight", "--json").json["checks"]
    (bars,) = [check for check in checks if check["name"] == "bars"]
    assert bars["result"] == "warn"
    assert "ZZZZ" in bars["figure"]
    traded = machine("run-daily", "--json").json
    assert {order["symbol"] for order in traded["orders"]} == {"MSFT"}


# --- the file itself -------------------------------------------------------------------------


def test_no_file_and_an_empty_file_mean_the_defaults(machine: Machine) -> None:
    bare = machine("config", "show", "--json").json["settings"]
    machine.env()
    empty = machine("config", "show", "--json").json["settings"]
    assert empty == bare
    assert {setting["origin"] for setting in bare} == {"default", "environment"}
    (shown,) = [setting for setting in bare if setting["name"] == "ALPACA_SECRET_KEY"]
    assert shown["value"] == "********"


def _binary(env: Path) -> None:
    env.write_bytes(bytes(range(256)))


def _utf16(env: Path) -> None:
    env.write_text("MAX_POSITIONS=4\n", encoding="utf-16")


def _latin(env: Path) -> None:
    env.write_bytes(b"MAX_POSITIONS=4\nLOG_DIR=caf\xe9\n")


def _large(env: Path) -> None:
    env.write_text("# a line of a log\n" * 60_000)


def _folder(env: Path) -> None:
    env.mkdir()


def _dangling(env: Path) -> None:
    env.symlink_to("nowhere")


def _unreadable(env: Path) -> None:
    """Root may read every file, but nobody may read this one."""
    if not Path("/proc/self/mem").exists():
        env.symlink_to(env)
    else:
        env.symlink_to("/proc/self/mem")


def _scribbled(env: Path) -> None:
    env.write_text("MAX_POSITIONS: 4\nLOG_DIR='logs\nMAX_DAILY_TRADES=3\nMAX_DAILY_TRADES=4\n")


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (_binary, "is a binary file"), (_utf16, "is written in UTF-16"), (_latin, "`.env` line 2: "),
        (_large, "is larger than"), (_folder, "is a folder"), (_dangling, ".env"), (_unreadable, ".env"),
        (_scribbled, "`.env` line 1: it has no `=`"),
    ],
    ids=lambda value: getattr(value, "__name__", ""),
)  # fmt: skip
def test_a_file_that_cannot_be_understood(spoil: object, words: str, machine: Machine) -> None:
    machine.home.mkdir()
    assert callable(spoil)
    spoil(machine.home / ".env")
    for command in (("config", "check"), ("run-daily",)):
        ended = machine(*command)
        assert (ended.code, ended.out) == (3, ""), ended.err
        assert words in ended.err
        assert str(machine.home / ".env") in ended.err or "`.env`" in ended.err
    assert [path.name for path in machine.home.iterdir()] == [".env"]


def test_a_file_named_on_the_command_line_must_be_there(machine: Machine, tmp_path: Path) -> None:
    ended = machine("config", "check", "--env-file", tmp_path / "nowhere.env")
    assert ended.code == 3
    assert f"`{tmp_path / 'nowhere.env'}`: there is no such file" in ended.err


def test_no_message_repeats_a_secret_that_stands_in_the_wrong_line(machine: Machine) -> None:
    machine.env("MAX_POSITIONS=4", "ALPACA_SECRET_KEY: topsecret", "ALPACA_SECRET_KEYS=topsecret")
    ended = machine("config", "check")
    assert ended.code == 3
    assert "Did you mean ALPACA_SECRET_KEY?" in ended.err
    assert "topsecret" not in ended.err


def test_a_strategy_that_tells_the_secret_is_not_repeated(traded: Machine) -> None:
    assert traded("paper", "next").code == 0
    traded.env(f"ALPACA_SECRET_KEY={SECRET}")  # a file that the strategy's process can read, unlike the environment
    env = traded.home / ".env"
    traded.strategy("leaky", f"raise ValueError(open({str(env)!r}).read())")
    for command in (("run-daily",), ("check-exits",), ("preflight", "--json"), ("strategies", "check", "leaky")):
        told = traded(*command, "-v", STRATEGIES="leaky")  # no output and no file may hold it: the fixture looks
        assert "ValueError" in told.out, command
    assert SECRET not in traded.log

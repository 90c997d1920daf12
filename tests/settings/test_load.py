"""Where settings come from, which names there are, and that no secret is shown."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.settings.conftest import LoadHome, ProblemsOf
from tradebot.settings import GlobalOptions, Settings, load, load_for, resolve_home


def test_the_process_environment_wins_over_the_file(load_home: LoadHome) -> None:
    loaded = load_home("MAX_POSITIONS=4\nMAX_DAILY_TRADES=5\n", {"MAX_POSITIONS": "6"})
    assert (loaded.settings.max_positions, loaded.settings.max_daily_trades) == (6, 5)
    assert loaded.origins["MAX_POSITIONS"] == "environment"


def test_a_blank_value_counts_as_not_written(load_home: LoadHome) -> None:
    loaded = load_home("MAX_POSITIONS=4\nLOG_LEVEL=\nALPACA_API_KEY=''\n", {"MAX_POSITIONS": " "})
    assert loaded.settings.max_positions == 4
    assert loaded.settings.log_level == "INFO"
    assert loaded.settings.alpaca_api_key is None


def test_every_problem_is_told_at_once(problems_of: ProblemsOf) -> None:
    found = problems_of(
        "BROKER=alpca\nRISK_PER_TRADE_PCT=3\nMAX_POSITONS=4\nnonsense\nMIN_ORDER_VALUE=500\nMAX_ORDER_VALUE=200\n",
        {"PAPER_START": "tomorrow"},
    )
    told = "\n".join(map(str, found))
    assert len(found) == 6
    for words in (
        "line 1",
        "write 3%".capitalize(),
        "Did you mean MAX_POSITIONS?",
        "line 4",
        "at least 500",
        "PAPER_START (environment)",
    ):
        assert words in told


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("MAX_POSITION", "Did you mean MAX_POSITIONS?"),
        ("ALPACA_SECRET", "Did you mean ALPACA_SECRET_KEY?"),
        ("broker", "Did you mean BROKER?"),
        ("SENTRY_DSN", "docs/configuration.md"),
    ],
)
def test_an_unknown_name_in_the_file_is_refused_with_the_nearest(problems_of: ProblemsOf, name: str, hint: str) -> None:
    (problem,) = problems_of(f"{name}=1\n")
    assert problem.where == "`.env` line 1"
    assert problem.what == f"{name} is no setting"
    assert hint in problem.fix


def test_a_near_miss_in_the_environment_is_a_warning_that_names_the_setting(load_home: LoadHome) -> None:
    given = {"TRADEBOT_HOEM": "/x", "MAX_POSITON": "3", "ALERT_URL": "json://x", "max_positions": "4", "PATH": "/bin"}
    loaded = load_home(environ=given)
    assert loaded.warnings == (
        "environment: ALERT_URL is no setting, and nothing reads it. Did you mean ALERT_URLS?",
        "environment: MAX_POSITON is no setting, and nothing reads it. Did you mean MAX_POSITIONS?",
        "environment: TRADEBOT_HOEM is no setting, and nothing reads it. Did you mean TRADEBOT_HOME?",
        "environment: max_positions is no setting, and nothing reads it. Did you mean MAX_POSITIONS?",
    )
    assert loaded.notes == ()


#: What Kubernetes puts into each container for a service of the name tradebot.
SERVICE_LINKS = {
    "TRADEBOT_SERVICE_HOST": "10.0.0.7",
    "TRADEBOT_SERVICE_PORT": "8000",
    "TRADEBOT_SERVICE_PORT_HTTP": "8000",
    "TRADEBOT_PORT": "tcp://10.0.0.7:8000",
    "TRADEBOT_PORT_8000_TCP": "tcp://10.0.0.7:8000",
    "TRADEBOT_PORT_8000_TCP_PROTO": "tcp",
    "TRADEBOT_PORT_8000_TCP_PORT": "8000",
    "TRADEBOT_PORT_8000_TCP_ADDR": "10.0.0.7",
}


@pytest.mark.parametrize(
    "environ",
    [
        SERVICE_LINKS,
        {"TRADEBOT_IMAGE": "tradebot:1", "TRADEBOT_VERSION": "1"},
        {"PAPER_SIZE": "a4", "PAPER_TRAIL_TOKEN": "x", "PAPERSIZE": "a4"},
        {"ALERT_MANAGER_HOST": "x", "ALERT_EMAIL": "x", "EMAIL_HOST_USER": "x", "ALPACA_NODE": "1"},
        {"BROKER_URL": "amqp://x", "LOG_FILE": "x", "SYMBOL_PATH": "x", "DATABASE_HOST": "x", "MAX_JOBS": "3"},
    ],
    ids=["service links", "an image", "paper", "alerts", "others"],
)
def test_what_merely_begins_like_a_setting_is_noted_and_no_more(load_home: LoadHome, environ: dict[str, str]) -> None:
    loaded = load_home(environ=environ)
    assert loaded.warnings == ()
    ours = [name for name in sorted(environ) if name.startswith(("TRADEBOT_", "PAPER_", "ALERT_", "EMAIL_", "ALPACA_"))]
    assert len(loaded.notes) == bool(ours)
    for note in loaded.notes:
        assert all(name in note for name in ours[:5])


def test_names_without_use_only_warn(load_home: LoadHome) -> None:
    warnings = load_home("ALLOW_SHORT=true\n", {"ALLOW_SHORT": "false"}).warnings
    assert [warning.partition(" has no use")[0] for warning in warnings] == [
        "`.env` line 1: ALLOW_SHORT", "environment: ALLOW_SHORT",
    ]  # fmt: skip


def test_a_wrong_setting_of_the_web_server_keeps_no_job_from_trading(load_home: LoadHome) -> None:
    loaded = load_home("MAX_POSITIONS=4", {"WEB_PORT": "tcp://10.0.0.7:80"})  # as a service named web has it
    assert (loaded.settings.web_port, loaded.settings.max_positions) == (8000, 4)
    (warning,) = loaded.warnings
    assert warning.startswith("WEB_PORT (environment): ") and "Only `tradebot serve` needs it." in warning


def test_it_is_told_with_what_does(problems_of: ProblemsOf) -> None:
    problems = problems_of("WEB_PORT=none\nMAX_POSITIONS=none\n")
    assert [problem.where.split()[0] for problem in problems] == ["WEB_PORT", "MAX_POSITIONS"]


@pytest.mark.parametrize("name", ["TRADEBOT_HOME", "TRADEBOT_STATE_DIR", "TRADEBOT_NOW"])
def test_what_is_of_the_process_cannot_stand_in_the_file(problems_of: ProblemsOf, name: str) -> None:
    (problem,) = problems_of(f"{name}=/somewhere\n")
    assert "process environment" in problem.fix


def test_the_home_is_the_option_else_the_environment_else_the_current_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert resolve_home(Path("a"), {"TRADEBOT_HOME": "/b"}) == tmp_path / "a"
    assert resolve_home(None, {"TRADEBOT_HOME": "/b"}) == Path("/b")
    assert resolve_home(None, {"TRADEBOT_HOME": "b"}) == tmp_path / "b"
    assert resolve_home(None, {"TRADEBOT_HOME": " "}) == tmp_path
    assert load_for(GlobalOptions(home=Path("a")), {}).origins["TRADEBOT_HOME"] == "command line"


def test_relative_places_count_from_the_home(tmp_path: Path) -> None:
    environ = {"PAPER_DATA": "mine.csv", "DATABASE_URL": "sqlite:////var/lib/t.db", "TRADEBOT_STATE_DIR": "/state"}
    settings = load(tmp_path, None, environ).settings
    assert settings.home == tmp_path
    assert settings.log_path == tmp_path / "logs"
    assert settings.strategies_path == tmp_path / "strategies"
    assert settings.paper_data_path == tmp_path / "mine.csv"
    assert settings.paper_actions_path is None
    assert settings.ledger == Path("/var/lib/t.db")
    assert settings.state_path == Path("/state")
    assert Settings(tradebot_home=tmp_path).ledger == tmp_path / "trading_robot.db"
    assert Settings().state_path.is_absolute()


def test_no_part_of_a_secret_is_ever_shown(load_home: LoadHome) -> None:
    env = "ALPACA_API_KEY=PKABCDEFGH\nALPACA_SECRET_KEY=s3cr3tvalue\nROBINHOOD_USERNAME=me@example.org\n"
    loaded = load_home(env, {"ROBINHOOD_PASSWORD": "hunter22", "ROBINHOOD_MFA_SECRET": "JBSWY3DP"})
    shown = f"{loaded!r} {loaded.settings} {loaded.masked()!r}"
    for secret in ("PKABCDEFGH", "s3cr3tvalue", "me@example.org", "hunter22", "JBSWY3DP"):
        assert secret not in shown
        assert secret[:4] not in shown
        assert secret in loaded.settings.secrets()
    masked = {setting.name: setting.value for setting in loaded.masked()}
    assert masked["ALPACA_API_KEY"] == masked["ROBINHOOD_PASSWORD"] == "********"

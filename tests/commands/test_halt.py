"""halt, resume and status as processes: what is latched by hand, how it is told, and what they may not load."""

from __future__ import annotations

from pathlib import Path

from tests.commands.conftest import Run


def halts_of(run: Run, home: Path) -> list[tuple[str, str, str]]:
    """Scope, name and level of each halt that status shows."""
    shown = run("status", "--json", "--home", home).json["halts"]
    return [(halt["scope"], halt["scope_name"], halt["level"]) for halt in shown]


def test_a_halt_of_a_symbol_is_told_and_ends_with_its_own_resume(run: Run, home: Path) -> None:
    halted = run("halt", "--symbol", "tsla", "--reason", "earnings tonight", "--home", home)
    assert (halted.code, halted.err) == (0, "")
    assert "HALTED symbol TSLA: earnings tonight" in halted.out
    assert "tradebot resume --symbol TSLA" in halted.out

    status = run("status", "--home", home)
    assert status.code == 0
    assert "RUNNING" in status.out
    assert "HALTED symbol TSLA: earnings tonight" in status.out
    assert "until `tradebot resume --symbol TSLA`" in " ".join(status.out.split())

    of_account = run("resume", "--reason", "seen", "--home", home)
    assert (of_account.code, halts_of(run, home)) == (0, [("symbol", "TSLA", "halted")])
    resumed = run("resume", "--symbol", "TSLA", "--reason", "seen", "--yes", "--home", home)
    assert resumed.code == 0
    assert "symbol TSLA is running again: 1 halt cleared (seen)" in resumed.out
    assert halts_of(run, home) == []


def test_a_halt_of_the_account_makes_jobs_end_with_4(run: Run, home: Path) -> None:
    assert run("halt", "--reducing", "--reason", "travelling", "--home", home).code == 0
    assert halts_of(run, home) == [("account", "", "reducing")]
    assert run("run-daily", "--home", home).code == 4
    resumed = run("resume", "--reason", "back", "--yes", "--home", home)
    assert resumed.code == 0
    assert run("run-daily", "--home", home).code in (0, 11)


def test_a_strategy_is_halted_by_a_name_that_is_configured(run: Run, home: Path) -> None:
    mistaken = run("halt", "--strategy", "momentum", "--reason", "why", "--home", home)
    assert mistaken.code == 2
    assert "'momentum' is not among STRATEGIES: tsla_improved_strategy, rsi2_mean_reversion" in mistaken.err
    assert run("halt", "--strategy", "momentum_rotation", "--reason", "why", "--home", home).code == 0
    assert halts_of(run, home) == [("strategy", "momentum_rotation", "halted")]


def test_the_account_is_halted_whatever_is_wrong_with_the_settings_and_the_ledger(run: Run, home: Path) -> None:
    (home / ".env").write_text("MAX_POSITIONS=many\n")
    (home / "trading_robot.db").write_bytes(b"no database")
    halted = run("halt", "--reason", "all is broken", "--home", home, "--json")
    assert halted.code == 0
    assert (halted.json["halt"]["level"], halted.json["halt"]["rule"]) == ("halted", "operator")
    assert (home / "state" / "HALT").exists()


def test_resume_asks_first_and_shows_what_preflight_says(run: Run, home: Path) -> None:
    run("halt", "--reason", "travelling", "--home", home)
    asked = run("resume", "--reason", "back", "--home", home)
    assert asked.code == 2
    assert "HALTED: travelling" in asked.err
    assert "buying power" in asked.err
    assert "Resume the account? Nobody is there to answer: add --yes if you mean it." in asked.err
    assert halts_of(run, home) == [("account", "", "halted")]


def test_resume_clears_nothing_while_a_check_fails(run: Run, home: Path) -> None:
    run("halt", "--reason", "travelling", "--home", home)
    (home / ".env").write_text("MIN_ORDER_VALUE=60000\nMAX_ORDER_VALUE=70000\n")
    refused = run("resume", "--reason", "back", "--yes", "--home", home)
    assert refused.code == 5
    assert "nothing was resumed: 1 check failed" in refused.out
    assert "limits: " in refused.out
    assert halts_of(run, home) == [("account", "", "halted")]


def test_halt_needs_a_home(run: Run, tmp_path: Path) -> None:
    ended = run("halt", "--reason", "why", "--home", tmp_path / "nowhere")
    assert ended.code == 3
    assert "was never initialised" in ended.err


def test_every_job_meets_a_halt_and_the_operator_is_told_of_it_once(run: Run, home: Path) -> None:
    assert run("halt", "--reason", "travelling", "--home", home).code == 0
    for job in ("run-daily", "check-exits", "check-exits", "reconcile"):
        assert run(job, "--home", home).code == 4

    def told() -> list[tuple[str, str]]:
        listed = run("alerts", "list", "--json", "--home", home).json["alerts"]
        return [(posted["alert"]["level"], posted["alert"]["title"]) for posted in listed]

    assert told() == [("critical", "halted: operator")]
    assert run("resume", "--reason", "back", "--yes", "--home", home).code == 0
    assert told()[1:] == [("warning", "a halt is over")]

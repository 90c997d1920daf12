"""Tests mirror the tree: a module with logic has its test file in the mirrored place, or is named here with its test.

``tradebot/a/b.py`` has ``tests/a/test_b.py`` or ``tests/a/test_b_*.py``. A module has logic when it decides or repeats
anything. What wires (commands, runtime) is tested by real commands. The other modules below are tested through the
public surface of a neighbour, in the file beside their name.
"""

from __future__ import annotations

import ast
from pathlib import Path

ROOT = Path(__file__).parents[2]
PACKAGE, TESTS = ROOT / "tradebot", ROOT / "tests"

#: Packages that wire: every module is run by the commands in these folders of tests.
WIRING = {
    "commands": ("commands", "stories/processes"),
    "runtime": ("commands", "stories/processes"),
    "ports": ("brokers", "stories"),
}
#: Modules that are tested through a neighbour.
THROUGH_A_NEIGHBOUR = {
    "__main__.py": "commands/test_command_line.py",
    "reports/json_schema.py": "commands/test_json_shapes.py",
    "cli.py": "commands/test_command_line.py",
    "strategy_api.py": "plugins/test_by_column.py",
    "alerts/apprise.py": "alerts/test_delivery.py",
    "alerts/channels.py": "alerts/test_delivery.py",
    "alerts/messages.py": "alerts/test_delivery.py",
    "backtest/account.py": "backtest/test_walk.py",
    "backtest/attribution.py": "commands/test_backtest.py",
    "backtest/core_inputs.py": "backtest/test_walk.py",
    "backtest/one_session.py": "stories/test_session_diff.py",
    "backtest/report.py": "commands/test_backtest.py",
    "reports/pages/backtest.py": "commands/test_backtest.py",
    "backtest/signals.py": "backtest/test_walk.py",
    "brokers/paper/broker.py": "brokers/test_contract_orders.py",
    "brokers/robinhood/auth/token_requests.py": "brokers/robinhood/auth/test_session.py",
    "brokers/paper/exchange_file.py": "brokers/paper/test_exchange.py",
    "brokers/paper/live_view.py": "brokers/paper/test_live_session.py",
    "brokers/paper/marks.py": "brokers/paper/test_live_exchange.py",
    "brokers/paper/order_matching.py": "brokers/paper/test_session_phases.py",
    "core/risk/limit_rules.py": "core/risk/test_rules.py",
    "core/results/compare_sales.py": "core/results/test_compare_sessions.py",
    "core/results/diff_causes.py": "core/results/test_compare_sessions.py",
    "core/results/session_facts.py": "core/results/test_compare_sessions.py",
    "core/results/listings.py": "jobs/test_fills.py",
    "jobs/session_record.py": "stories/test_session_diff.py",
    "jobs/desk.py": "jobs/test_job_run.py",
    "jobs/emergency_stop/desk.py": "jobs/emergency_stop/test_loop.py",
    "web/example.py": "web/routes/test_api_reads.py",
    "web/openapi.py": "web/routes/test_api_reads.py",
    "web/routes/api_docs.py": "web/routes/test_api_reads.py",
    "core/results/account_now.py": "test_api.py",
    "core/results/job_lines.py": "jobs/test_session_jobs.py",
    "core/results/risk_outcome.py": "jobs/test_risk.py",
    "jobs/steps/live_account.py": "jobs/test_status.py",
    "reports/pages/risk.py": "jobs/test_risk.py",
    "core/results/stop_entry.py": "jobs/emergency_stop/test_loop.py",
    "core/results/day_line.py": "jobs/test_explain.py",
    "core/results/explain_day.py": "jobs/test_explain.py",
    "core/results/why_not.py": "jobs/test_explain.py",
    "jobs/steps/corporate_actions.py": "stories/real_account/test_renamed_holding.py",
    "jobs/steps/counters.py": "stories/test_order_controls.py",
    "jobs/steps/day_result.py": "jobs/test_circuit_breakers.py",
    "jobs/steps/day_records.py": "jobs/test_explain.py",
    "reports/pages/all_accounts.py": "commands/test_all_homes.py",
    "reports/pages/all_homes.py": "commands/test_all_homes.py",
    "reports/pages/explain.py": "jobs/test_explain.py",
    "jobs/steps/decision_log.py": "jobs/test_run_daily.py",
    "jobs/steps/period_figures.py": "jobs/test_report.py",
    "jobs/steps/planning.py": "jobs/test_run_daily.py",
    "jobs/steps/sync.py": "jobs/test_reconcile.py",
    "jobs/trading_session.py": "jobs/test_run_daily.py",
    "ledger/audit.py": "ledger/test_verify.py",
    "ledger/covered.py": "ledger/test_generations.py",
    "ledger/moves.py": "ledger/test_copy_rows.py",
    "ledger/row_keys.py": "ledger/test_generations.py",
    "ledger/compare_rows.py": "ledger/test_verify.py",
    "ledger/trail_state.py": "ledger/test_verify.py",
    "ledger/backup.py": "stories/processes/test_backup.py",
    "ledger/listings.py": "jobs/test_fills.py",
    "ledger/movements.py": "jobs/steps/test_equity_bridge.py",
    "reports/html_report/rendering.py": "reports/html_report/test_document.py",
    "reports/pages/equity.py": "reports/pages/test_report.py",
    "ledger/engine.py": "ledger/test_sqlite_engine.py",
    "ledger/portable_copy.py": "ledger/test_generations.py",
    "ledger/prepare_server.py": "stories/processes/test_two_engines.py",
    "ledger/postgres_holds.py": "ledger/test_epochs.py",
    "ledger/open_engine.py": "ledger/test_database.py",
    "ledger/executions.py": "ledger/test_period_records.py",
    "ledger/migrations.py": "ledger/test_database.py",
    "ledger/round_trip_rows.py": "ledger/test_history.py",
    "ledger/symbol_history.py": "ledger/test_books.py",
    "ledger/smaller_tables.py": "ledger/test_database.py",
    "ledger/swap_file.py": "stories/processes/test_rebuild.py",
    "market/bar_validation.py": "market/test_price_file.py",
    "market/imports/adjustment.py": "market/imports/test_price_import.py",
    "market/imports/column_names.py": "market/imports/test_price_import.py",
    "market/imports/dates.py": "market/imports/test_price_import.py",
    "market/imports/layout.py": "market/imports/test_price_import.py",
    "market/imports/makers.py": "market/imports/test_price_import.py",
    "market/imports/page_events.py": "market/imports/test_price_import.py",
    "market/imports/raw_table.py": "market/imports/test_price_import.py",
    "market/imports/symbols.py": "market/imports/test_price_import.py",
    "market/imports/tally.py": "market/imports/test_price_import.py",
    "market/imports/told_actions.py": "market/imports/test_price_import.py",
    "market/imports/typed_rows.py": "market/imports/test_price_import.py",
    "market/imports/writing.py": "market/imports/test_price_import.py",
    "market/price_check.py": "stories/machine/test_own_prices.py",
    "market/questions.py": "market/test_answers.py",
    "market/tables.py": "market/test_price_file.py",
    "plugins/frames.py": "plugins/test_broken_strategies.py",
    "plugins/compare_signals.py": "plugins/test_check.py",
    "plugins/exit_policy.py": "plugins/test_broken_strategies.py",
    "plugins/last_signals.py": "plugins/test_strategy_book.py",
    "plugins/load.py": "plugins/test_strategy_book.py",
    "plugins/lookahead_tests.py": "plugins/test_check.py",
    "plugins/parameters.py": "plugins/test_manifest.py",
    "plugins/plain_text.py": "plugins/process/test_messages.py",
    "plugins/process/channel.py": "plugins/process/test_strategy_process.py",
    "plugins/process/fork_server.py": "plugins/test_runner.py",
    "plugins/process/launcher.py": "plugins/process/test_strategy_process.py",
    "plugins/process/limits.py": "plugins/process/test_strategy_process.py",
    "plugins/process/linux.py": "stories/machine/test_strategies_apart.py",
    "plugins/process/output.py": "plugins/test_broken_strategies.py",
    "plugins/process/worker.py": "plugins/process/test_strategy_process.py",
    "plugins/raw_signals.py": "plugins/test_broken_strategies.py",
    "plugins/signal_validation.py": "plugins/test_broken_strategies.py",
    "plugins/strategy_module.py": "plugins/test_broken_strategies.py",
    "reports/sweep_csv.py": "commands/test_sweep.py",
    "reports/pages/price_files.py": "stories/machine/test_own_prices.py",
    "schedulers/host_tools.py": "commands/test_schedule.py",
    "schedulers/install.py": "commands/test_schedule.py",
    "schedulers/install_server.py": "commands/test_schedule.py",
    "web/pages/frame.py": "web/pages/test_sections.py",
    "web/pages/maker.py": "web/routes/test_pages.py",
    "settings/alert_fields.py": "stories/processes/test_bad_settings.py",
    "settings/inspected.py": "commands/test_config.py",
    "settings/model.py": "settings/test_load.py",
    "settings/unknown_names.py": "settings/test_load.py",
    "settings/web_fields.py": "settings/test_field_types.py",
    "web/access/access_file.py": "web/access/test_access.py",
    "web/access/pages.py": "commands/test_serve.py",
    "web/access/records.py": "web/access/test_access.py",
    "web/access/visitors.py": "web/test_attacks.py",
    "web/problem_json.py": "web/test_attacks.py",
    "web/routes/login.py": "web/test_attacks.py",
    "web/site.py": "web/test_app.py",
    "web/templates.py": "web/test_attacks.py",
    "settings/url_fields.py": "stories/processes/test_bad_settings.py",
}

LOGIC = (ast.If, ast.IfExp, ast.For, ast.While, ast.Try, ast.With, ast.BoolOp, ast.Match, ast.comprehension)


def modules_with_logic() -> list[str]:
    """The modules of the package that decide or repeat anything, as paths below it."""
    return [
        path.relative_to(PACKAGE).as_posix()
        for path in sorted(PACKAGE.rglob("*.py"))
        if path.name != "__init__.py"
        and any(isinstance(node, LOGIC) for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))))
    ]


def has_its_own_file(module: str) -> bool:
    """Whether a test file stands in the mirrored place."""
    path = Path(module)
    folder, name = TESTS / path.parent, f"test_{path.stem}"
    return (folder / f"{name}.py").exists() or any(folder.glob(f"{name}_*.py"))


def test_a_module_with_logic_has_a_test_and_the_tables_name_nothing_too_much() -> None:
    modules = set(modules_with_logic())
    assert {
        module
        for module in modules - THROUGH_A_NEIGHBOUR.keys()
        if not has_its_own_file(module) and module.partition("/")[0] not in WIRING
    } == set()
    assert {module for module in THROUGH_A_NEIGHBOUR if module not in modules or has_its_own_file(module)} == set()
    assert {test for test in THROUGH_A_NEIGHBOUR.values() if not (TESTS / test).is_file()} == set()
    assert {folder for folders in WIRING.values() for folder in folders if not (TESTS / folder).is_dir()} == set()

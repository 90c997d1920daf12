"""What each command prints with --json has the shape that docs/schemas tells."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer
from jsonschema import Draft202012Validator

from tests.commands.conftest import Run
from tests.fakes import json_schemas
from tests.fakes.cli import tradebot
from tests.reports.samples import HEADER, Samples
from tradebot import cli
from tradebot.errors import BrokerUnavailable, ConfigError, ExitCode, Problem
from tradebot.reports import json_output
from tradebot.runtime.json_shapes import SHAPES, schema_files


def commands(group: Any, *before: str) -> Iterator[str]:
    for name, command in group.commands.items():
        if hasattr(command, "commands"):
            yield from commands(command, *before, name)
        else:
            yield " ".join((*before, name))


def test_the_files_are_those_that_the_code_makes() -> None:
    """Mended by: python scripts/update_docs.py"""
    found = {path.name: path.read_text(encoding="utf-8") for path in json_schemas.SCHEMAS.iterdir()}
    assert found == schema_files()
    for text in found.values():
        Draft202012Validator.check_schema(json.loads(text))


def test_every_command_has_its_shape() -> None:
    names = set(commands(typer.main.get_command(cli.app)))
    # these ask, and print nothing for programs
    assert names - {"init", "auth robinhood"} == {name.partition(" --")[0] for name in SHAPES}


@pytest.mark.parametrize("full", [True, False], ids=["full", "empty"])
@pytest.mark.parametrize("name", [name for name, shape in SHAPES.items() if shape.outcome is not None])
def test_any_outcome_has_the_shape_of_its_type(name: str, full: bool) -> None:
    shape, samples = SHAPES[name], Samples(full=full)
    outcome = samples.of(shape.outcome)
    more = {field: samples.of(hint, field) for field, hint in shape.more.items()}
    value = json.loads(json_output.outcome_json(outcome, HEADER, **more))
    json_schemas.check({**value, "job": name})


@pytest.fixture(scope="module")
def looked_at(traded_home: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home that commands of this module only look at."""
    return shutil.copytree(traded_home, tmp_path_factory.mktemp("looked-at") / "home")


@pytest.mark.parametrize(
    "command",
    [
        ("status",), ("report", "--period", "all"), ("trades",), ("trades", "--open"), ("fills",), ("explain", "AAPL"),
        ("incident",), ("verify",), ("config", "show"), ("config", "check"), ("strategies", "list"), ("alerts", "list"),
        ("paper", "status"), ("schedule", "print", "--for", "cron"), ("help", "exit-codes"), ("help", "report"),
        ("completion", "bash"), ("preflight",), ("check-exits",), ("reconcile",), ("init-db",),
        ("halt", "--symbol", "AAPL", "--reason", "why"), ("resume", "--symbol", "AAPL", "--reason", "why", "--yes"),
        ("emergency-stop", "--dry-run"), ("replay", "--sessions", "1"), ("alerts", "test"),
        ("accounts",), ("status", "--all"), ("positions", "--all"), ("report", "--all"),
    ],
    ids=" ".join,
)  # fmt: skip
def test_a_real_one_has_its_shape(looked_at: Path, run: Run, command: tuple[str, ...]) -> None:
    """Each is checked where its JSON is read: ``Ended.json``."""
    typed = () if command[0] in ("help", "completion") else ("--home", str(looked_at))
    ended = tradebot(*command, "--json", *typed, state=looked_at.parent / "state", cwd=looked_at.parent)
    of_two = " ".join(command[:2]).partition(" --")[0]
    assert ended.json["job"] == (of_two if of_two in SHAPES else command[0])


def test_a_failure_has_its_shape() -> None:
    config = ConfigError([Problem("MAX_POSITIONS", "it is not a number", "Write one.")])
    for error in (config, BrokerUnavailable("nobody answers")):
        error.add_note("nothing was sent")
        json_schemas.check(json.loads(json_output.error_json("run-daily", error)))
    json_schemas.check(json.loads(json_output.failure_json("run-daily", ExitCode.BUG, "KeyError", log=Path("/log"))))
    json_schemas.check(json.loads(json_output.idle_json("run-daily", "not due")))


def test_money_is_a_string_and_another_type_is_refused() -> None:
    value = json.loads(json_output.outcome_json(Samples(full=True).of(SHAPES["run-daily"].outcome), HEADER))
    value["job"], value["unprotected"] = "run-daily", 12.5
    with pytest.raises(AssertionError, match="unprotected"):
        json_schemas.check(value)

"""What commands print with --json, held against docs/schemas."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

from jsonschema import Draft202012Validator

SCHEMAS = Path(__file__).parents[2] / "docs" / "schemas"


def check(value: dict[str, Any]) -> None:
    """Raise AssertionError where the object of a command breaks its schema."""
    errors = [f"{error.json_path}: {error.message[:300]}" for error in _validator(_file(value)).iter_errors(value)]
    assert not errors, f"{_file(value)}: {errors[:5]}"


def _file(value: dict[str, Any]) -> str:
    if "error" in value:
        return "failed.json"
    if value["status"] == "idle" and "session" not in value:
        return "not-due.json"
    names = {"drill": "-drill", "homes": "-all", "totals_by_mode": "" if value["job"] == "accounts" else "-all"}
    option = next((text for name, text in names.items() if name in value), "")
    return f"{value['job'].replace(' ', '-')}{option}.json"


@cache
def _validator(name: str) -> Draft202012Validator:
    return Draft202012Validator(json.loads((SCHEMAS / name).read_text(encoding="utf-8")))

"""The OpenAPI of a server that runs, held against what it answers to arguments that schemathesis makes of it."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import schemathesis
from hypothesis import given, settings
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.core.result import Ok
from schemathesis.specs.openapi import checks

from tests.long_form import long
from tests.web.conftest import serving

CHECKS = [
    not_a_server_error, checks.status_code_conformance, checks.content_type_conformance,
    checks.response_schema_conformance,
]  # fmt: skip
#: What takes an argument of its path, and never ends.
STREAMED = "{"


def try_all(origin: str, token: str, described: Mapping[str, Any], methods: set[str], examples: int) -> set[str]:
    """Send what fits the description, and with many examples what does not. Returns the operations that were tried."""
    headers, tried = {"Authorization": f"Bearer {token}"}, set()
    modes = [GenerationMode.POSITIVE, *([GenerationMode.NEGATIVE] if examples > 10 else [])]
    for found in schemathesis.openapi.from_dict(dict(described)).get_all_operations():
        assert isinstance(found, Ok)
        operation = found.ok()
        if operation.method.upper() not in methods or STREAMED in operation.path:
            continue
        tried.add(operation.label)
        for mode in modes:

            @settings(max_examples=examples)
            @given(case=operation.as_strategy(generation_mode=mode))
            def answers_as_described(case: Any) -> None:
                case.call_and_validate(base_url=origin, headers=headers, checks=CHECKS)

            answers_as_described()
    return tried


@pytest.mark.parametrize(
    ("scope", "methods", "examples"),
    [("read", {"GET", "POST"}, 3), long("read", {"GET"}, 100), long("act", {"POST"}, 5)],
    ids=["any", "reads", "actions"],
)
def test_what_it_answers_is_as_described(
    traded_home: Path, tmp_path: Path, scope: str, methods: set[str], examples: int
) -> None:
    with serving(shutil.copytree(traded_home, tmp_path / "home")) as (server, _):
        token = server.token(scope)
        described = server.get("/api/openapi.json", token).json
        tried = try_all(server.origin, token, described, methods, examples)
    assert {"GET /api/status", "GET /api/explain"} <= tried or "POST /api/stop_trading" in tried

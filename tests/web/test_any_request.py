"""Requests that schemathesis makes of the API's description, right ones and wrong ones: none is an error of the server.

A run of the suite tries a few of each route, and of what acts only wrong ones; with ``--long`` it tries hundreds,
and dozens of what acts, most of which start a command.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
import requests
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis import GenerationMode

from tests.web.conftest import Served

#: What a request that makes no sense may be answered, beside what the description says.
_NOT_DONE = {400, 401, 403, 404, 405, 408, 409, 413, 421, 422}


@pytest.fixture(scope="module")
def described(server: Served, tokens: Mapping[str, str]) -> Any:
    """The API as it describes itself."""
    return server.get("/api/openapi.json", tokens["act"]).json


def try_all(server: Served, token: str, described: Any, examples: int, *, acting: bool) -> dict[str, int]:
    """Send requests to every route. Returns how many of each were sent."""
    sent: dict[str, int] = {}
    schema = schemathesis.openapi.from_dict(described)
    session = requests.Session()
    session.trust_env = False

    def send(case: Any) -> None:
        response = case.call(server.origin, session=session, headers={"Authorization": f"Bearer {token}"}, timeout=60)
        label = f"{case.method} {case.path}"
        sent[label] = sent.get(label, 0) + 1
        assert response.status_code < 500 or response.status_code == 503, (label, case.as_curl_command(), response.text)
        known = {int(status) for status in described["paths"][case.path][case.method.lower()]["responses"]}
        assert response.status_code in known | _NOT_DONE, (label, response.status_code, response.text)
        if response.status_code >= 400:
            assert response.json()["status"] == response.status_code

    found: Any  # of each operation, or why the description has none
    for found in schema.get_all_operations():
        operation = found.ok()
        modes = [GenerationMode.NEGATIVE]
        if acting or operation.method == "get":
            modes.append(GenerationMode.POSITIVE)
        for mode in modes:
            of_route = given(case=operation.as_strategy(mode))(send)
            settings(
                max_examples=examples if operation.method == "get" else max(2, examples // 10),
                deadline=None,
                database=None,
                derandomize=True,
                phases=(Phase.generate,),
                suppress_health_check=list(HealthCheck),
            )(of_route)()
    return sent


def test_no_request_is_an_error_of_the_server(server: Served, tokens: Mapping[str, str], described: Any) -> None:
    sent = try_all(server, tokens["act"], described, 2, acting=False)
    routes = {f"{method.upper()} {path}" for path, found in described["paths"].items() for method in found}
    assert set(sent) == routes


@pytest.mark.long
@pytest.mark.timeout(7_200)  # thousands of requests, and dozens of commands
def test_nor_is_any_of_hundreds(server: Served, tokens: Mapping[str, str], described: Any) -> None:
    try_all(server, tokens["act"], described, 200, acting=True)

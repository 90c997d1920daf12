"""Homes with a `.env`, and the problems that loading them finds."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import pytest

from tradebot.errors import ConfigError, Problem
from tradebot.settings import GlobalOptions, Loaded, inspect, load
from tradebot.settings.documentation import web_names

LoadHome = Callable[..., Loaded]
ProblemsOf = Callable[..., list[Problem]]


@pytest.fixture
def load_home(tmp_path: Path) -> LoadHome:
    """Loads a home whose `.env` holds this text (none: no file), with this process environment."""

    def loaded(env: str | bytes | None = None, environ: Mapping[str, str] | None = None) -> Loaded:
        if env is not None:
            (tmp_path / ".env").write_bytes(env.encode() if isinstance(env, str) else env)
        return load(tmp_path, None, environ or {})

    return loaded


@pytest.fixture
def problems_of(load_home: LoadHome, tmp_path: Path) -> ProblemsOf:
    """The problems of such a home."""

    def problems(env: str | bytes | None = None, environ: Mapping[str, str] | None = None) -> list[Problem]:
        try:
            load_home(env, environ)
        except ConfigError as error:
            return list(error.problems)
        found = inspect(GlobalOptions(tmp_path), environ or {}).problems  # of the web server, which keep no job
        assert found and {problem.where.split()[0] for problem in found} <= web_names()
        return list(found)

    return problems


@contextmanager
def without_rights() -> Iterator[None]:
    """Be somebody whom file modes hold, also when the tests run as the superuser."""
    if os.name == "nt":
        pytest.skip("Windows files are protected by other means")
    superuser = os.geteuid() == 0
    if superuser:
        os.seteuid(65534)
    try:
        yield
    finally:
        if superuser:
            os.seteuid(0)

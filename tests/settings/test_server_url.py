"""Addresses of ledgers on a server: what they name, and what of them is shown."""

from __future__ import annotations

import pytest

from tests.settings.conftest import LoadHome, ProblemsOf
from tradebot.settings import Redactor
from tradebot.settings.field_types import InvalidValue
from tradebot.settings.server_url import _PARAMETERS, is_this_machine, read_server

SECRET = "p%40ss-w0rd-9"
ADDRESSES = {
    f"postgresql://me:{SECRET}@db.example.com:6000/ledger?sslmode=verify-full": (
        "postgresql://me@db.example.com:6000/ledger",
        "db.example.com",
    ),
    "postgres://localhost/ledger": ("postgresql://localhost/ledger", "localhost"),
    "postgresql:///ledger": ("postgresql:///ledger", ""),
    "postgresql:///ledger?host=/var/run/postgresql": ("postgresql:///var/run/postgresql/ledger", "/var/run/postgresql"),
    "postgresql://%2Fvar%2Frun/ledger": ("postgresql:///var/run/ledger", "/var/run"),
    "postgresql://[::1]:5432/ledger": ("postgresql://[::1]:5432/ledger", "::1"),
    f"postgresql://h/ledger?password={SECRET}": ("postgresql://h/ledger", "h"),
}


@pytest.mark.parametrize("url", ADDRESSES)
def test_an_address_names_its_host_and_is_shown_without_password(url: str) -> None:
    server = read_server(url)
    assert (str(server), server.host) == ADDRESSES[url]
    assert server.url.reveal() == url
    assert "w0rd" not in f"{server} {server!r}"


def test_a_password_is_masked_as_it_is_written_and_as_the_server_gets_it() -> None:
    server = read_server(f"postgresql://me:{SECRET}@localhost/ledger")
    assert server.password is not None and server.password.reveal() == "p@ss-w0rd-9"
    assert "w0rd" not in Redactor()(f"no such password: p@ss-w0rd-9 ({SECRET})")


def test_a_password_that_is_not_quoted_is_refused_and_not_shown() -> None:
    for written, code in (("50%w0rd", "%25"), ("w0rd%", "%25"), ("w0rd@w0rd", "%40")):
        with pytest.raises(InvalidValue) as caught:
            read_server(f"postgresql://me:{written}@localhost/ledger")
        assert code in caught.value.fix
        assert "w0rd" not in f"{caught.value} {caught.value.fix}"


def test_a_parameter_that_libpq_does_not_know_or_take_is_refused() -> None:
    wrong = {
        "sslmod=verify-full": "sslmode",
        "sslmode=verify_full": "verify-full",
        "sslrootcer=/x": "sslrootcert",
        "connect_timeout=soon": "number",
        "nonsense=1": "documentation",
    }
    for written, meant in wrong.items():
        with pytest.raises(InvalidValue) as caught:
            read_server(f"postgresql://me@localhost/ledger?{written}")
        assert meant in caught.value.fix
    taken = "sslmode=require&connect_timeout=3&passfile=/x&options=-c%20geqo%3Doff&target_session_attrs=primary"
    assert read_server(f"postgresql://me@localhost/ledger?{taken}").sslmode == "require"


def test_every_parameter_of_the_installed_libpq_is_known() -> None:
    pq = pytest.importorskip("psycopg").pq
    debugging = {"authtype", "tty", "requiressl"}  # gone or without effect
    known = {option.keyword.decode() for option in pq.Conninfo.get_defaults()}
    assert known - debugging <= _PARAMETERS


def test_this_machine_is_known_by_its_names() -> None:
    here = ("", "/tmp", "@abstract", "localhost", "127.0.0.1", "127.8.9.1", "::1")
    there = ("db.example.com", "10.0.0.1", "localhost.example.com", "1270.0.1")
    assert [is_this_machine(host) for host in (*here, *there)] == [True] * len(here) + [False] * len(there)


def test_another_machine_has_to_prove_who_it_is(load_home: LoadHome, problems_of: ProblemsOf) -> None:
    far = f"DATABASE_URL=postgresql://me:{SECRET}@db.example.com/ledger"
    for mode in ("", "?sslmode=require", "?sslmode=verify-ca"):
        (problem,) = problems_of(far + mode)
        assert "its certificate would not be checked" in problem.what
        assert "sslmode=verify-full" in problem.fix
        assert "w0rd" not in str(problem)
    for text in (f"{far}?sslmode=verify-full", f"{far}\nDATABASE_WEAK_TLS=true", "DATABASE_URL=postgresql:///ledger"):
        settings = load_home(text).settings
        assert settings.ledger_file is None
        assert "w0rd" not in repr(settings)


def test_no_password_is_shown_or_kept_in_a_settings_file(load_home: LoadHome, problems_of: ProblemsOf) -> None:
    loaded = load_home(f"DATABASE_URL=postgresql://me:{SECRET}@localhost/ledger")
    shown = {each.name: each.value for each in loaded.masked()}
    assert shown["DATABASE_URL"] == "postgresql://me@localhost/ledger"
    assert problems_of("DATABASE_ADMIN_URL=postgresql://admin@localhost/ledger"), "it belongs to one command alone"

"""What errors of a server mean, by the code that it gives or by its words."""

from __future__ import annotations

import psycopg
import pytest
from psycopg import errors

from tradebot.errors import LedgerBusy
from tradebot.ledger.postgres_errors import is_lost_connection, is_mistake, ledger_error
from tradebot.settings.server_url import read_server

SERVER = read_server("postgresql://me:w0rd-2345@localhost/ledger")
BY_CODE = {
    "53100": "disk is full",
    "53300": "no more connections",
    "25006": "takes writes",
    "57P01": "cut off",
    "57P03": "starts or stops",
    "57014": "took too long",
    "28P01": "refuses this user",
    "3D000": "createdb",
    "42501": "init-db",
    "42P01": "init-db",
    "58030": "Check the disk",
    "XX001": "is damaged",
}
BY_WORDS = {
    'FATAL:  password authentication failed for user "me"': "refuses this user",
    'FATAL:  database "ledger" does not exist': "createdb",
    "FATAL:  sorry, too many clients already": "no more connections",
    "FATAL:  the database system is starting up": "starts or stops",
    "SSL error: certificate verify failed": "did not prove who it is",
    "connection timeout expired": "did not answer in time",
    "Keine Verbindung zu w0rd-2345": "cannot be reached",
}


@pytest.mark.parametrize("code", BY_CODE)
def test_a_code_is_told_as_what_is_wrong_and_what_to_do(code: str) -> None:
    assert BY_CODE[code] in str(ledger_error(SERVER, errors.lookup(code)("what it said")))


def test_without_a_code_the_words_tell_and_a_password_is_masked() -> None:
    for words, expected in BY_WORDS.items():
        told = str(ledger_error(SERVER, psycopg.OperationalError(words), connecting=True))
        assert expected in told
        assert "w0rd" not in told


def test_what_another_process_holds_is_busy() -> None:
    for code in ("55P03", "40P01", "40001"):
        assert isinstance(ledger_error(SERVER, errors.lookup(code)("")), LedgerBusy)
    assert not isinstance(ledger_error(SERVER, errors.lookup("53100")("")), LedgerBusy)


def test_a_mistake_and_a_lost_connection_are_told_apart() -> None:
    mistakes = [errors.SyntaxError(""), errors.UndefinedColumn(""), psycopg.ProgrammingError("a parameter is missing")]
    others = [errors.UndefinedTable(""), errors.InsufficientPrivilege(""), errors.ForeignKeyViolation("")]
    assert [is_mistake(each) for each in (*mistakes, *others)] == [True] * 3 + [False] * 3
    lost = [psycopg.OperationalError("consuming input failed"), errors.AdminShutdown("")]
    assert [is_lost_connection(each) for each in (*lost, errors.DiskFull(""), *others)] == [True, True] + [False] * 4

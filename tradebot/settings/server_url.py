"""Reads the address of a ledger on a PostgreSQL server, and tells what of it may be shown."""

from __future__ import annotations

from ipaddress import ip_address
from typing import NoReturn
from urllib.parse import SplitResult, parse_qsl, unquote, urlsplit

from tradebot.settings.field_types import InvalidValue
from tradebot.settings.ledger_location import LedgerServer
from tradebot.settings.redaction import learn_secrets
from tradebot.settings.secret_fields import SecretText

#: How the addresses of such servers begin.
SCHEMES = ("postgresql", "postgres")
#: The sslmode that proves both that the server is the named one and that nobody reads along.
VERIFIED = "verify-full"
#: Parameters that would lead to a server that the address does not name.
_ELSEWHERE = frozenset({"service", "servicefile", "host", "hostaddr", "port", "dbname", "user"})


def is_this_machine(host: str) -> bool:
    """Whether a host is this machine: none, which is a socket, the folder of a socket, localhost or its addresses."""
    if not host or host.startswith(("/", "@")) or host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


def read_server(text: str) -> LedgerServer:
    """The server that a URL names. Its password is masked from now on. Raises InvalidValue, without the password."""
    try:
        parts = urlsplit(text)
        port = parts.port
    except ValueError:
        _refuse("its host or port cannot be read", "Name one host, and a port that is a number.")
    learn_secrets(*_secrets(parts))
    host = unquote(parts.netloc.rpartition("@")[2].rpartition(":")[0] if port else parts.netloc.rpartition("@")[2])
    database = unquote(parts.path.removeprefix("/"))
    if "," in host:
        _refuse("it names several hosts", "Name the one that takes writes.")
    if not database or "/" in database or parts.fragment:
        _refuse("it names no database", "Write postgresql://USER@HOST/DATABASE.")
    _check_parameters(parts)
    given = dict(parse_qsl(parts.query, keep_blank_values=True))
    host = given.get("host", host).strip("[]")
    return LedgerServer(
        url=SecretText(text),
        address=_address(parts, host, port, database),
        host=given.get("hostaddr", host),
        user=unquote(parts.username or ""),
        password=SecretText(unquote(parts.password)) if parts.password else None,
        sslmode=given.get("sslmode", ""),
    )


def _check_parameters(parts: SplitResult) -> None:
    """Raise InvalidValue for parameters that cannot be read, or that name another server than the address does."""
    try:
        given = parse_qsl(parts.query, keep_blank_values=True, strict_parsing=bool(parts.query))
    except ValueError:
        _refuse("what follows its ? cannot be read", "Write it like ?sslmode=verify-full&sslrootcert=system.")
    names = [name for name, _ in given]
    twice = {name for name in names if names.count(name) > 1}
    elsewhere = _ELSEWHERE.intersection(names) - ({"host", "hostaddr"} if not parts.hostname else set())
    if wrong := sorted(twice | elsewhere):
        _refuse(f"it names {wrong[0]} twice, or as a parameter", "Write host, port, user and database before the ?.")


def _address(parts: SplitResult, host: str, port: int | None, database: str) -> str:
    user = f"{unquote(parts.username)}@" if parts.username else ""
    shown = f"[{host}]" if ":" in host else host
    return f"postgresql://{user}{shown}{f':{port}' if port else ''}/{database}"


def _secrets(parts: SplitResult) -> tuple[str, ...]:
    """The password as it is written, and as the server gets it."""
    given = [value for name, value in parse_qsl(parts.query) if "password" in name]
    return (parts.password or "", unquote(parts.password or ""), *given)


def _refuse(what: str, fix: str) -> NoReturn:
    raise InvalidValue(f"the address of a PostgreSQL ledger cannot be used: {what}", fix)

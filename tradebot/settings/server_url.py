"""Reads the address of a ledger on a PostgreSQL server, and tells what of it may be shown."""

from __future__ import annotations

import re
from collections.abc import Mapping
from difflib import get_close_matches
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
#: The parameters of libpq that may follow the ? (https://www.postgresql.org/docs/current/libpq-connect.html), those
#: that are whole numbers, and those of a few words.
_NUMBERS = frozenset(
    {
        *("connect_timeout", "keepalives", "keepalives_idle", "keepalives_interval", "keepalives_count"),
        *("tcp_user_timeout", "sslcompression", "sslsni", "gssdelegation"),
    }
)
_WORDS: Mapping[str, tuple[str, ...]] = {
    "sslmode": ("disable", "allow", "prefer", "require", "verify-ca", VERIFIED),
    "sslnegotiation": ("postgres", "direct"),
    "sslcertmode": ("disable", "allow", "require"),
    "channel_binding": ("disable", "prefer", "require"),
    "gssencmode": ("disable", "prefer", "require"),
    "target_session_attrs": ("any", "read-write", "read-only", "primary", "standby", "prefer-standby"),
    "load_balance_hosts": ("disable", "random"),
}
_PARAMETERS = frozenset(
    {
        *(*_ELSEWHERE, *_NUMBERS, *_WORDS, "password", "passfile", "require_auth", "client_encoding", "options"),
        *("application_name", "fallback_application_name", "replication", "requirepeer", "krbsrvname", "gsslib"),
        *("sslcert", "sslkey", "sslpassword", "sslrootcert", "sslcrl", "sslcrldir", "sslkeylogfile"),
        *("ssl_min_protocol_version", "ssl_max_protocol_version", "min_protocol_version", "max_protocol_version"),
        *("scram_client_key", "scram_server_key"),
        *("oauth_issuer", "oauth_client_id", "oauth_client_secret", "oauth_scope"),
    }
)
#: A % that stands for itself, where an address has codes of characters, as %40 for @.
_BARE_PERCENT = re.compile("%(?![0-9A-Fa-f]{2})|%00")


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
    _check_quoting(text, parts)
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


def _check_quoting(text: str, parts: SplitResult) -> None:
    """Raise InvalidValue where libpq would read something else, and tell of it with a part of the password."""
    if _BARE_PERCENT.search(text):
        _refuse("it has a % that begins no code of a character", "Write % as %25, in a password as well.")
    if parts.netloc.count("@") > 1:
        _refuse("it has @ twice before the host", "Write @ as %40 in a password.")


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
    for name, value in given:
        _check_parameter(name, value)


def _check_parameter(name: str, value: str) -> None:
    """Raise InvalidValue for a parameter that libpq does not know, and for a value that it does not take.

    A value is told only where it is one of a few words or a number: another may be a secret.
    """
    if name not in _PARAMETERS:
        likely = get_close_matches(name, _PARAMETERS, n=1)
        meant = f"Did you mean {likely[0]}? " if likely else ""
        _refuse(f"libpq knows no parameter {name!r}", f"{meant}Its parameters are in PostgreSQL's documentation.")
    if name in _WORDS and value not in _WORDS[name]:
        _refuse(f"{name} cannot be {value!r}", f"It is one of {', '.join(_WORDS[name])}.")
    if name in _NUMBERS and not re.fullmatch(r"-?[0-9]+", value):
        _refuse(f"{name} is {value!r} and no whole number", "Write a number.")


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

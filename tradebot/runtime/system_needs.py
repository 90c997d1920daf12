"""What the system must have: SQLite's version, a drive that locks and syncs, certificates, proxies that are addresses.

An emergency stop needs none of it: it goes on without the variables of the environment that cannot be used.
"""

from __future__ import annotations

import os
import ssl
from collections.abc import Iterator, Mapping
from importlib.util import find_spec
from pathlib import Path
from urllib.parse import urlsplit

from tradebot.errors import ConfigError, Problem
from tradebot.home import drive_trial
from tradebot.ledger import sqlite_engine
from tradebot.ledger.drive_trial import Trial, try_database
from tradebot.settings import Settings, process_environment

_BUNDLES = ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE")
_PROXIES = ("http_proxy", "https_proxy", "all_proxy")
_SCHEMES = frozenset({"http", "https", "socks4", "socks4a", "socks5", "socks5h"})
_LOCAL_DRIVE = "Move the home to a drive of this machine (its path is --home or TRADEBOT_HOME)."
_UNSET = "Correct it, or unset it."


def problems(settings: Settings) -> Iterator[Problem]:
    """Everything that lacks, save the time zones and the user's folder, which the settings tell themselves."""
    if why := sqlite_engine.version_trouble():
        yield Problem("SQLite", why, sqlite_engine.VERSION_REMEDY)
    yield from network_problems(settings, process_environment())
    if settings.ledger_file and (folder := settings.ledger_file.parent).is_dir():
        drive = try_drive(folder)
        if drive.trouble:
            yield Problem(f"drive {drive_trial.name_of(folder)}", f"{folder}: {drive.trouble}", _LOCAL_DRIVE)


def try_drive(folder: Path) -> Trial:
    """What the drive of the ledger's folder lacks."""
    return Trial(why) if (why := drive_trial.trouble(folder)) else try_database(folder)


def network_problems(settings: Settings, environ: Mapping[str, str]) -> Iterator[Problem]:
    """The variables that no connection can use, and certificates that the system lacks for mail and heartbeat."""
    yield from variable_problems(environ)
    if (settings.email_smtp_server or settings.heartbeat_url) and not _has_certificates():
        fix = "Install the system's package ca-certificates, or name a file of certificates in SSL_CERT_FILE."
        yield Problem("certificates", "this system has none, so that no server can prove who it is", fix)


def refuse_unusable_variables() -> None:
    """Raise ConfigError for variables that no connection can use."""
    if unusable := tuple(variable_problems(process_environment())):
        raise ConfigError(unusable)


def variable_problems(environ: Mapping[str, str]) -> Iterator[Problem]:
    """The variables that no connection can use. The address of a proxy is not shown: it may hold a password."""
    for name in _BUNDLES:
        if path := environ.get(name, ""):
            yield from _bundle_problems(name, Path(path), is_folder_allowed=name != "SSL_CERT_FILE")
    if (folder := environ.get("SSL_CERT_DIR", "")) and not any(map(os.path.isdir, folder.split(os.pathsep))):
        yield Problem("SSL_CERT_DIR (environment)", f"there is no folder {folder}", _UNSET)
    for name in sorted(environ):
        if name.lower() in _PROXIES and environ[name].strip() and (why := _proxy_trouble(environ[name])):
            yield Problem(f"{name} (environment)", why, "Write it like http://proxy.example:3128, or unset it.")


def odd_network_variables(environ: Mapping[str, str]) -> Iterator[str]:
    """Notes on entries of NO_PROXY that exclude nothing."""
    for name in sorted(environ):
        if name.lower() == "no_proxy":
            for entry in filter(None, (entry.strip() for entry in environ[name].split(","))):
                if any(sign in entry for sign in ("://", ";", " ")) or ("*" in entry and entry != "*"):
                    yield f"{name} (environment): {entry!r} excludes nothing. Write names and addresses, with commas."


def unset_unusable() -> tuple[str, ...]:
    """Take what cannot be used out of this process's environment; returns the problems as notes."""
    notes = []
    for problem in tuple(variable_problems(process_environment())):
        os.environ.pop(problem.where.partition(" ")[0], None)
        notes.append(f"{problem.where}: {problem.what}. Going on without it.")
    return tuple(notes)


def _has_certificates() -> bool:
    """Whether the system has certificates, where OpenSSL looks for them."""
    if ssl.create_default_context().cert_store_stats()["x509_ca"]:
        return True
    folder = ssl.get_default_verify_paths().capath
    return folder is not None and any(Path(folder).glob("*"))


def _bundle_problems(name: str, path: Path, *, is_folder_allowed: bool) -> Iterator[Problem]:
    where = f"{name} (environment)"
    if path.is_dir() and is_folder_allowed:
        return
    try:
        ssl.create_default_context(cafile=str(path))
    except ssl.SSLError:
        yield Problem(where, f"{path} holds no certificates", _UNSET)
    except OSError as error:
        yield Problem(where, f"the certificates {path} cannot be read: {error.strerror or error}", _UNSET)


def _proxy_trouble(value: str) -> str:
    """Why a value is no address of a proxy; "" if it is one."""
    try:
        parts = urlsplit(value if "://" in value else f"http://{value}")
        host, _ = parts.hostname, parts.port
    except ValueError:
        return "it is no address"
    if not host or any(letter.isspace() for letter in value.strip()):
        return "it is no address"
    if parts.scheme.lower() not in _SCHEMES:
        return f"{parts.scheme!r} is no kind of proxy"
    if parts.scheme.lower().startswith("socks") and find_spec("socks") is None:
        return "a SOCKS proxy needs the package PySocks, which is not installed"
    return ""

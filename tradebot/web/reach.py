"""Who can reach the server, and what it needs for that: beyond this machine a token, encryption, and its names."""

from __future__ import annotations

from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from tradebot.errors import ConfigError, Problem
from tradebot.settings.alert_fields import is_loopback

if TYPE_CHECKING:
    from tradebot.settings import Settings

#: What the extra brings along, by the name that it is imported by.
_PACKAGES = ("fastapi", "uvicorn", "prometheus_client", "psutil", "python_multipart")


def require_packages() -> None:
    """Raise ConfigError where the extra is not installed."""
    missing = [name for name in _PACKAGES if find_spec(name) is None]
    if missing:
        what = f"the web server needs packages that are not installed: {', '.join(missing)}"
        raise ConfigError([Problem("tradebot serve", what, 'pip install "tradebot[web]"')])


def problems(settings: Settings, host: str, *, has_token: bool) -> Iterator[Problem]:
    """What is missing for listening at ``host``."""
    if bool(settings.web_tls_cert) != bool(settings.web_tls_key):
        missing = "WEB_TLS_KEY" if settings.web_tls_cert else "WEB_TLS_CERT"
        yield Problem(missing, "a certificate needs its key, and a key its certificate", "Set both, or neither.")
    if settings.web_tls_paths:
        yield from _tls_problems(*settings.web_tls_paths)
    if is_loopback(host):
        return
    beyond = f"WEB_HOST={host} can be reached from other machines"
    if not has_token:
        yield Problem(
            "tokens",
            f"{beyond}, and there is no token",
            "Make one first: tradebot serve --new-token NAME --scope read|stop|act",
        )
    if not (settings.web_tls_cert or settings.web_trusted_proxy):
        yield Problem(
            "WEB_TLS_CERT, WEB_TLS_KEY or WEB_TRUSTED_PROXY",
            f"{beyond}, and tokens would travel unencrypted",
            "Set WEB_TLS_CERT and WEB_TLS_KEY to a certificate and its key, or WEB_TRUSTED_PROXY to the address of the "
            "proxy that encrypts. On this machine alone: WEB_HOST=127.0.0.1, reached by `ssh -L 8000:127.0.0.1:8000`.",
        )
    if not settings.web_allowed_hosts:
        yield Problem(
            "WEB_ALLOWED_HOSTS",
            f"{beyond}, and nothing says by which names",
            "List the names in the browser's address, such as trade.example.org.",
        )


def _tls_problems(certificate: Path, key: Path) -> Iterator[Problem]:
    import ssl

    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(certificate, key, password=lambda: "")
    except (OSError, ValueError) as error:  # an SSLError is an OSError
        why = getattr(error, "reason", None) or getattr(error, "strerror", None) or error
        yield Problem(
            "WEB_TLS_CERT, WEB_TLS_KEY",
            f"{certificate} and {key} cannot be used: {why}",
            "Name PEM files that belong together, that this user may read, with a key that has no password.",
        )


def address(settings: Settings, host: str, port: int) -> str:
    """The server's address as a person types it, without a path."""
    if is_loopback(host):
        scheme = "https" if settings.web_tls_paths else "http"
        return f"{scheme}://{f'[{host}]' if ':' in host else host}:{port}"
    name = settings.web_allowed_hosts[0] if settings.web_allowed_hosts else host
    return f"https://{name}" if settings.web_trusted_proxy and not settings.web_tls_paths else f"https://{name}:{port}"

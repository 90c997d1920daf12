"""The settings of the web server. They stop no job: only `tradebot serve` refuses what is wrong with them."""

# ruff: noqa: RUF009 - `setting` makes the dataclass's fields, as `field` does

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from tradebot.settings.field_types import Names, Switch, setting
from tradebot.settings.number_fields import Count
from tradebot.settings.path_fields import FilePath
from tradebot.settings.web_fields import HOST_NAME, ListenAddress, Network, Networks


@dataclass(frozen=True, kw_only=True)
class WebSettings:
    """The page and the API (`tradebot serve`)"""

    enable_dashboard: bool = setting(
        True, Switch(), "Serve the page; without it there is no login, and API and metrics take tokens alone."
    )
    web_host: str = setting(
        "127.0.0.1",
        ListenAddress(),
        "The address to listen on. One that other machines reach needs a token, WEB_ALLOWED_HOSTS, and a certificate "
        "or WEB_TRUSTED_PROXY.",
    )
    web_port: int = setting(8000, Count(0, 65535), "The port to listen on; 0 takes a free one.")
    web_allowed_hosts: tuple[str, ...] = setting(
        (),
        Names(HOST_NAME, "host", "host names", "trade.example.org"),
        "The names, beside localhost, by which browsers may call the server.",
    )
    web_trusted_proxy: tuple[Network, ...] = setting(
        (),
        Networks(),
        "The proxies that bring encrypted requests here; what they say of the client (X-Forwarded-For and -Proto) is "
        "believed.",
    )
    web_tls_cert: Path | None = setting(
        None, FilePath("PEM file"), "The server's certificate, with those between it and its root."
    )
    web_tls_key: Path | None = setting(None, FilePath("PEM file"), "The private key of WEB_TLS_CERT.")
    web_session_hours: int = setting(168, Count(1, 8760), "Hours after which a browser has to log in again.")

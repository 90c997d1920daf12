"""Field types of the web server's settings: the address to listen on, names of hosts, and addresses of proxies."""

from __future__ import annotations

import re
from contextlib import suppress
from dataclasses import dataclass
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network

from tradebot.settings.field_types import FieldType, InvalidValue, shorten

HOST_NAME = re.compile(
    r"[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?(\.[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?){0,9}"
)
Network = IPv4Network | IPv6Network


@dataclass(frozen=True)
class ListenAddress(FieldType[str]):
    """An address of this machine."""

    def _accepts(self) -> str:
        return "IP address, or localhost"

    def _parse(self, text: str) -> str:
        if text.casefold() == "localhost":
            return "localhost"
        with suppress(ValueError):
            return str(ip_address(text.removeprefix("[").removesuffix("]")))
        raise InvalidValue(
            f"{shorten(text)!r} is no address", "Write 127.0.0.1, ::1, or an address of this machine, without a port."
        )


@dataclass(frozen=True)
class Networks(FieldType[tuple[Network, ...]]):
    """A comma-separated list of addresses and networks."""

    def _accepts(self) -> str:
        return "comma list of IP addresses and networks"

    def _parse(self, text: str) -> tuple[Network, ...]:
        return tuple(_network(item.strip()) for item in text.split(",") if item.strip())

    def _show(self, value: tuple[Network, ...]) -> str:
        return ",".join(_shown(network) for network in value)


def _network(text: str) -> Network:
    with suppress(ValueError):
        network = ip_network(text, strict=True)
        if network.prefixlen:
            return network
    raise InvalidValue(
        f"{shorten(text)!r} is no address or network", "Write it like 192.0.2.7 or 172.18.0.0/16; not every address."
    )


def _shown(network: Network) -> str:
    return str(network.network_address) if network.num_addresses == 1 else str(network)

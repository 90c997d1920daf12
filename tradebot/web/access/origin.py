"""Which requests may come in: by the name they call the server, by their encryption, and by the page behind them.

A page of another site can send requests here with the user's browser, and by a name of its own that leads to this
address (DNS rebinding). Neither is answered, whatever it brings along.
"""

from __future__ import annotations

from dataclasses import dataclass
from ipaddress import IPv6Address, ip_address, ip_network
from urllib.parse import urlsplit

from tradebot.settings.alert_fields import is_loopback
from tradebot.settings.web_fields import Network

_PORTS = {"http": 80, "https": 443}


@dataclass(frozen=True, slots=True)
class Caller:
    """What a request says of where it comes from. Header fields are None where they are missing."""

    peer: str  # the address at the other end of the connection; "" for a socket without one
    is_tls: bool  # whether this server decrypted it
    hosts: tuple[str, ...]  # every Host field
    origin: str | None
    fetch_site: str | None
    forwarded_for: str | None
    forwarded_proto: str | None


@dataclass(frozen=True, slots=True)
class Place:
    """Where an accepted request came from, and how it reached the server."""

    address: str  # of the client, as far as it is known
    scheme: str  # http or https, as the browser sees it
    host: str  # the Host field

    @property
    def origin(self) -> str:
        """The origin of the server's own pages, as this client sees it."""
        return f"{self.scheme}://{self.host}"

    @property
    def source(self) -> str:
        """By what wrong tokens are counted: the address, or its network of 64 bits, of which a client has the rest."""
        try:
            address = ip_address(self.address.partition("%")[0])
        except ValueError:
            return self.address
        if not isinstance(address, IPv6Address):
            return str(address)
        return str(address.ipv4_mapped or ip_network((address, 64), strict=False).network_address)


@dataclass(frozen=True, slots=True)
class Rejected:
    """Why a request is not answered."""

    status: int
    why: str


@dataclass(frozen=True, slots=True)
class OriginRules:
    """The names that the server answers to, and the proxies that it believes."""

    allowed_hosts: frozenset[str] = frozenset()  # beside those of this machine
    proxies: tuple[Network, ...] = ()

    def place(self, caller: Caller) -> Place | Rejected:
        """Where a request comes from, or why it is not answered."""
        by_proxy = bool(caller.peer) and any(_is_in(caller.peer, network) for network in self.proxies)
        if len(caller.hosts) != 1:
            return Rejected(400, "A request needs one Host field.")
        host = caller.hosts[0].lower()
        name = host_name(host)
        if not name or not (is_loopback(name) or name in self.allowed_hosts):
            return Rejected(421, "The server does not go by this name. WEB_ALLOWED_HOSTS lists those it answers to.")
        scheme = "https" if caller.is_tls or (by_proxy and caller.forwarded_proto == "https") else "http"
        is_here = is_loopback(name) and (by_proxy or not caller.peer or is_loopback(caller.peer))
        if scheme == "http" and not is_here:
            return Rejected(
                403,
                "From another machine, or by another name than localhost, only what is encrypted is answered: by a "
                "certificate (WEB_TLS_CERT), or by a proxy in WEB_TRUSTED_PROXY that says X-Forwarded-Proto: https.",
            )
        place = Place(self._client(caller) if by_proxy else caller.peer, scheme, host)
        if caller.fetch_site not in (None, "same-origin", "none"):
            return Rejected(403, "The request comes from a page of another site.")
        if caller.origin is not None and not is_same_origin(caller.origin, place.origin):
            return Rejected(403, "The request comes from a page of another origin.")
        return place

    def _client(self, caller: Caller) -> str:
        """The address that the last trusted proxy saw: the last one that is no proxy itself."""
        named = [part.strip() for part in (caller.forwarded_for or "").split(",") if part.strip()]
        for address in reversed(named):
            if not any(_is_in(address, network) for network in self.proxies):
                return address[:45]
        return caller.peer


def host_name(host: str) -> str:
    """The name in a Host field, without the port; "" for a field that cannot be understood."""
    try:
        parts = urlsplit(f"//{host}")
        _ = parts.port  # raises ValueError for what is no port
    except ValueError:
        return ""
    plain = parts.netloc == host and "@" not in host and not any(map(str.isspace, host))
    return (parts.hostname or "").rstrip(".") if plain else ""


def is_same_origin(one: str, other: str) -> bool:
    """Whether both are one origin: scheme, host and port. Whatever cannot be understood is another one."""
    first = _origin(one)
    return first is not None and first == _origin(other)


def _origin(text: str) -> tuple[str, str, int] | None:
    try:
        parts = urlsplit(text)
        port = parts.port or _PORTS.get(parts.scheme, 0)
    except ValueError:
        return None
    if parts.scheme not in _PORTS or not parts.hostname or parts.path or parts.query or parts.fragment:
        return None
    return parts.scheme, parts.hostname, port


def _is_in(address: str, network: Network) -> bool:
    try:
        parsed = ip_address(address.partition("%")[0])
    except ValueError:
        return False
    mapped = parsed.ipv4_mapped if isinstance(parsed, IPv6Address) else None
    return (mapped or parsed) in network

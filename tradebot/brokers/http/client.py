"""One request through alpaca-py's client, made to end.

The client as it comes waits for ever, and repeats requests that have an effect.
"""

from __future__ import annotations

from collections.abc import Mapping
from threading import Thread
from typing import Any
from urllib.parse import urlencode

from alpaca.common.rest import RESTClient
from requests import PreparedRequest, Session

from tradebot.brokers.http.departure import Departure, NoticingAdapter, current
from tradebot.brokers.http.responses import Answer, NoAnswer
from tradebot.brokers.http.timeouts import Patience
from tradebot.brokers.http.troubles import TooLarge, why_none
from tradebot.settings.alpaca_urls import Keys, Place

#: No honest answer is larger; a wrong address may lead to one without end.
MOST_BYTES = 64_000_000
_PIECE = 65_536


class Client(RESTClient):
    """Sends requests to one place with one set of keys, each exactly once. For one thread at a time.

    Of alpaca-py come the headers, the session and how address and parameters are written. Redirects are not followed.
    A proxy and certificates that the environment names are used, except towards this machine itself; ~/.netrc is not.
    """

    def __init__(self, place: Place, keys: Keys, patience: Patience) -> None:
        super().__init__(place.url, keys.key_id, keys.secret, raw_data=True)
        self._place = place
        self._patience = patience
        self._retry = 0
        self._session = self._new_session()

    def exchange(
        self, method: str, path: str, params: Mapping[str, str] | None, body: Mapping[str, Any] | None, seconds: float
    ) -> Answer:
        """The whole answer to one request, within ``seconds``. ``path`` begins with the version. Raises NoAnswer.

        It is sent from a thread of its own, because nothing else ends a slow look-up of a name, or an answer that
        arrives a byte at a time. Whoever is given up on before anything left, never sends.
        """
        version, _, rest = path.removeprefix("/").partition("/")
        address = f"/{rest}?{urlencode(params)}" if params else f"/{rest}"
        departure = Departure()
        came: list[Answer | Exception] = []

        def work() -> None:
            current.set(departure)
            try:
                came.append(self._request(method, address, body, api_version=version))  # type: ignore[arg-type]  # ours
            except Exception as error:  # noqa: BLE001 - whoever waits for it raises it again
                came.append(error)

        thread = Thread(target=work, name="request", daemon=True)
        thread.start()
        leaving = min(self._patience.leaving, seconds)
        thread.join(leaving)
        if not came and departure.call_off():
            raise self._given_up(f"could not be reached within {leaving:.3g} seconds", left=False)
        thread.join(seconds - leaving)
        if not came:
            departure.hang_up()
            raise self._given_up(f"gave no whole answer within {seconds:.3g} seconds", left=True)
        if isinstance(came[0], Exception):
            raise why_none(came[0], departure.left, self._patience) from came[0]
        return came[0]

    def _one_request(self, method: str, url: str, opts: dict[str, Any], retry: int) -> Any:
        timeout = (self._patience.connect, self._patience.silence)
        with self._session.request(method, url, **opts, timeout=timeout, stream=True, auth=_as_it_is) as response:
            body = bytearray()
            for piece in response.iter_content(_PIECE):
                body += piece
                if len(body) > MOST_BYTES:
                    raise TooLarge
            return Answer(response.status_code, response.headers, bytes(body))

    def _given_up(self, why: str, *, left: bool) -> NoAnswer:
        self._session = self._new_session()  # the other one is still in use
        return NoAnswer(why, left=left)

    def _new_session(self) -> Session:
        session = Session()
        session.trust_env = not self._place.loopback
        adapter = NoticingAdapter()
        session.mount("https://", adapter)
        session.mount("http://", adapter)
        return session


def _as_it_is(request: PreparedRequest) -> PreparedRequest:
    """The keys are in the headers already; without this, requests would look into ~/.netrc for others."""
    return request

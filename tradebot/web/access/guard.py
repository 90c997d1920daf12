"""The guard before every request: where it comes from, who brought it, how large and how slow it may be.

Whatever passes has a grant, save what is open to all. The routes check the scope, the home and the form's token
(``tradebot.web.access.visitors``).
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from contextlib import suppress
from secrets import token_urlsafe
from typing import Protocol
from urllib.parse import quote

from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import cookie_parser
from starlette.responses import RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Send
from starlette.types import Scope as HttpScope

from tradebot.core.model.texts import visible
from tradebot.web.access.access import Access, Grant
from tradebot.web.access.origin import Caller, OriginRules, Place, Rejected
from tradebot.web.access.wrong_tokens import WrongTokens
from tradebot.web.problem_json import Refused, problem_response

_LOG = logging.getLogger(__name__)
#: Bytes that a request may bring along: reasons and names, no files.
MOST_BYTES = 64 * 1024
#: Seconds for the body of a request.
BODY_SECONDS = 10.0
#: Logins that are read at the same time: strangers take no connection from those who are in.
MOST_LOGINS = 16
#: What is open to all. It shows no figure.
OPEN_PATHS = frozenset({"/healthz", "/login"})
OPEN_FOLDER = "/static/"
#: What keeps a page's HTML where it belongs; NONCE stands for the one of the response.
POLICY = (
    "default-src 'none'; script-src 'nonce-NONCE'; style-src 'self' 'nonce-NONCE'; img-src 'self' data:; "
    "font-src 'self'; connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
_HEADERS = (
    ("X-Content-Type-Options", "nosniff"),
    ("X-Frame-Options", "DENY"),
    ("Referrer-Policy", "same-origin"),
    ("Cross-Origin-Opener-Policy", "same-origin"),
    ("Cross-Origin-Resource-Policy", "same-origin"),
    ("Permissions-Policy", "camera=(), geolocation=(), microphone=()"),
)
_SAFE_METHODS = frozenset({"GET", "HEAD"})


class Told(Protocol):
    """Tells the operator of wrong tokens. Never raises, and never waits."""

    def __call__(self, source: str, wrong: int) -> None:
        """Tell that so many wrong tokens came from a source."""
        ...


class Guard:
    """The middleware. ``cookie``: the name of the session's cookie; "" where there are no sessions."""

    def __init__(
        self,
        app: ASGIApp,
        *,
        access: Access,
        rules: OriginRules,
        wrong_tokens: WrongTokens,
        tell: Told,
        cookie: str,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._app = app
        self._access = access
        self._rules = rules
        self._wrong_tokens = wrong_tokens
        self._tell = tell
        self._cookie = cookie
        self._sleep = sleep
        self._logins = 0

    async def __call__(self, scope: HttpScope, receive: Receive, send: Send) -> None:
        """Answer a request."""
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
            return
        if scope["type"] != "http":  # no route has a WebSocket
            await send({"type": "websocket.close", "code": 1008})
            return
        state = scope.setdefault("state", {})
        state["nonce"] = token_urlsafe(18)
        answer = _Answer(send, state["nonce"], is_static=scope["path"].startswith(OPEN_FOLDER))
        try:
            await self._answer(scope, receive, answer)
        except Exception:  # a bug, and the client gets no word of it
            _LOG.exception("%s %s failed", scope["method"], visible(scope["path"]))
            if answer.is_begun:
                raise
            refused = Refused(500, "An unexpected error: the server's log has it.", exit_code=None)
            await problem_response(refused)(scope, receive, answer)

    async def _answer(self, scope: HttpScope, receive: Receive, answer: _Answer) -> None:
        headers = Headers(scope=scope)
        place = self._rules.place(_caller(scope, headers))
        if isinstance(place, Rejected):
            await _refuse(scope, headers, place)(scope, receive, answer.closing)
            return
        scope["state"]["place"] = place
        if _is_too_large(headers):
            await problem_response(_too_large())(scope, receive, answer.closing)
            return
        response = await self._admit(scope, headers, place)
        if response is not None:
            await response(scope, receive, answer.closing if scope["method"] not in _SAFE_METHODS else answer)
            return
        is_stranger = scope["state"]["grant"] is None and scope["method"] not in _SAFE_METHODS
        if is_stranger and self._logins >= MOST_LOGINS:
            busy = Refused(503, "Too many logins at once. Try again.", headers={"Retry-After": "5"})
            await problem_response(busy)(scope, receive, answer.closing)
            return
        self._logins += is_stranger
        try:
            body = _Body(receive)
            refused = await body.read()
            if refused is not None:
                _LOG.warning("%s %s was not done: %s", scope["method"], visible(scope["path"]), refused)
                await problem_response(refused)(scope, receive, answer.closing)
            else:
                await self._app(scope, body, answer)
        finally:
            self._logins -= is_stranger

    async def _admit(self, scope: HttpScope, headers: Headers, place: Place) -> Response | None:
        """Find the grant of a request and keep it with the request, or make the response that refuses it."""
        path = scope["path"]
        state = scope["state"]
        state["grant"] = None
        state["punish"] = self.punish
        authorization = headers.getlist("authorization")
        if authorization:  # a token; cookies do not count
            state["grant"] = self._of_token(authorization)
            if state["grant"] is None and not is_open(path):
                await self.punish(place)
                return problem_response(_wrong_token())
        elif self._cookie:
            state["grant"] = self._of_session(headers)
            if state["grant"] and scope["method"] not in _SAFE_METHODS and headers.get("origin") is None:
                return problem_response(Refused(403, "A browser's form needs its Origin."))
        if state["grant"] is None and not is_open(path):
            return self._please_log_in(scope, headers)
        return None

    async def punish(self, place: Place) -> None:
        """Let the answer to a wrong token wait."""
        penalty = self._wrong_tokens.add(place.source)
        if penalty.is_logged:
            _LOG.warning("a wrong token from %s (%d so far)", visible(place.source), penalty.wrong)
        if penalty.is_alert:
            self._tell(place.source, penalty.wrong)
        if self._wrong_tokens.begin_wait():
            try:
                await self._sleep(penalty.wait)
            finally:
                self._wrong_tokens.end_wait()

    def _of_token(self, authorization: list[str]) -> Grant | None:
        kind, _, token = authorization[0].partition(" ")
        return self._access.of_token(token.strip()) if len(authorization) == 1 and kind.lower() == "bearer" else None

    def _of_session(self, headers: Headers) -> Grant | None:
        cookies = [cookie_parser(line).get(self._cookie, "") for line in headers.getlist("cookie")]
        return next((grant for cookie in cookies if cookie and (grant := self._access.of_session(cookie))), None)

    def _please_log_in(self, scope: HttpScope, headers: Headers) -> Response:
        if self._cookie and is_for_a_browser(scope["path"], headers):  # a form, too: its page comes after the login
            query = scope["query_string"].decode("latin-1")
            wanted = scope["path"] + (f"?{query}" if query else "")
            return RedirectResponse(f"/login?next={quote(wanted, safe='/')}", 303)
        return problem_response(_wrong_token())


class _Answer:
    """Sends a response with the headers that every response has."""

    def __init__(self, send: Send, nonce: str, *, is_static: bool) -> None:
        self._send = send
        self._nonce = nonce
        self._is_static = is_static
        self.is_begun = False

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.is_begun = True
            headers = MutableHeaders(scope=message)
            for name, value in _HEADERS:
                headers[name] = value
            headers.setdefault("Content-Security-Policy", POLICY.replace("NONCE", self._nonce))
            headers.setdefault("Cache-Control", "max-age=3600" if self._is_static else "no-store")
        await self._send(message)

    async def closing(self, message: Message) -> None:
        """As itself, and the connection ends afterwards: what the client still sends is not read."""
        if message["type"] == "http.response.start":
            MutableHeaders(scope=message)["Connection"] = "close"
        await self(message)


class _Body:
    """The body of a request, read whole before its route begins, and given to the route."""

    def __init__(self, receive: Receive) -> None:
        self._receive = receive
        self._content: bytes | None = b""

    async def read(self) -> Refused | None:
        """Read it, or say why not: too large, too slow, or not whole, as half of a form may ask for something else."""
        content, more = bytearray(), True
        try:
            async with asyncio.timeout(BODY_SECONDS):
                while more:
                    message = await self._receive()
                    if message["type"] != "http.request":
                        return Refused(400, "The request ended before its body did: nothing was done.")
                    content += message.get("body", b"")
                    if len(content) > MOST_BYTES:
                        return _too_large()
                    more = message.get("more_body", False)
        except TimeoutError:
            return Refused(408, "The request took too long.")
        self._content = bytes(content)
        return None

    async def __call__(self) -> Message:
        """Give the body once; then wait for the client's end."""
        if self._content is None:
            return await self._receive()
        content, self._content = self._content, None
        return {"type": "http.request", "body": content, "more_body": False}


def is_open(path: str) -> bool:
    """Whether a path is open to all."""
    return path in OPEN_PATHS or path.startswith(OPEN_FOLDER)


def is_for_a_browser(path: str, headers: Headers) -> bool:
    """Whether a request asks for a page."""
    return not path.startswith(("/api", "/metrics")) and "text/html" in headers.get("accept", "")


def _caller(scope: HttpScope, headers: Headers) -> Caller:
    client = scope.get("client")
    origins = headers.getlist("origin")
    return Caller(
        peer=client[0] if client else "",
        is_tls=scope["scheme"] == "https",
        hosts=tuple(headers.getlist("host")),
        origin=",".join(origins) if origins else None,
        fetch_site=headers.get("sec-fetch-site"),
        forwarded_for=",".join(headers.getlist("x-forwarded-for")) or None,
        forwarded_proto=headers.get("x-forwarded-proto"),
    )


def _is_too_large(headers: Headers) -> bool:
    with suppress(ValueError):
        return int(headers.get("content-length", "0")) > MOST_BYTES
    return True


def _too_large() -> Refused:
    return Refused(413, f"A request may bring at most {MOST_BYTES} bytes along.")


def _wrong_token() -> Refused:
    detail = (
        "This needs a token, as in `curl -H 'Authorization: Bearer tbt_...'`. `tradebot serve --new-token NAME --scope "
        "read|stop|act` makes one."
    )
    return Refused(401, detail, headers={"WWW-Authenticate": 'Bearer realm="tradebot"'})


def _refuse(scope: HttpScope, headers: Headers, rejected: Rejected) -> Response:
    """Refuse a request that may not come in. Who followed a link from another site may go on by hand."""
    is_link = headers.get("sec-fetch-mode") == "navigate" and headers.get("sec-fetch-dest") == "document"
    if is_link and scope["method"] == "GET" and is_for_a_browser(scope["path"], headers):
        page = (
            '<!doctype html><html lang="en"><meta charset="utf-8"><title>tradebot</title><main><h1>Not opened</h1>'
            f"<p>{rejected.why}</p><p>If you followed a link, go on: "
            '<a href="/">open the page of tradebot</a>.</p></main></html>'
        )
        return Response(page, rejected.status, media_type="text/html")
    return problem_response(Refused(rejected.status, rejected.why))

"""What an attacker tries on a server that runs, over its own socket: each is refused, and the server goes on."""

from __future__ import annotations

import re
import socket
import time
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, suppress
from urllib.parse import quote

import pytest
from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute

from tests.web.conftest import Served
from tests.web.test_app import routes_of, scopes_of, site_of
from tradebot.web.access.guard import MOST_BYTES

#: A path that no route has. The guard stands before the routes: it answers 404 to those who are in, and to nobody else.
PATH = "/api/nothing"


@pytest.fixture(scope="module")
def cookie(server: Served, tokens: Mapping[str, str]) -> str:
    """The cookie of a session that may do everything."""
    return server.log_in(tokens["act"])


def test_without_a_token_nothing_is_open_but_what_is_meant_to_be(server: Served) -> None:
    for path in (
        "/",
        "/api/status",
        "/api/stop_trading",
        "/metrics",
        "/api/openapi.json",
        PATH,
        "/healthz/",
        "//login",
    ):
        for method in ("GET", "POST", "PUT", "DELETE", "OPTIONS", "HEAD", "PATCH", "TRACE"):
            assert server.send(method, path).status == 401, (method, path)
    assert "--new-token" in server.send("POST", "/api/stop_trading").json["detail"]
    assert server.get("/healthz").body == "ok\n"
    page = server.get("/status?a=b", Accept="text/html")
    assert (page.status, page.headers["location"]) == (303, "/login?next=/status%3Fa%3Db")


def test_a_right_token_is_never_slowed_while_wrong_ones_wait(server: Served, tokens: Mapping[str, str]) -> None:
    with ThreadPoolExecutor(2) as pool:
        guesses = [pool.submit(server.get, PATH, f"tbt_{number}") for number in range(2)]
        time.sleep(0.1)
        begun = time.monotonic()
        assert server.get(PATH, tokens["read"]).status == 404
        assert time.monotonic() - begun < 0.5
        assert {guess.result().status for guess in guesses} == {401}


@pytest.fixture(scope="module")
def routes(server: Served) -> list[APIRoute]:
    """Every route that asks for a scope."""
    site = site_of(server.home)
    return [each for each in routes_of(site) if isinstance(each, APIRoute) and list(scopes_of(each))]


def method_of(route: APIRoute) -> str:
    """The one method of a route."""
    return next(iter(route.methods or ()))


def test_no_scope_goes_beyond_its_own(server: Served, tokens: Mapping[str, str], routes: list[APIRoute]) -> None:
    refused = 0
    for route in routes:
        allowed = next(scopes_of(route))
        path = re.sub(r"{[^}]*}", "x", route.path)
        for scope in {"read", "stop"} - set(allowed):
            got = server.send(method_of(route), path, token=tokens[scope])
            assert got.status == 403 and scope in got.json["detail"], (scope, path)
            refused += 1
    assert refused > len(routes) / 2
    for path in ("/api/status", "/api/positions", "/metrics"):
        assert server.get(path, tokens["stop"]).status == 403, path


def test_a_token_is_for_its_homes_and_no_name_leads_to_another_folder(
    server: Served, tokens: Mapping[str, str], routes: list[APIRoute]
) -> None:
    everywhere = server.token("read", "--all")
    assert server.get("/api/positions?home=other", everywhere).json["home"] == str(server.home.parent / "other")
    other = server.token("read", "--home-name", "other")
    assert server.get("/api/positions", other).json["home"] == str(server.home.parent / "other"), "its only one"
    assert server.get("/api/positions?home=home", other).status == 404
    names = ("other", "..", "../home", str(server.home), "home/", "%00", "HOME", "--all", "' OR 1=1 --")
    for name in names:
        got = server.get(f"/api/positions?home={quote(name)}", tokens["read"])
        assert got.status == 404 and "Homes: home." in got.json["detail"], name
    for route in routes:
        got = server.send(method_of(route), re.sub(r"{[^}]*}", "x", route.path) + "?home=other", token=tokens["act"])
        assert got.status == 404, route.path


@pytest.mark.parametrize("text", [
    "'; DROP TABLE fills; --", "' OR '1'='1", "<script>alert(1)</script>", "--home=/tmp", "-x", "--", "AAPL\n--force",
    "\x00", "../../etc/passwd", "$(id)", "{{7*7}}", "%s%n", "\u202e", "A" * 5000,
])  # fmt: skip
def test_what_is_no_symbol_strategy_or_reason_is_refused_as_text(
    server: Served, tokens: Mapping[str, str], routes: list[APIRoute], text: str
) -> None:
    for route in routes:
        if route.methods != {"GET"} or not route.path.startswith("/api/"):
            continue
        named = list(names_of(route.dependant))
        for name in named:
            got = server.get(f"{route.path}?{name}={quote(text)}", tokens["read"])
            assert got.status in (404, 422) and got.json["status"] == got.status, (route.path, name, got.body)
            assert got.headers["content-type"] == "application/problem+json"
        got = server.get(f"/api/{quote(text, safe='')}", tokens["read"])
        assert got.status == 404


def names_of(asked: Dependant) -> Iterator[str]:
    """The names of what a route takes from the address, itself or by what it depends on."""
    yield from (each.alias for each in asked.query_params)
    for each in asked.dependencies:
        yield from names_of(each)


def test_a_login_code_is_good_once(server: Served) -> None:
    code = server.command("--login-link")["link"].partition("#code=")[2]
    assert server.get(PATH, Cookie=server.log_in(code)).status == 404
    again = server.form("/login", token=code)
    assert again.status == 401 and "opens nothing" in again.body and code not in again.body
    assert server.get(f"/login?code={code}").status == 200, "in an address it is not looked at"


def test_a_session_that_is_revoked_or_logged_out_is_over(server: Served, tokens: Mapping[str, str]) -> None:
    for end in ("revoke", "log out"):
        cookie = server.log_in(tokens["read"])
        assert server.get(PATH, Cookie=cookie).status == 404
        if end == "revoke":
            newest = server.command("--sessions")["browsers"][-1]
            server.command("--revoke-session", newest["session_id"])
        else:
            assert server.form("/logout", cookie).status == 403, "without the token of its forms"
            csrf = csrf_of(cookie)
            assert server.form("/logout", cookie, csrf=csrf).status == 303
        assert server.get(PATH, Cookie=cookie).status == 401


def csrf_of(cookie: str) -> str:
    """What a page of this session puts into its forms."""
    import hashlib
    import hmac

    secret = cookie.partition("=")[2]
    return hmac.new(secret.encode(), b"forms of this session", hashlib.sha256).hexdigest()


def test_the_cookie_is_out_of_reach_of_scripts_and_other_sites(server: Served, tokens: Mapping[str, str]) -> None:
    got = server.form("/login", token=tokens["act"])
    assert {"HttpOnly", "Path=/", "SameSite=strict"} <= {part.strip() for part in got.headers["set-cookie"].split(";")}
    assert tokens["act"] not in got.headers["set-cookie"] + got.body


def test_a_form_of_another_page_does_nothing(server: Served, cookie: str) -> None:
    csrf = csrf_of(cookie)
    other = csrf_of("x=tbs_another")
    for origin in (
        None,
        "null",
        "http://evil.example",
        f"http://localhost:{server.port}",
        f"https://127.0.0.1:{server.port}",
    ):
        assert server.form("/logout", cookie, origin=origin, csrf=csrf).status == 403, origin
        assert server.form("/login", token="tbl_x", origin=origin).status == 403, origin
    for wrong in ("", other, csrf[:-1]):
        assert server.form("/logout", cookie, csrf=wrong).status == 403, wrong
    for site in ("cross-site", "same-site"):
        for path in ("/logout", "/login", "/healthz", "/"):
            for method in ("GET", "POST"):
                fields = {"Cookie": cookie, "Sec-Fetch-Site": site, "Origin": server.origin, "X-CSRF-Token": csrf}
                assert server.send(method, path, fields=fields).status == 403, (site, path, method)
    assert server.get(PATH, Cookie=cookie).status == 404, "it is still logged in"


def test_who_follows_a_link_from_another_site_may_go_on_by_hand(server: Served, cookie: str) -> None:
    link = {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "document"}
    got = server.send("GET", "/?<script>", fields={**link, "Accept": "text/html", "Cookie": cookie})
    assert got.status == 403 and 'href="/"' in got.body and "script" not in got.body


@pytest.mark.parametrize(
    "host", ["evil.example", "127.0.0.1.evil.example", "evil.example:{port}", "", "0.0.0.0:{port}"]
)
def test_a_foreign_name_is_not_answered(server: Served, tokens: Mapping[str, str], host: str) -> None:
    for path in ("/healthz", "/login", PATH):
        got = server.get(path, tokens["act"], Host=host.format(port=server.port))
        assert got.status in (400, 421), path


def test_two_names_in_one_request_are_not_answered(server: Served) -> None:
    assert b" 400 " in raw(server, b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nHost: evil.example\r\n\r\n")
    assert b" 400 " in raw(server, b"GET /healthz HTTP/1.1\r\n\r\n")
    assert b" 421 " in raw(server, b"GET http://localhost/healthz HTTP/1.1\r\nHost: evil.example\r\n\r\n")


def test_a_line_break_in_what_is_sent_makes_no_header(server: Served) -> None:
    for path in ("/%0d%0aSet-Cookie:%20a=b", "/a?b=%0d%0aSet-Cookie:%20a=b", "/a?%0aX: y"):
        got = server.get(path.replace(" ", "%20"), Accept="text/html")
        assert got.status == 303 and got.headers["set-cookie"] is None and got.headers["x"] is None
    for wanted in (
        "/a%0d%0aSet-Cookie: a=b",
        "/a\r\nSet-Cookie: a=b",
        "//evil.example",
        "https://evil.example",
        "/\\evil",
    ):
        code = server.command("--login-link")["link"].partition("#code=")[2]
        got = server.form("/login", token=code, next=wanted)
        assert got.status == 303 and "evil" not in got.headers["location"], wanted
        assert got.headers.get_all("set-cookie") is not None and len(got.headers.get_all("set-cookie") or ()) == 1
    assert b" 400 " in raw(server, b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nA: b\x00c\r\n\r\n")


@pytest.mark.parametrize("path", [
    "/static/../../../../etc/passwd", "/static/..%2f..%2f..%2fetc/passwd", "/static/%2e%2e/%2e%2e/etc/passwd",
    "/static//etc/passwd", "/static/..\\..\\etc\\passwd", "/static/%00", "/static/../api/status",
    "/login/../api/status",
    "/static/../state/web_access.json",
])  # fmt: skip
def test_no_path_leads_out_of_the_static_files(server: Served, path: str) -> None:
    got = server.get(path)
    assert got.status in (401, 404), path
    assert "root:" not in got.body and "digest" not in got.body


def test_every_response_has_the_headers(server: Served, tokens: Mapping[str, str]) -> None:
    nonces = set()
    for got in (server.get("/healthz"), server.get("/login"), server.get("/"), server.get(PATH, tokens["act"]),
                server.get("/healthz", Host="evil.example")):  # fmt: skip
        headers = got.headers
        policy = headers["content-security-policy"]
        assert "frame-ancestors 'none'" in policy and "unsafe" not in policy and "default-src 'none'" in policy
        nonces.add(policy.partition("'nonce-")[2].partition("'")[0])
        assert headers["x-content-type-options"] == "nosniff" and headers["referrer-policy"] == "same-origin"
        assert headers["cache-control"] == "no-store" and headers["server"] is None
        assert headers["access-control-allow-origin"] is None
    assert len(nonces) == 5


def test_html_in_what_is_sent_comes_back_as_text(server: Served) -> None:
    got = server.get("/login?next=/%22%3E%3Cscript%3Ealert(1)%3C/script%3E")
    assert got.status == 200 and "<script>alert" not in got.body and "&lt;script&gt;alert" in got.body


def test_a_body_of_ten_megabytes_is_refused_unread(server: Served, tokens: Mapping[str, str]) -> None:
    for path in (PATH, "/login"):
        begun = time.monotonic()
        got = server.send("POST", path, b"x" * 10_000_000, token=tokens["act"])
        assert got.status == 413 and time.monotonic() - begun < 5
    chunk = b"%x\r\n%s\r\n" % (MOST_BYTES, b"x" * MOST_BYTES)
    head = f"POST {PATH} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {tokens['act']}\r\n"
    assert b" 413 " in raw(server, head.encode() + b"Transfer-Encoding: chunked\r\n\r\n" + chunk * 3)
    assert b" 413 " in raw(server, head.encode() + b"Content-Length: 999999999999\r\n\r\n")
    assert server.send("POST", PATH, b"x" * MOST_BYTES, token=tokens["act"]).status == 404
    assert b" 400 " in raw(server, b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nA: " + b"b" * 40_000), "no end"


def test_half_a_request_is_no_request(server: Served, tokens: Mapping[str, str]) -> None:
    """Who asked to close, and was cut off before the word, has not asked for a stop that keeps."""
    for body, length in ((b"", 30), (b'{"reason": "x", ', 40), (b"reason=x", 30)):
        head = f"POST /api/stop_trading HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {tokens['act']}\r\n"
        with closing(socket.create_connection(("127.0.0.1", server.port), timeout=20)) as connection:
            connection.sendall(head.encode() + f"Content-Length: {length}\r\n\r\n".encode() + body)
            connection.shutdown(socket.SHUT_WR)
            with suppress(ConnectionError):
                while connection.recv(4096):
                    pass
    time.sleep(0.5)
    assert server.get("/api/actions", tokens["act"]).json == []


def raw(server: Served, request: bytes, seconds: float = 20) -> bytes:
    """The first bytes of the answer to what is sent as it is."""
    with closing(socket.create_connection(("127.0.0.1", server.port), timeout=seconds)) as connection:
        with suppress(ConnectionError):
            connection.sendall(request)
        try:
            return connection.recv(4096)
        except ConnectionError:
            return b""

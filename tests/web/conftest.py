"""A server that runs, on a port of its own, and what its clients send."""

from __future__ import annotations

import http.client
import json
import re
import shutil
import ssl
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest

from tests.fakes.cli import environment, start, tradebot
from tests.fakes.receivers import CERTIFICATE
from tradebot.core.results.web_access import Scope
from tradebot.home import paths, registry
from tradebot.runtime.clocks import SystemClock
from tradebot.web.access.access import Access
from tradebot.web.access.access_file import AccessFile

#: A header field of a response, or of a request.
Fields = Mapping[str, str]


@dataclass(frozen=True)
class Got:
    """A response."""

    status: int
    headers: http.client.HTTPMessage
    body: str

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def cookie(self) -> str:
        """The cookie that it sets, as a browser sends it back."""
        return self.headers["set-cookie"].partition(";")[0]


@dataclass(frozen=True)
class Served:
    """A server that runs."""

    home: Path
    port: int
    pid: int
    scheme: str = "http"

    @property
    def origin(self) -> str:
        return f"{self.scheme}://127.0.0.1:{self.port}"

    def command(self, *arguments: str) -> Any:
        """What `tradebot serve ARGUMENTS --json` prints for the server's home."""
        ended = tradebot("serve", *arguments, "--home", self.home, "--json", state=self.home.parent / "state",
                         cwd=self.home.parent)  # fmt: skip
        assert ended.code == 0, ended.err
        return ended.json

    def token(self, scope: str, *more: str) -> str:
        """A new token for the home, or with ``more`` options of `serve --new-token` as that makes it.

        A process that makes it takes a second of two processors, and the server cannot tell one from the other.
        """
        access = Access(AccessFile(paths.web_access_file(self.home)), SystemClock(), timedelta(hours=1))
        name = f"{scope} {len(access.tokens())}"
        if more:
            token: str = self.command("--new-token", name, "--scope", scope, *more)["token"]
            return token
        return access.new_token(name, Scope(scope), [str(self.home.resolve())])

    def get(self, path: str, token: str = "", **fields: str) -> Got:
        return self.send("GET", path, token=token, fields=fields)

    def send(
        self,
        method: str,
        path: str,
        body: str | bytes | None = None,
        *,
        token: str = "",
        fields: Fields | None = None,
    ) -> Got:
        """Send a request. An underscore in the name of a header field stands for a hyphen."""
        headers = {name.replace("_", "-"): value for name, value in (fields or {}).items()}
        if token:
            headers["Authorization"] = f"Bearer {token}"
        connection = self._connection()
        try:
            with suppress(ConnectionError):  # a body that is not read to its end
                connection.request(method, path, body, headers)
            response = connection.getresponse()
            return Got(response.status, response.headers, response.read().decode())
        finally:
            connection.close()

    def _connection(self) -> http.client.HTTPConnection:
        if self.scheme == "http":
            return http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        trusted = ssl.create_default_context(cafile=CERTIFICATE)
        return http.client.HTTPSConnection("127.0.0.1", self.port, timeout=30, context=trusted)

    def form(self, path: str, cookie: str = "", *, origin: str | None = "", **values: str) -> Got:
        """Send a form as a browser does."""
        fields = {"Content-Type": "application/x-www-form-urlencoded", "Cookie": cookie}
        if origin is not None:
            fields["Origin"] = origin or self.origin
        return self.send("POST", path, urlencode(values), fields=fields)

    def log_in(self, secret: str) -> str:
        """The cookie of a new session."""
        got = self.form("/login", token=secret)
        assert got.status == 303, got.body
        return got.cookie


@contextmanager
def serving(home: Path, environ: Mapping[str, str] | None = None) -> Iterator[tuple[Served, subprocess.Popen[str]]]:
    """A server of a home, until the block ends."""
    env = {**environment(home.parent / "state", environ), "WEB_PORT": "0"}
    process = start("tradebot", "serve", "--home", home, cwd=home.parent, env=env, interpreter=True)
    assert isinstance(process, subprocess.Popen) and process.stdout is not None
    try:
        said = process.stdout.readline()
        found = re.search(r"(https?)://\S+:(\d+)/", said)
        assert found, said + process.communicate(timeout=20)[1]
        yield Served(home, int(found[2]), process.pid, found[1]), process
    finally:
        process.terminate()
        process.communicate(timeout=60)


@pytest.fixture(scope="module")
def server(made_home: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """A server that the tests of a module share, with a second home that is called other."""
    home = shutil.copytree(made_home, tmp_path_factory.mktemp("served") / "home")
    registry.add(home.parent / "state", shutil.copytree(made_home, home.parent / "other"))
    with serving(home) as (served, _):
        yield served


@pytest.fixture(scope="module")
def tokens(server: Served) -> Mapping[str, str]:
    """A token of each scope."""
    return {scope: server.token(scope) for scope in ("read", "stop", "act")}


@pytest.fixture
def home(made_home: Path, tmp_path: Path) -> Path:
    """A fresh home of the test's own."""
    return shutil.copytree(made_home, tmp_path / "home")

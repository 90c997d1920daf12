"""Heartbeats: a monitor elsewhere hears of each job's start and end, and raises the alarm when it hears nothing.

The addresses are those of healthchecks.io (https://healthchecks.io/docs/http_api/): URL/start, URL for success, and
URL/CODE for a job that failed with that exit code; the body is a line for people.
"""

from __future__ import annotations

import logging
import threading
from queue import SimpleQueue
from urllib.parse import urlsplit, urlunsplit

#: Seconds that a ping may take, and that the end of a process waits for all of them.
PING_TIMEOUT = 2.0
END_TIMEOUT = 3.0
MAX_BODY_LENGTH = 1000

_log = logging.getLogger(__name__)
_LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})


def address(url: str, job: str, ending: str = "") -> str:
    """The address to ping: the job's name for {job}, and ``ending`` at the end of the path."""
    parts = urlsplit(url.replace("{job}", job))
    path = f"{parts.path.rstrip('/')}/{ending}" if ending else parts.path
    return urlunsplit(parts._replace(path=path))


class Heartbeat:
    """Pings of one job, in their order, from a thread of their own: nobody waits for a start, nor is told of trouble.

    The thread is a daemon, so that a monitor that never answers cannot keep the process alive.
    """

    def __init__(self, url: str, job: str) -> None:
        self._url = url
        self._job = job
        self._pings: SimpleQueue[tuple[str, str] | None] = SimpleQueue()
        self._thread = threading.Thread(target=self._work, name="heartbeat", daemon=True)
        self._thread.start()

    def start(self) -> None:
        self._pings.put(("start", f"{self._job} started"))

    def end(self, code: int, summary: str) -> None:
        """Ping the end with its exit code, and give what is still to be sent a bounded time."""
        self._pings.put(("" if code == 0 else str(code), summary[:MAX_BODY_LENGTH]))
        self._pings.put(None)
        self._thread.join(END_TIMEOUT)

    def _work(self) -> None:
        while (ping := self._pings.get()) is not None:
            ending, body = ping
            try:
                _post(address(self._url, self._job, ending), body)
            except Exception as error:  # noqa: BLE001 - whatever it is, no job fails for want of a monitor
                # The error's own words may hold the address, which is as good as a password.
                _log.warning("the heartbeat of %s could not be sent: %s", self._job, type(error).__name__)


def _post(url: str, body: str) -> None:
    """Send one ping. A proxy of the environment is used, but not towards this machine itself."""
    from urllib.request import ProxyHandler, Request, build_opener  # slow to import, and few homes have a monitor

    handlers = [ProxyHandler({})] if urlsplit(url).hostname in _LOOPBACK else []
    request = Request(url, data=body.encode(), method="POST", headers={"Content-Type": "text/plain; charset=utf-8"})
    with build_opener(*handlers).open(request, timeout=PING_TIMEOUT) as answer:
        answer.read(1)

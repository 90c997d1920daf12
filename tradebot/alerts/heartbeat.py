"""Heartbeats: pings to an external monitor at the start and the end of a job. The monitor alerts if they do not come.

The URLs are those of healthchecks.io (https://healthchecks.io/docs/http_api/): URL/start, URL for success, and URL/CODE
for a job that failed with that exit code. The body is text for people: how the job ended, and the ledger's chain head.
"""

from __future__ import annotations

import logging
import threading
from queue import SimpleQueue
from urllib.parse import urlsplit, urlunsplit

#: Seconds that a ping may take.
PING_TIMEOUT = 2.0
#: Seconds that the end of a job waits for all pings.
END_TIMEOUT = 3.0
MAX_BODY_LENGTH = 1000  # characters

_log = logging.getLogger(__name__)
_LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})


def ping_url(url: str, job: str, ending: str = "") -> str:
    """The URL of a ping: ``{job}`` is replaced by the job's name, and ``ending`` is appended to the path."""
    parts = urlsplit(url.replace("{job}", job))
    path = f"{parts.path.rstrip('/')}/{ending}" if ending else parts.path
    return urlunsplit(parts._replace(path=path))


class Heartbeat:
    """Sends the pings of one job in order, from a thread. Errors are only logged.

    The thread is a daemon, so that a monitor that never answers cannot keep the process alive.
    """

    def __init__(self, url: str, job: str) -> None:
        self._url = url
        self._job = job
        self._pings: SimpleQueue[tuple[str, str] | None] = SimpleQueue()
        self._thread = threading.Thread(target=self._send_pings, name="heartbeat", daemon=True)
        self._thread.start()

    def start(self) -> None:
        """Ping the start of the job, without waiting."""
        self._pings.put(("start", f"{self._job} started"))

    def end(self, code: int, summary: str) -> None:
        """Ping the end of the job with its exit code; waits up to ``END_TIMEOUT`` for all pings."""
        self._pings.put(("" if code == 0 else str(code), summary[:MAX_BODY_LENGTH]))
        self._pings.put(None)
        self._thread.join(END_TIMEOUT)

    def _send_pings(self) -> None:
        while (ping := self._pings.get()) is not None:
            ending, body = ping
            try:
                _post(ping_url(self._url, self._job, ending), body)
            except Exception as error:  # noqa: BLE001 - no error of a monitor may fail a job
                # The text of the error may contain the URL, which is a secret.
                _log.warning("the heartbeat of %s could not be sent: %s", self._job, type(error).__name__)


def _post(url: str, body: str) -> None:
    """Send one ping, through the proxy of the environment unless the monitor is on this machine."""
    from urllib.request import ProxyHandler, Request, build_opener  # slow to import; few homes have a monitor

    handlers = [ProxyHandler({})] if urlsplit(url).hostname in _LOOPBACK else []
    request = Request(url, data=body.encode(), method="POST", headers={"Content-Type": "text/plain; charset=utf-8"})
    with build_opener(*handlers).open(request, timeout=PING_TIMEOUT) as response:
        response.read(1)

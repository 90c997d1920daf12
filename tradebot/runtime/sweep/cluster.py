"""A Dask cluster that runs already, as the place where the tasks of a sweep are computed.

Scheduler and workers unpickle what they are sent, so whoever reaches them can run code there: beyond this machine only
TLS is spoken. The scheduler keeps the inputs and hands them to each worker once. A task whose worker died goes to
another one.
"""

from __future__ import annotations

import logging
import warnings
from collections.abc import Iterator
from concurrent.futures import CancelledError, Future
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from hashlib import blake2b
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from tradebot.errors import Blocked, ConfigError, Problem, UsageError
from tradebot.runtime.backtest.inputs import Inputs
from tradebot.runtime.sweep.asked import Workers
from tradebot.runtime.sweep.executors import Submit, WorkersLost
from tradebot.runtime.sweep.sent_inputs import Received, packed
from tradebot.runtime.sweep.software import Software, refuse_other_software, software
from tradebot.runtime.sweep.task import Task, TaskResult
from tradebot.settings.alert_fields import is_loopback

if TYPE_CHECKING:
    from distributed import Client
    from distributed import Future as RemoteFuture
    from distributed.security import Security

#: Seconds within which the scheduler has to answer, to have a worker, and to take leave.
CONNECT_SECONDS, WORKER_SECONDS, CLOSE_SECONDS = 10, 5, 5
#: Tasks that are open at a time: so many for each thread, and so many at least, as workers may come later.
_AHEAD, _LEAST_OPEN = 4, 100
#: What the extra brings along, by the name that it is imported by.
_PACKAGES = ("dask", "distributed")


@dataclass(frozen=True, slots=True, kw_only=True)
class Scheduler:
    """A scheduler and the files for TLS, all in PEM. None: as Dask's own configuration has it."""

    address: str  # such as tcp://127.0.0.1:8786 or tls://host:8786
    ca: Path | None = None  # the authority of the cluster alone: whoever has its certificate can run code there
    certificate: Path | None = None
    key: Path | None = None  # None: it stands in the file of the certificate


def check_scheduler(scheduler: Scheduler) -> None:
    """Raise UsageError for an address that is none, or that others could listen on."""
    told = f"--scheduler {scheduler.address}"
    try:
        parts = urlsplit(scheduler.address)
        host, port = parts.hostname, parts.port
    except ValueError:
        host = port = None
    if host is None or port is None or parts.scheme not in {"tcp", "tls"}:
        raise UsageError(f"{told}: an address is tcp://127.0.0.1:8786 on this machine, or tls://HOST:8786.")
    if parts.scheme == "tcp" and not is_loopback(host):
        raise UsageError(
            f"{told} is another machine, and Dask runs whatever code it is sent, and without TLS by anybody. "
            f"Start scheduler and workers with TLS and give tls://{host}:{port} with --tls-ca, --tls-cert "
            f"and --tls-key, or go through SSH: `ssh -L {port}:127.0.0.1:{port} {host}` and tcp://127.0.0.1:{port}."
        )
    if parts.scheme == "tcp" and (scheduler.ca or scheduler.certificate or scheduler.key):
        raise UsageError(f"{told} is not encrypted: files for TLS belong to tls://.")


def require_packages() -> None:
    """Raise ConfigError where the extra is not installed."""
    missing = [name for name in _PACKAGES if find_spec(name) is None]
    if missing:
        what = f"a scheduler needs packages that are not installed: {', '.join(missing)}"
        raise ConfigError([Problem("--scheduler", what, 'pip install "tradebot[sweep]"')])


def cluster(scheduler: Scheduler) -> Workers:
    """The workers of a cluster. Raises UsageError and ConfigError as soon as it is known."""
    check_scheduler(scheduler)
    require_packages()
    return partial(cluster_workers, scheduler=scheduler)


@contextmanager
def cluster_workers(inputs: Inputs, scheduler: Scheduler) -> Iterator[tuple[Submit, int]]:
    """The workers of a cluster, each with the inputs, and how many tasks may be open at a time.

    What is still to be computed at the end is cancelled. A future raises WorkersLost if the scheduler went away, and
    Blocked for a worker with other software. Raises UsageError, ConfigError, and Blocked if the scheduler cannot be
    reached or has no worker.
    """
    content, own = packed(inputs), software()
    with _client(scheduler) as client:
        threads = _checked_workers(client, scheduler.address)
        key = f"tradebot-{blake2b(content + repr(own).encode(), digest_size=16).hexdigest()}"
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # Dask warns that the inputs are large
            received = client.submit(Received, content, own, key=key)
        yield _Tasks(client, received, scheduler.address).submit, max(_LEAST_OPEN, threads * _AHEAD)


class _Tasks:
    """The tasks that were given to a cluster."""

    def __init__(self, client: Client, received: RemoteFuture[Received], address: str) -> None:
        self._client = client
        self._received = received
        self._address = address
        self._open: dict[Future[TaskResult], RemoteFuture[TaskResult]] = {}  # a task without one is given up

    def submit(self, task: Task) -> Future[TaskResult]:
        """The result of a task, to come. Cancelling it cancels the task."""
        local: Future[TaskResult] = Future()
        if self._client.status != "running":
            local.set_exception(self._lost())
            return local
        remote = self._client.submit(Received.run, self._received, task, pure=False)
        self._open[local] = remote
        local.add_done_callback(self._forget)
        remote.add_done_callback(lambda _: self._hand_over(task, remote, local))
        return local

    def _forget(self, local: Future[TaskResult]) -> None:
        remote = self._open.pop(local)
        if local.cancelled():
            remote.cancel()

    def _hand_over(self, task: Task, remote: RemoteFuture[TaskResult], local: Future[TaskResult]) -> None:
        if not local.set_running_or_notify_cancel():
            return
        from distributed import KilledWorker

        try:
            local.set_result(remote.result())
        except KilledWorker as error:
            died = f"{error.allowed_failures + 1} workers died of it, the last at {error.last_worker.address}"
            local.set_result(TaskResult(task, (), error=died, is_final=False))
        except (CancelledError, OSError):
            local.set_exception(self._lost())
        except BaseException as error:  # noqa: BLE001 - whoever waits for the result raises it
            local.set_exception(error)

    def _lost(self) -> WorkersLost:
        return WorkersLost(
            f"the scheduler {self._address} went away, so some variants have no figures. Start it and its workers "
            "again, and then the same sweep: with --store it computes what is missing."
        )


@contextmanager
def _client(scheduler: Scheduler) -> Iterator[Client]:
    from distributed import Client

    _log_to_files()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # other versions are named afterwards
            client = Client(
                scheduler.address,
                security=_security(scheduler),
                timeout=CONNECT_SECONDS,
                set_as_default=False,
                direct_to_workers=False,  # all goes through the scheduler
            )
    except (OSError, ValueError, RuntimeError) as error:
        raise Blocked(
            f"the scheduler {scheduler.address} cannot be reached: {error}. Is it running, and does it speak "
            f"{'TLS' if scheduler.address.startswith('tls') else 'without TLS'}?"
        ) from None
    try:
        yield client
    finally:
        client.close(timeout=CLOSE_SECONDS)


def _security(scheduler: Scheduler) -> Security | None:
    """How to speak TLS, with files that can be read. Raises UsageError."""
    if not scheduler.address.startswith("tls:"):
        return None
    from distributed.security import Security

    given = {"tls_ca_file": scheduler.ca, "tls_client_cert": scheduler.certificate, "tls_client_key": scheduler.key}
    security = Security(require_encryption=True, **{name: str(path) for name, path in given.items() if path})
    if not (security.tls_ca_file and security.tls_client_cert):
        raise UsageError(
            f"--scheduler {scheduler.address} needs --tls-ca and --tls-cert, and --tls-key unless the file of the "
            "certificate holds it. Or set distributed.comm.tls in Dask's own configuration."
        )
    try:
        security.get_connection_args("client")
    except OSError as error:  # ssl.SSLError is one
        raise UsageError(f"the files for TLS cannot be used: {error}.") from None
    return security


def _checked_workers(client: Client, address: str) -> int:
    """The threads of the workers. Raises Blocked if there is no worker, or one whose software differs."""
    try:
        client.wait_for_workers(1, timeout=WORKER_SECONDS)
    except TimeoutError:
        raise Blocked(f"the scheduler {address} has no worker. Start one: dask worker {address} --nthreads 1") from None
    own = software()
    for worker, its in sorted(client.run(software, on_error="return").items()):
        if not isinstance(its, Software):
            raise Blocked(f"the worker {worker} cannot run tradebot: {its}. Install the same there as here.")
        refuse_other_software(own, its, f"the worker {worker}")
    return sum(client.nthreads().values())


def _log_to_files() -> None:
    """Have Dask log as this program does, and not to the terminal: what it tells there is told by the errors."""
    import distributed  # noqa: F401 - it sets its loggers up

    for name in ("distributed", *(each for each in logging.root.manager.loggerDict if each.startswith("distributed."))):
        logger = logging.getLogger(name)
        logger.handlers = [logging.NullHandler()]
        logger.propagate = True

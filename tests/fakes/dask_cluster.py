"""A real Dask cluster for the tests: a scheduler and its workers, each a process of its own on this machine."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from tests.fakes.cli import environment

_PATIENCE = 240.0  # seconds; a few on an idle machine


@dataclass
class Cluster:
    """A scheduler with workers. Use it as a context; the files and logs are in ``folder``."""

    folder: Path
    certificate: Path | None = None  # with its own key beside it, as NAME.key: TLS
    environ: Mapping[str, str] = field(default_factory=dict)  # more of the environment, Dask's settings among it
    workers: list[subprocess.Popen[bytes]] = field(default_factory=list)

    def __enter__(self) -> Cluster:
        self.folder.mkdir(parents=True, exist_ok=True)
        self.scheduler = self._start("scheduler", "--host", "tls://127.0.0.1" if self.certificate else "127.0.0.1",
                                     "--port", "0")  # fmt: skip
        return self

    def __exit__(self, *error: object) -> None:
        for process in (self.scheduler, *self.workers):
            process.kill()
            process.wait()

    @property
    def address(self) -> str:
        """That of the scheduler, once it listens."""
        until = time.monotonic() + _PATIENCE
        while True:
            with suppress(FileNotFoundError, json.JSONDecodeError):  # it is being written
                return str(json.loads(self._file.read_text())["address"])
            assert self.scheduler.poll() is None and time.monotonic() < until, self.logs()
            time.sleep(0.05)

    @property
    def options(self) -> tuple[str, ...]:
        """The options of ``tradebot sweep``."""
        pem = self.certificate
        tls = () if pem is None else ("--tls-ca", str(pem), "--tls-cert", str(pem), "--tls-key", str(_key(pem)))
        return ("--scheduler", self.address, *tls)

    def add_worker(self, **environ: str) -> subprocess.Popen[bytes]:
        """Start a worker of one thread, which takes tasks once it has registered."""
        self.address  # noqa: B018 - its file is there
        number = str(len(self.workers))
        worker = self._start("worker", "--no-nanny", "--nthreads", "1", "--name", number, environ=environ)
        self.workers.append(worker)
        return worker

    def wait_for_workers(self) -> None:
        """Wait until every worker that was started takes tasks."""
        until = time.monotonic() + _PATIENCE
        while self.logs().count("Registered to:") < len(self.workers):
            assert time.monotonic() < until, self.logs()
            time.sleep(0.05)

    def logs(self) -> str:
        """What the processes logged."""
        return "\n".join(path.read_text(errors="replace") for path in sorted(self.folder.glob("*.log")))

    @property
    def _file(self) -> Path:
        return self.folder / "scheduler.json"

    def _start(self, *what: str, environ: Mapping[str, str] | None = None) -> subprocess.Popen[bytes]:
        name = f"{what[0]}{len(self.workers)}"
        pem = self.certificate
        tls: Sequence[str] = ()
        if pem is not None:
            tls = ("--tls-ca-file", str(pem), "--tls-cert", str(pem), "--tls-key", str(_key(pem)))
        env = environment(self.folder / "state", {"DASK_CONFIG": str(self.folder), **self.environ, **(environ or {})})
        common = ("--no-dashboard", "--scheduler-file", str(self._file), *tls)
        with (self.folder / f"{name}.log").open("wb") as log:
            command = [sys.executable, "-m", "dask", *what, *common]
            return subprocess.Popen(command, cwd=self.folder, env=env, stdout=log, stderr=log)


def _key(certificate: Path) -> Path:
    return certificate.with_suffix(".key")

"""A process that has imported everything once, and forks a child for each command: ``python -m tests.fakes.forking``.

With ``strategies`` it has imported what strategies need alone, and forks their processes: a fork takes the longer the
more there is.

A child is a process like any other, with a pid, an exit code, signals and locks of its own; it differs from one that
was started by itself in that nothing is left to import, which is most of what a short command costs. Linux only.

Each request comes over the socket at the file descriptor 0: the length of a JSON object, with the descriptors for the
child's standard streams and a socket for the answer, and then the object: ``module`` (as of ``python -m``),
``arguments``, ``folder``, ``environment`` and ``blocked`` (signals); or ``start``, for a strategy process, with the
descriptors that it inherits after the streams. The answer is the child's pid, and once it has ended its exit code.
"""

from __future__ import annotations

import atexit
import gc
import importlib
import json
import os
import pkgutil
import runpy
import signal
import socket
import sys
import threading
import time
import traceback
from contextlib import suppress
from struct import Struct
from typing import Any

from tests.fakes import forked_strategies

NUMBER = Struct("!i")
#: What tradebot and its libraries import only when they need it.
_LATE = (
    "apprise", "encodings.ascii", "encodings.idna", "encodings.utf_8_sig", "filelock", "pandas", "platformdirs",
    "pyarrow.pandas_compat", "rich.progress", "talib", "tests.fakes.alpaca.server", "tests.jobs.brokers",
)  # fmt: skip
_OF_STRATEGIES = (
    "numpy", "pandas", "talib", "tradebot.plugins.process.fork_server", "tradebot.plugins.process.worker",
    "tradebot.strategy_api",
)  # fmt: skip


def main() -> None:
    """Serve until the other side of the socket is closed."""
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT, signal.SIGTERM})  # for a child, once it can take them
    requests = socket.socket(fileno=0)
    if sys.argv[1:] == ["strategies"]:
        _import(*_OF_STRATEGIES)
    else:
        _import_everything()
    answers: dict[int, socket.socket] = {}
    signal.signal(signal.SIGCHLD, lambda *_: _answer_for_ended(answers))
    while True:
        head, descriptors, _, _ = socket.recv_fds(requests, NUMBER.size, 8)
        if not head:
            return
        request = json.loads(_exactly(requests, NUMBER.unpack(head)[0]))
        _fork(request, descriptors, answers)


def _import_everything() -> None:
    import tradebot

    for module in pkgutil.walk_packages(tradebot.__path__, "tradebot."):
        if not module.name.endswith("__main__") and "shipped_strategies" not in module.name:
            importlib.import_module(module.name)
    _import(*_LATE)


def _import(*names: str) -> None:
    for name in names:
        importlib.import_module(name)
    gc.collect()
    gc.freeze()  # a child that collects would copy all of it


def _exactly(connection: socket.socket, length: int) -> bytes:
    received = b""
    while len(received) < length:
        received += connection.recv(length - len(received))
    return received


def _fork(request: dict[str, Any], descriptors: list[int], answers: dict[int, socket.socket]) -> None:
    *given, answer = descriptors
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGCHLD})
    pid = os.fork()
    if pid == 0:
        if "start" in request:
            forked_strategies.Start(**request["start"]).become(given)
        os._exit(_child(request, given))
    for descriptor in given:
        os.close(descriptor)
    answers[pid] = socket.socket(fileno=answer)
    answers[pid].sendall(NUMBER.pack(pid))
    signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGCHLD})


def _answer_for_ended(answers: dict[int, socket.socket]) -> None:
    with suppress(ChildProcessError):
        while (ended := os.waitpid(-1, os.WNOHANG))[0]:
            with answers.pop(ended[0]) as answer, suppress(OSError):  # nobody waits for it any more
                answer.sendall(NUMBER.pack(os.waitstatus_to_exitcode(ended[1])))


def _child(request: dict[str, Any], streams: list[int]) -> int:
    """Be ``python -m MODULE ARGUMENTS`` to its end, and give the exit code."""
    for number, stream in enumerate(streams):
        os.dup2(stream, number)
    os.closerange(3, 1024)
    os.chdir(request["folder"])
    os.environ.clear()
    os.environ.update(request["environment"])
    time.tzset()
    sys.argv = [request["module"], *request["arguments"]]
    sys.path[0] = request["folder"]
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    if request["module"] == "tradebot":  # others change what a fork of them would do
        forked_strategies.install(forked_strategies.ForkingPopen)
    signal.pthread_sigmask(signal.SIG_SETMASK, request["blocked"])
    code = _run(request["module"])
    threading._shutdown()  # type: ignore[attr-defined]  # waits for threads, as the interpreter does at its end
    atexit._run_exitfuncs()
    for text in (sys.stdout, sys.stderr):
        text.flush()
    return code


def _run(module: str) -> int:
    try:
        runpy.run_module(module, run_name="__main__", alter_sys=True)
    except SystemExit as end:
        return end.code if isinstance(end.code, int) else int(end.code is not None)
    except BaseException:  # noqa: BLE001 - as the interpreter tells it
        traceback.print_exc()
        return 1
    return 0


if __name__ == "__main__":
    main()

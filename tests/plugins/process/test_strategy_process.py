"""The strategy process: what strategies do to it ends there, and nothing that they start outlives it."""

from __future__ import annotations

import os
import shutil
import signal
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pandas as pd
import pytest

from tests.fakes.forked_strategies import real_start
from tests.plugins.conftest import SOUND
from tradebot.plugins.errors import PluginError, PluginTimeout, ProcessUnavailable
from tradebot.plugins.process.messages import Request
from tradebot.plugins.process.strategy_process import ProcessOptions, StrategyProcess
from tradebot.plugins.raw_signals import RawSignals
from tradebot.strategy_api import History

pytestmark = pytest.mark.skipif(os.name != "posix", reason="what these strategies do is POSIX")

Started = Callable[..., StrategyProcess]


class Interrupted(Exception):
    """What a command raises that was asked to stop."""


@pytest.fixture
def forked_process() -> Iterator[Started]:
    """As the process of other tests: it imports nothing."""
    with ExitStack() as held:

        def start(check_stop: Callable[[], None] = lambda: None, **options: object) -> StrategyProcess:
            started = StrategyProcess(ProcessOptions(**options), check_stop)  # type: ignore[arg-type]
            held.callback(started.end)
            return started

        yield start


@pytest.fixture
def process(forked_process: Started) -> Iterator[Started]:
    """As the process of a command."""
    with real_start():
        yield forked_process


@pytest.fixture
def request_of(tmp_path: Path, history: History) -> Callable[..., Request]:
    """A request to a strategy that runs ``code`` before it computes sound signals."""

    def make(code: str = "pass", timeout_seconds: float = 30.0, name: str = "sample") -> Request:
        folder = tmp_path / name
        folder.mkdir(exist_ok=True)
        body = code.replace("\n", "\n        ")
        module = SOUND.replace("close = history.close", f"{body}\n        close = history.close", 1)
        (folder / "strategy.py").write_text(module, encoding="utf-8")
        return Request(
            name, str(folder), {}, reload=True, last_only=False, timeout_seconds=timeout_seconds, history=history
        )

    return make


def compute(process: StrategyProcess, request: Request) -> RawSignals:
    process.ask(request)
    return process.answer()


def running(pid: int) -> bool:
    """Whether a process runs, zombies aside."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def gone(pid: int) -> bool:
    """Whether a process ends within a moment."""
    deadline = time.monotonic() + 20
    while running(pid) and time.monotonic() < deadline:
        time.sleep(0.02)
    return not running(pid)


def test_one_process_answers_again_and_again(process: Started, request_of: Callable[..., Request]) -> None:
    one = process()
    first, second = compute(one, request_of()), compute(one, request_of(name="other"))
    assert first.entry.shape == (60, 3)
    assert (first.entry == second.entry).all()
    assert first.exits == second.exits


@pytest.mark.parametrize(
    ("code", "told"),
    [
        ("import os; os._exit(3)", "its process ended with code 3"),
        ("import os; os._exit(0)", "its process ended with code 0"),
        ("import ctypes; ctypes.string_at(0)", "its process ended by SIGSEGV; it was at "),
        ("import os; os.kill(os.getpid(), 9)", "its process ended by SIGKILL"),
        ("import os; os.closerange(0, 1000)", "its process ended with code 1"),
        ("import os, signal, time; os.kill(os.getppid(), signal.SIGKILL); time.sleep(60)", "its process ended by"),
        ("raise SystemExit('enough')", "strategy.py line 8: SystemExit: enough"),
        ("input()", "strategy.py line 8: EOFError"),
        (
            "import os\nfor fd in os.listdir('/dev/fd'):\n"
            "    try: os.write(int(fd), b'junk' * 100)\n    except OSError: pass",
            "its process sent ",
        ),
        ("import json; json.dumps = None", "its process ended with code 1"),
    ],
)
def test_a_strategy_that_ends_or_spoils_its_process_is_told(
    forked_process: Started, request_of: Callable[..., Request], code: str, told: str
) -> None:
    with pytest.raises(PluginError) as caught:
        compute(forked_process(), request_of(code))
    assert told in str(caught.value)


@pytest.mark.parametrize(
    "code",
    [
        "import atexit, time; atexit.register(time.sleep, 1000)",
        "from concurrent.futures import ThreadPoolExecutor; import time; ThreadPoolExecutor().submit(time.sleep, 1000)",
        "import logging, sys; logging.basicConfig(stream=sys.stdout, force=True); logging.disable(50)",
        "import signal\nfor s in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP): signal.signal(s, signal.SIG_IGN)",
        "import os; os.chdir('/'); os.umask(0o777)",
        "import sys; sys.stdout.close(); sys.stderr = sys.stdout = None",
        "import decimal; decimal.getcontext().prec = 1",
        "import resource; resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))",
        "import os; [os.write(1, b'\\x00\\x1b[2J\\xff' * 100000) for _ in range(20)]",
    ],
)
def test_what_a_strategy_does_to_its_own_process_is_its_own(
    forked_process: Started, request_of: Callable[..., Request], code: str
) -> None:
    one = forked_process()
    assert compute(one, request_of(code)).entry.any()
    began = time.monotonic()
    one.end()
    assert time.monotonic() - began < 10


@pytest.mark.parametrize("code", ["import ctypes; ctypes.PyDLL(None).sleep(1000)", "x = 7 ** (7 ** 9)"])
def test_c_code_that_never_returns_is_given_up_on(
    process: Started, request_of: Callable[..., Request], code: str
) -> None:
    with pytest.raises(PluginTimeout, match=r"^no answer within 1 seconds; it was at .*strategy\.py line 8$"):
        compute(process(), request_of(code, timeout_seconds=1.0))


@pytest.mark.skipif(sys.platform != "linux", reason="a session of its own escapes elsewhere")
@pytest.mark.parametrize("ending", ["", "import time; time.sleep(1000)", "import os; os._exit(1)"])
def test_nothing_that_a_strategy_started_outlives_its_process(
    process: Started, request_of: Callable[..., Request], tmp_path: Path, ending: str
) -> None:
    pids = tmp_path / "pids"
    code = (
        "import os, subprocess\n"
        f"file = open({str(pids)!r}, 'a')\n"
        "for number in range(4):\n"
        "    if os.fork() == 0:\n"
        "        if number % 2: os.setsid()\n"
        "        if os.fork() == 0:\n"
        "            file.write(f'{os.getpid()}\\n'); file.flush(); import time; time.sleep(1000)\n"
        "        os._exit(0)\n"
        "    os.wait()\n"
        "child = subprocess.Popen(['sleep', '1000'], start_new_session=True)\n"
        "file.write(f'{child.pid}\\n'); file.flush()\n" + ending
    )
    one = process()
    try:
        compute(one, request_of(code, timeout_seconds=2.0))
        assert ending == ""
    except PluginError:
        assert ending != ""
    one.end()
    started = [int(line) for line in pids.read_text().split()]
    assert started
    assert [pid for pid in started if not gone(pid)] == []


def test_a_command_that_is_asked_to_stop_waits_for_no_strategy(
    process: Started, request_of: Callable[..., Request]
) -> None:
    asked: list[bool] = []

    def check_stop() -> None:
        if asked:
            raise Interrupted

    one = process(check_stop)
    compute(one, request_of())
    asked.append(True)
    began = time.monotonic()
    with pytest.raises(Interrupted):
        compute(one, request_of("import ctypes; ctypes.PyDLL(None).sleep(1000)"))
    one.end()
    assert time.monotonic() - began < 15


@pytest.mark.skipif(sys.platform != "linux", reason="other systems have no such limit")
def test_memory_has_a_limit(process: Started, request_of: Callable[..., Request]) -> None:
    with pytest.raises(PluginError, match=r"strategy\.py line 8: MemoryError; STRATEGY_MEMORY_MB"):
        compute(process(memory_mb=600), request_of("x = bytearray(700 << 20)"))
    assert compute(process(memory_mb=0), request_of("x = bytearray(700 << 20)")).entry.any()


@pytest.mark.parametrize("stop", ["Decimal(0.1)", "Decimal(1e-9)"])
def test_a_stop_may_be_a_float_written_out(process: Started, request_of: Callable[..., Request], stop: str) -> None:
    request = request_of()
    module = Path(request.folder, "strategy.py")
    module.write_text(module.read_text().replace('Decimal("0.02")', stop))
    assert compute(process(), request).exits.stop == eval(stop, {"Decimal": Decimal})


def test_long_texts_are_cut(process: Started, request_of: Callable[..., Request]) -> None:
    request = request_of()
    module = Path(request.folder, "strategy.py")
    long = "score=1 + 0 * close, reason='a' * 20_000_000, exit_reason='{close:>2000000}'"
    module.write_text(module.read_text().replace("score=ratio.fillna(0.0)", long))
    answer = compute(process(), request)
    assert (answer.reason, answer.exit_reason) == ("a" * 500, "{close:>2000000}")
    assert {len(text) for text in (*answer.entry_texts.values(), *answer.exit_texts.values())} == {500}


def test_relative_paths_are_those_of_the_strategys_folder(process: Started, request_of: Callable[..., Request]) -> None:
    request = request_of("assert open('best.json').read() == '7'")
    Path(request.folder, "best.json").write_text("7")
    assert compute(process(), request).entry.any()


def test_its_environment_is_what_it_is_given(
    process: Started, request_of: Callable[..., Request], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ALPACA_SECRET_KEY", "secret")
    code = "import os; assert set(os.environ) - {'LC_CTYPE'} == {'TZ'}, sorted(os.environ)"
    assert compute(process(environment={"TZ": "UTC"}), request_of(code)).entry.any()


def test_where_no_process_can_start_it_is_told(
    process: Started, request_of: Callable[..., Request], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "executable", "/nowhere/python")
    with pytest.raises(ProcessUnavailable, match=r"no process for strategies could be started: .*/nowhere/python"):
        process()


def test_a_user_that_does_not_exist_is_told(process: Started, request_of: Callable[..., Request]) -> None:
    with pytest.raises(ProcessUnavailable, match=r"STRATEGY_USER: this system has no user 'nobody-of-this-name'$"):
        compute(process(user="nobody-of-this-name"), request_of())


@pytest.mark.skipif(os.name != "posix" or os.getuid() != 0, reason="only root can give a process to another user")
def test_a_user_of_its_own_reads_no_file_of_the_owner(
    process: Started, request_of: Callable[..., Request], tmp_path: Path
) -> None:
    secret = Path("/tmp") / f"tradebot-test-{os.getpid()}"
    secret.write_text("key")
    secret.chmod(0o600)
    try:
        with (
            _readable(request_of(f"open({str(secret)!r})")) as request,
            pytest.raises(PluginError, match="PermissionError"),
        ):
            compute(process(user="nobody"), request)
    finally:
        secret.unlink()


@pytest.mark.skipif(
    os.name != "posix" or os.getuid() != 0 or all(place.stat().st_mode & 0o005 for place in Path(os.__file__).parents),
    reason="only root can give a process to another user, and Python is readable for all",
)
def test_a_user_that_may_not_read_python_is_told(process: Started, request_of: Callable[..., Request]) -> None:
    told = r"No module named 'mailbox'; STRATEGY_USER may not read Python's own files"
    with _readable(request_of("import mailbox")) as request, pytest.raises(PluginError, match=told):
        compute(process(user="nobody"), request)


@pytest.mark.skipif(os.name != "posix" or os.getuid() != 0, reason="only root can give a process to another user")
def test_a_user_that_may_not_read_the_strategies_is_told_where_to_keep_them(
    process: Started, request_of: Callable[..., Request]
) -> None:
    request = request_of()
    Path(request.folder).chmod(0o700)
    with pytest.raises(PluginError, match=r"STRATEGY_USER may not read .*sample: .*in a STRATEGIES_DIR for it"):
        compute(process(user="nobody"), request)


@contextmanager
def _readable(request: Request) -> Iterator[Request]:
    """The request with its strategy where every user may read it."""
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)
        yield replace(request, folder=shutil.copytree(request.folder, f"{folder}/sample"))


@pytest.mark.skipif(sys.platform != "linux", reason="a session of its own escapes elsewhere")
def test_a_stopped_supervisor_ends_everything_all_the_same(
    process: Started, request_of: Callable[..., Request], tmp_path: Path
) -> None:
    one, own = process(), tmp_path / "own"
    started = "__import__('subprocess').Popen(['sleep', '600'], start_new_session=True).pid"
    compute(one, request_of(f"open({str(own)!r}, 'w').write(str({started}))"))
    os.kill(one.process_ids[0], signal.SIGSTOP)
    one.end()
    assert gone(int(own.read_text()))


def test_a_killed_supervisor_leaves_no_worker(process: Started, request_of: Callable[..., Request]) -> None:
    one = process()
    compute(one, request_of())
    supervisor, worker = one.process_ids
    os.kill(supervisor, signal.SIGKILL)
    assert gone(worker)
    with pytest.raises(PluginError):
        compute(one, request_of())


def test_requests_sent_at_once_are_answered_in_their_order_each_with_its_own_output(
    process: Started, request_of: Callable[..., Request], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    one = process()
    for name in ("first", "second", "third"):
        one.ask(request_of(f"print('I am {name}')\nhistory.close.iloc[-1] *= {len(name)}", name=name))
    assert [one.answer().entry.any() for _ in range(3)] == [True] * 3
    said = [line for line in caplog.messages if "printed" in line]
    assert sorted(said) == [f"strategy {name} printed: I am {name}" for name in ("first", "second", "third")]


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere the output is another's by then")
def test_what_is_printed_late_stands_under_the_name_of_its_strategy(
    process: Started, request_of: Callable[..., Request], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    one = process()
    compute(one, request_of("import threading\nthreading.Timer(0.3, lambda: print('LATE')).start()", name="tardy"))
    deadline = time.monotonic() + 20
    while "strategy tardy printed: LATE" not in caplog.messages and time.monotonic() < deadline:
        time.sleep(0.02)
    assert "strategy tardy printed: LATE" in caplog.messages


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere the strategies share a process")
def test_strategies_compute_at_the_same_time_each_with_pipes_of_its_own(
    process: Started, request_of: Callable[..., Request], tmp_path: Path
) -> None:
    """Each waits until the other has begun, and has no descriptor but its input, output, requests and answers."""
    first, second = tmp_path / "first.pipes", tmp_path / "second.pipes"

    def meeting(mine: Path, others: Path) -> str:
        return (
            "import os, time\n"
            "held = [os.readlink(f'/dev/fd/{fd}') for fd in os.listdir('/dev/fd') if os.path.exists(f'/dev/fd/{fd}')]\n"
            "pipes = {each for each in held if each.startswith('pipe:')}\n"
            "assert set(held) - pipes == {'/dev/null'} and len(pipes) == 3, held\n"
            f"open({str(mine)!r}, 'w').write(' '.join(pipes))\n"
            f"while not os.path.exists({str(others)!r}): time.sleep(0.01)"
        )

    one = process()
    one.ask(request_of(meeting(first, second), name="first"))
    one.ask(request_of(meeting(second, first), name="second"))
    assert [one.answer().entry.any() for _ in range(2)] == [True] * 2
    assert not set(first.read_text().split()) & set(second.read_text().split())


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere the strategies share a process")
def test_one_that_ended_after_its_answer_gets_a_process_more(
    process: Started, request_of: Callable[..., Request], tmp_path: Path
) -> None:
    mark = tmp_path / "mark"
    later = f"import os, threading, time; f = lambda: (time.sleep(0.2), open({str(mark)!r}, 'w'), os._exit(4))"
    one = process()
    assert compute(one, request_of(f"{later}; threading.Thread(target=f).start()")).entry.any()
    assert compute(one, request_of(name="other")).entry.any()
    deadline = time.monotonic() + 20
    while not mark.exists() and time.monotonic() < deadline:
        time.sleep(0.02)
    time.sleep(0.5)
    assert compute(one, request_of()).entry.any()


def test_more_answers_than_were_asked_for_fill_no_memory(process: Started, request_of: Callable[..., Request]) -> None:
    """What writes them waits at the pipe; another strategy is served."""
    flood = (
        "import os, struct, threading\n"
        "pipe = [fd for fd in map(int, os.listdir('/dev/fd')) if fd >= 200][-1]\n"
        "sent = []\n"
        "frame = struct.pack('<IQ', 2, 1000) + b'{}' + bytes(1000)\n"
        "def write():\n    while len(sent) < 10_000: sent.append(os.write(pipe, frame))\n    os._exit(9)\n"
        "writer = threading.Thread(target=write, daemon=True); writer.start(); writer.join(1.0)\n"
        "print(len(sent))"
    )
    one = process()
    with pytest.raises(PluginError, match="its process sent a header of the wrong form"):
        compute(one, request_of(flood))


def test_more_than_the_pipe_holds_is_sent_at_once(
    process: Started, request_of: Callable[..., Request], history: History
) -> None:
    """Nobody waits for a process that does not read: the time limit finds it."""
    many = pd.concat([history.close] * 2000, ignore_index=True).set_axis(
        pd.date_range("1900-01-01", periods=2000 * len(history.close)), axis=0
    )
    long = History(*[many] * 5)
    one = process()
    for name in ("first", "second"):
        one.ask(replace(request_of(name=name), history=long))
    assert [one.answer().entry.shape for _ in range(2)] == [many.shape] * 2
    one.ask(replace(request_of("import time; time.sleep(60)", timeout_seconds=0.5), history=long))
    one.ask(replace(request_of(name="second"), history=long))
    with pytest.raises(PluginTimeout):
        one.answer()


def test_the_prices_arrive_as_they_are(process: Started, request_of: Callable[..., Request], history: History) -> None:
    history.close.index = pd.DatetimeIndex(history.close.index).as_unit("us").rename("date")
    history.close.columns = pd.Index(history.close.columns, name="symbol")
    checks = [
        "assert str(history.close.index.dtype) == 'datetime64[us]', history.close.index.dtype",
        "assert (history.close.index.name, history.close.columns.name) == ('date', 'symbol')",
        f"assert float(history.close.iloc[7, 1]).hex() == {history.close.to_numpy()[7, 1].item().hex()!r}",
        f"assert str(history.close.index[7].date()) == {str(history.close.index[7])[:10]!r}",
    ]
    assert compute(process(), request_of("\n".join(checks))).entry.any()

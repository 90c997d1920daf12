"""Strategies that hang, print, fork, fall over and look around, on run-daily as cron starts it.

The command ends with its one JSON object, the other strategies trade, the lock is free, and nothing goes on running.
"""

from __future__ import annotations

import os
import signal
import sys
import time
from pathlib import Path

import pytest

from tests.fakes.canary import CANARY
from tests.long_form import long
from tests.stories.machine.conftest import Odd
from tests.stories.processes.conftest import Machine, ending

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="it looks into /proc")

#: Sleeps inside C code that holds the interpreter: no signal handler and no other thread of Python runs.
HANG = "import ctypes; ctypes.PyDLL(None).sleep(1000)"


def buying(first: str = "pass", *, sessions: str = "None") -> list[str]:
    """The module of a strategy that enters everything, after its ``first`` lines."""
    return [
        "from tradebot.strategy_api import ExitPolicy, Signals",
        "class Strategy:",
        "    def signals(self, history, params):",
        *(f"        {line}" for line in first.splitlines()),
        "        close = history.close",
        f"        return Signals(close > 0, close < 0, ExitPolicy(max_sessions={sessions}))",
    ]


def children_of(pid: int) -> list[int]:
    """The processes of the session that the strategy process of ``pid`` leads, itself included."""
    found = []
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = path.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if int(fields[1]) == pid and fields[0] != "Z":
            found.append(int(path.parent.name))
    return found + [below for child in found for below in children_of(child)]


def await_hang(made: Machine, pid: int, mark: Path) -> list[int]:
    """Wait until the strategy has written its mark; gives the processes below the command."""
    deadline = time.monotonic() + 120
    while not mark.exists() and time.monotonic() < deadline:
        time.sleep(0.05)
    below = children_of(pid)
    assert len(below) >= 2, "a supervisor and a worker"
    return below


def assert_gone(pids: list[int]) -> None:
    deadline = time.monotonic() + 20
    while any(Path(f"/proc/{pid}").exists() for pid in pids) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert [pid for pid in pids if Path(f"/proc/{pid}").exists()] == []


@pytest.mark.parametrize(
    ("first", "failure"),
    [
        (HANG, "no answer within 30 seconds; it was at "),
        long("import os; os._exit(0)", "its process ended with code 0"),
        ("import ctypes; ctypes.string_at(0)", "its process ended by SIGSEGV"),
        long("import os; os.closerange(0, 1000)", "its process ended with code 1"),
        long(
            "import builtins, json, pandas\nbuiltins.open = json.dumps = pandas.DataFrame.to_numpy = None",
            "its process ended",
        ),
        long("import sys; sys.exit(0)", "SystemExit: 0"),
        ("input()", "EOFError"),
    ],
    ids=["hangs in C", "ends", "segfault", "closes descriptors", "patches", "exits", "reads"],
)
def test_one_that_breaks_stops_no_other(made: Machine, first: str, failure: str) -> None:
    made.env("STRATEGIES=broken,sound", "SYMBOLS=AAPL")
    made.strategy("broken", *buying(first))
    made.strategy("sound", *buying())
    ended = made("run-daily", "--json")
    assert ended.code == 11, ended.err
    assert failure in ended.out
    assert [order.split()[0:3:2] for order in made.orders()] == [["buy", "AAPL"]]
    assert made("check-exits").code in (0, 11)  # the alert about it may still wait for its channel


@pytest.mark.parametrize(
    "first",
    [
        long("import atexit, time; atexit.register(time.sleep, 1000)"),
        "from concurrent.futures import ThreadPoolExecutor; import time; ThreadPoolExecutor().submit(time.sleep, 1000)",
        "import os, time\nif os.fork() == 0:\n    os.setsid(); time.sleep(1000)",
        long("import subprocess; subprocess.Popen(['sleep', '1000'], start_new_session=True)"),
        "import logging, sys\nlogging.basicConfig(stream=sys.stdout, force=True, level=10)\nlogging.disable(50)\n"
        "for name in list(logging.root.manager.loggerDict): logging.getLogger(name).disabled = True",
        "import sys; print('{\"status\": \"ran\"}'); sys.stdout.flush(); sys.__stdout__.write('noise')",
        long(
            "import threading, time\n"
            "threading.Thread(target=lambda: [print('later', time.sleep(0.01)) for _ in range(10**6)]).start()"
        ),
        "import resource; resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))",
        long("import signal; [signal.signal(s, signal.SIG_IGN) for s in (signal.SIGTERM, signal.SIGINT)]"),
        "import decimal, locale, os\ndecimal.getcontext().prec = 1\nos.environ.clear(); os.chdir('/'); os.umask(0o777)",
    ],
    ids=["atexit", "pool", "fork", "program", "logging", "prints", "thread", "file size", "signals", "decimal"],
)
def test_what_one_does_to_its_process_reaches_no_command(made: Machine, first: str) -> None:
    made.env("STRATEGIES=odd", "SYMBOLS=AAPL")
    made.strategy("odd", *buying(first))
    ended = made("run-daily", "--json")
    assert ended.code == 0, ended.out + ended.err
    assert len(made.orders()) == 1
    assert "run-daily ended with 0" in made.log
    assert made("check-exits").code == 0


def test_a_stop_waits_for_no_strategy(made: Machine, tmp_path: Path) -> None:
    mark = tmp_path / "mark"
    made.env("STRATEGIES=hanging", "SYMBOLS=AAPL")
    made.strategy("hanging", *buying(f"open({str(mark)!r}, 'w').close()\n{HANG}"))
    process = made.start("run-daily", "--json")
    below = await_hang(made, process.pid, mark)
    os.kill(process.pid, signal.SIGTERM)
    began = time.monotonic()
    assert ending(process, "--json").code == 143
    assert time.monotonic() - began < 15
    assert_gone(below)
    assert made("check-exits").code == 0


def test_a_killed_command_leaves_neither_lock_nor_process(made: Machine, tmp_path: Path) -> None:
    mark = tmp_path / "mark"
    made.env("STRATEGIES=hanging", "SYMBOLS=AAPL")
    forks = "import os, time\nif os.fork() == 0:\n    os.setsid(); time.sleep(1000)\n"
    made.strategy("hanging", *buying(f"{forks}open({str(mark)!r}, 'w').close()\n{HANG}"))
    process = made.start("run-daily", "--json")
    below = await_hang(made, process.pid, mark)
    os.kill(process.pid, signal.SIGKILL)
    process.communicate(timeout=60)
    assert made("check-exits", "--json").code in (0, 4)
    assert_gone(below)


def test_a_strategy_finds_no_secret(made: Machine) -> None:
    """It looks through its environment, descriptors and memory, and those of the processes above it."""
    pattern = CANARY.replace(CANARY[3], f"[{CANARY[3]}]", 1)  # the text itself is nowhere in the strategy
    look = f"""\
import os, re
pattern, home = re.compile({pattern!r}.encode()), re.compile(b"hom[e]/state")
print("own environment", sorted(os.environ))
print("descriptors", sorted(os.readlink(f"/proc/self/fd/{{fd}}").partition(":")[0] for fd in os.listdir("/proc/self/fd")
                            if os.path.exists(f"/proc/self/fd/{{fd}}")))
def memory(pid):
    found = 0
    with open(f"/proc/{{pid}}/mem", "rb", 0) as mem:
        for line in open(f"/proc/{{pid}}/maps"):
            place, rights, *_ = line.split()
            begin, end = (int(part, 16) for part in place.split("-"))
            if rights[0] == "r" and end - begin < 1 << 28:
                try:
                    mem.seek(begin)
                    found += len(pattern.findall(mem.read(end - begin)))
                except (OSError, OverflowError):
                    pass
    return found
print("own memory", memory(os.getpid()), len(pattern.findall(open("/proc/self/environ", "rb").read())))
fork = os.getppid()
supervisor = int(open(f"/proc/{{fork}}/stat").read().rpartition(")")[2].split()[1])
command = int(open(f"/proc/{{supervisor}}/stat").read().rpartition(")")[2].split()[1])
for pid, name in ((fork, "fork"), (supervisor, "supervisor"), (command, "command")):
    for what in ("environ", "mem", "maps"):
        try:
            path = f"/proc/{{pid}}/{{what}}"
            content = memory(pid) if what == "mem" else len(pattern.findall(open(path, "rb").read()))
        except OSError as error:
            content = type(error).__name__
        print(name, what, content)
    for fd in ("0", "1", "2", "3", "4", "5", "6", "7", "8", "9", "10"):
        try:
            print(name, "descriptor", os.readlink(f"/proc/{{pid}}/fd/{{fd}}"))
        except OSError as error:
            pass
"""
    made.interpreter = True
    made.env("STRATEGIES=curious", "SYMBOLS=AAPL")
    made.strategy("curious", *buying(look))
    assert made("run-daily", "--json").code == 0
    printed = [line.partition("printed: ")[2] for line in made.log.splitlines() if "curious printed: " in line]
    told = dict(line.rsplit(" ", 1) for line in printed if not line.startswith(("own env", "descriptors")))
    assert told["own memory 0"] == "0"
    assert {told[f"fork {what}"] for what in ("environ", "mem", "maps")} == {"PermissionError"}
    assert {told[f"supervisor {what}"] for what in ("environ", "mem", "maps")} <= {"0", "PermissionError"}
    assert {told[f"command {what}"] for what in ("environ", "mem", "maps")} == {"PermissionError"}
    assert not any(line.startswith("command descriptor") for line in printed)
    (environment,) = (line for line in printed if line.startswith("own environment"))
    for name in ("TRADEBOT", "ALPACA", "HOME", "KEY", "PASSWORD", "EMAIL", "ALERT"):
        assert name not in environment
    (descriptors,) = (line for line in printed if line.startswith("descriptors"))
    assert str(made.folder) not in descriptors, "neither lock nor ledger"


def test_without_a_process_exits_and_stops_go_on(made: Machine, odd: Odd) -> None:
    made.env("STRATEGIES=brief", "SYMBOLS=AAPL")
    made.strategy("brief", *buying(sessions="1"))
    assert made("run-daily").code == 0
    assert made("paper", "next").code == 0
    broken = odd("import sys; sys.executable = '/nowhere/python'")
    ended = made("run-daily", "--json", **broken)
    assert ended.code == 11, ended.out
    assert "no process for strategies could be started" in ended.out
    assert [order.split()[0] for order in made.orders()] == ["buy", "sell"]


def test_no_command_imports_a_strategy(made: Machine, tmp_path: Path) -> None:
    """Each import tells the program of its process."""
    made.interpreter = True
    seen = tmp_path / "seen"
    told = f'open({str(seen)!r}, "a").write(open("/proc/self/cmdline").read().replace("\\0", " ") + "\\n")'
    made.env("STRATEGIES=telling", "SYMBOLS=AAPL")
    made.strategy("telling", told, *buying())
    commands = (("run-daily",), ("preflight",), ("replay", "--sessions", "1"), ("strategies", "check", "telling"))
    for command in (*commands, ("strategies", "list"), ("config", "check"), ("config", "show")):
        seen.write_text("")
        made(*command)
        imports = seen.read_text().splitlines()
        assert bool(imports) is (command in commands), command
        assert all("plugins/process/launcher.py" in program for program in imports), command

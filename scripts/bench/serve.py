"""Load on `tradebot serve`: its time to the first page, the time of `status`, its memory, and what jobs notice of it.

python scripts/bench/serve.py                                 a home with 100,000 fills, for a minute
python scripts/bench/serve.py --home HOME --seconds 20        a home that is there already (it is traded on)

50 clients hold event streams, and 100 requests a second are sent at their times, whether the ones before are answered
or not: the times count from when a request was due. Meanwhile reconcile and status run as jobs do, and after each the
write lock of the ledger is asked for. On a busy machine seconds of the clock say little, so the load
average is printed with them, and what the server used of the processors.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import re
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median, quantiles

import psutil

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from scripts.bench.measure import ROOT, environment, once, prepare, tradebot

CLIENTS, RATE, CONNECTIONS = 50, 100, 40
#: What is asked for, in turn: half of it is the status.
PATHS = (
    *("/api/status", "/api/positions", "/api/status", "/api/orders", "/api/status", "/api/risk", "/api/status", "/"),
    *("/api/status", "/api/jobs", "/api/status", "/api/health", "/api/status", "/api/fills?limit=20", "/api/status"),
    "/metrics",
)
FLOOR = [sys.executable, "-c", "import fastapi, uvicorn, jinja2"]
JOBS = ("reconcile", "status")
#: p95 of the status in seconds, the time to the first page as a multiple of the imports alone, and what a writer may
#: wait for a reader, in seconds: a job gives up after five.
ALLOWED_P95, ALLOWED_START, ALLOWED_WAIT = 0.1, 1.5 / 0.26, 0.1


@dataclass
class Answers:
    """What became of the requests."""

    seconds: dict[str, list[float]] = field(default_factory=dict)  # by path
    codes: Counter[int] = field(default_factory=Counter)
    events: int = 0
    streams: Counter[int] = field(default_factory=Counter)  # by the code of their response


@dataclass
class Beside:
    """What jobs and the ledger noticed."""

    seconds: dict[str, list[float]] = field(default_factory=dict)  # by job
    codes: Counter[int] = field(default_factory=Counter)
    waits: list[float] = field(default_factory=list)  # seconds for the write lock of the ledger, 0 where it was free


@contextmanager
def serving(home: Path) -> Iterator[tuple[subprocess.Popen[str], int]]:
    """A server of the home, and its port."""
    process = subprocess.Popen(
        tradebot("serve", "--home", str(home)), cwd=ROOT, env=environment({"WEB_PORT": "0"}),
        stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
    )  # fmt: skip
    try:
        assert process.stdout is not None
        told = re.search(r":(\d+)/", process.stdout.readline())
        assert told, "the server did not start"
        yield process, int(told[1])
    finally:
        process.terminate()
        process.wait(60)


async def ask(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, path: str, token: str) -> int:
    """Send a request over a connection that stays, read the answer whole, and give its code."""
    writer.write(f"GET {path} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {token}\r\n\r\n".encode())
    head = (await reader.readuntil(b"\r\n\r\n")).decode()
    length = re.search(r"content-length: (\d+)", head, re.IGNORECASE)
    if length:
        await reader.readexactly(int(length[1]))
    else:  # chunks
        while size := int(await reader.readline(), 16):
            await reader.readexactly(size + 2)
        await reader.readline()
    return int(head.split(" ", 2)[1])


async def send_all(port: int, token: str, seconds: float, answers: Answers) -> None:
    """Send the requests, each at its time, over a few connections."""
    due: asyncio.Queue[tuple[float, str] | None] = asyncio.Queue()
    senders = [asyncio.create_task(send_due(port, token, due, answers)) for _ in range(CONNECTIONS)]
    began = time.perf_counter()
    for number in range(int(seconds * RATE)):
        at = began + number / RATE
        await asyncio.sleep(max(0.0, at - time.perf_counter()))
        due.put_nowait((at, PATHS[number % len(PATHS)]))
    for _ in senders:
        due.put_nowait(None)
    await asyncio.gather(*senders)


async def send_due(port: int, token: str, due: asyncio.Queue[tuple[float, str] | None], answers: Answers) -> None:
    """Send what is due over one connection; another one where it was closed."""
    reader = writer = None
    while (each := await due.get()) is not None:
        at, path = each
        try:
            if reader is None or writer is None:
                reader, writer = await asyncio.open_connection("127.0.0.1", port)
            code = await ask(reader, writer, path, token)
        except (OSError, asyncio.IncompleteReadError):
            reader, code = None, 0
        answers.codes[code] += 1
        answers.seconds.setdefault(path, []).append(time.perf_counter() - at)
    if writer is not None:
        writer.close()


async def listen(port: int, token: str, until: asyncio.Event, answers: Answers) -> None:
    """Hold an event stream, and count its events."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(f"GET /events HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {token}\r\n\r\n".encode())
    head = await reader.readuntil(b"\r\n\r\n")
    answers.streams[int(head.split(b" ", 2)[1])] += 1
    while not until.is_set():
        with suppress(TimeoutError):
            line = await asyncio.wait_for(reader.readline(), 1)
            answers.events += line.startswith(b"event:")
            if not line:
                break
    writer.close()


async def load(process: subprocess.Popen[str], port: int, token: str, seconds: float) -> tuple[Answers, list[float]]:
    """The load, and the server's memory in MB meanwhile."""
    answers, until, memory = Answers(), asyncio.Event(), []
    listeners = [asyncio.create_task(listen(port, token, until, answers)) for _ in range(CLIENTS)]
    sending = asyncio.create_task(send_all(port, token, seconds, answers))
    while not sending.done():
        memory.append(resident_mb(process.pid))
        await asyncio.wait([sending], timeout=2)
    await sending
    until.set()
    await asyncio.gather(*listeners)
    return answers, memory


def resident_mb(pid: int) -> float:
    """The memory of a process."""
    return psutil.Process(pid).memory_info().rss / 2**20


def run_jobs(home: Path, rounds: int, beside: Beside) -> None:
    """Run the jobs in turn; after each try whether a reader keeps a writer out."""
    for _ in range(rounds):
        for job in JOBS:
            run = once(tradebot(job, "--home", str(home)))
            beside.seconds.setdefault(job, []).append(run.seconds)
            beside.codes[run.exit_code] += 1
            beside.waits += [wait_for_lock(home / "trading_robot.db") for _ in range(5)]


def wait_for_lock(ledger: Path) -> float:
    """Seconds until a writer has the lock; 0 where it has it at once. No job runs meanwhile: only readers are there."""
    began, tried = time.perf_counter(), 0
    while True:
        with closing(sqlite3.connect(ledger, timeout=0)) as connection, suppress(sqlite3.OperationalError):
            connection.execute("BEGIN IMMEDIATE")
            connection.execute("ROLLBACK")
            return time.perf_counter() - began if tried else 0.0
        tried += 1


async def load_beside_jobs(
    home: Path, process: subprocess.Popen[str], port: int, token: str, seconds: float, beside: Beside
) -> tuple[Answers, list[float]]:
    """The load, with jobs in turn for as long as it lasts."""
    loading = asyncio.create_task(load(process, port, token, seconds))
    while not loading.done():
        await asyncio.to_thread(run_jobs, home, 1, beside)
    return await loading


def start(home: Path) -> tuple[float, float]:
    """Seconds of the clock and of the processors from the start of the server to its first page."""
    began = time.perf_counter()
    with serving(home) as (process, port):
        asyncio.run(first_page(port))
        return time.perf_counter() - began, cpu_seconds(process.pid)


def cpu_seconds(pid: int) -> float:
    """What a process has used of the processors."""
    used = psutil.Process(pid).cpu_times()
    return used.user + used.system


async def first_page(port: int) -> None:
    """Read the login page."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    assert await ask(reader, writer, "/login", "") == 200
    writer.close()


def p95(seconds: Sequence[float]) -> float:
    """The 95th percentile."""
    return quantiles(seconds, n=20)[-1]


def measure(home: Path, seconds: float) -> int:
    """Measure, print, and give 1 where a bound is not kept."""
    token = re.findall(r"^\s*(\S{20,})$", prepare(tradebot("serve", "--new-token", f"bench {os.getpid()}",
                       "--scope", "read", "--home", str(home))), re.MULTILINE)[0]  # fmt: skip
    floors, starts = [once(FLOOR) for _ in range(5)], [start(home) for _ in range(5)]
    floor, floor_cpu = median(each.seconds for each in floors), median(each.cpu for each in floors)
    first, first_cpu = median(each[0] for each in starts), median(each[1] for each in starts)
    alone, beside = Beside(), Beside()
    run_jobs(home, 3, alone)
    with serving(home) as (process, port):
        asyncio.run(first_page(port))
        before = cpu_seconds(process.pid)
        answers, memory = asyncio.run(load_beside_jobs(home, process, port, token, seconds, beside))
        used = cpu_seconds(process.pid) - before
    status = answers.seconds["/api/status"]
    print(f"load average {os.getloadavg()[0]:.1f} on {os.cpu_count()} processors")
    print(f"start to first page {first:.2f} s, imports alone {floor:.2f} s, ratio {first / floor:.2f};", end=" ")
    print(f"of the processors {first_cpu:.2f} s, {floor_cpu:.2f} s, ratio {first_cpu / floor_cpu:.2f}")
    sent = sum(answers.codes.values())
    print(f"the server used {used:.1f} s of the processors, {used / sent * 1000:.1f} ms a request")
    print(f"{sent} requests in {seconds:.0f} s, codes {dict(answers.codes)}; status: {len(status)},", end=" ")
    print(f"median {median(status) * 1000:.0f} ms, p95 {p95(status) * 1000:.0f} ms")
    print(f"event streams {dict(answers.streams)}, {answers.events} events")
    third = max(1, len(memory) // 3)
    grown = median(memory[-third:]) / median(memory[third : 2 * third] or memory)
    print(f"memory MB: begin {memory[0]:.0f}, most {max(memory):.0f}, end {memory[-1]:.0f};", end=" ")
    print(f"last third / middle {grown:.3f}")
    for job in JOBS:
        quiet, loaded = median(alone.seconds[job]), median(beside.seconds[job])
        print(f"{job}: alone {quiet:.2f} s, beside the load {loaded:.2f} s ({len(beside.seconds[job])} runs)")
    waited = [each for each in beside.waits if each]
    print(
        f"codes of jobs {dict(beside.codes)}; a writer waited in {len(waited)} of {len(beside.waits)} tries,", end=" "
    )
    print(f"at most {max(waited, default=0) * 1000:.0f} ms: SQLite clears its log when the last reader closes")
    failed = p95(status) > ALLOWED_P95 or first_cpu / floor_cpu > ALLOWED_START
    failed = failed or max(waited, default=0) > ALLOWED_WAIT
    return int(bool(failed) or any(code != 200 for code in answers.codes))


def main() -> int:
    """Make a home if there is none, and measure."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--home", type=Path)
    parser.add_argument("--fills", type=int, default=100_000)
    parser.add_argument("--seconds", type=float, default=60)
    typed = parser.parse_args()
    if typed.home:
        return measure(typed.home, typed.seconds)
    with tempfile.TemporaryDirectory(prefix="serve-") as folder:
        os.environ["TRADEBOT_STATE_DIR"] = f"{folder}/state"
        prepare([sys.executable, str(ROOT / "scripts/bench/large_ledger.py"), f"{folder}/home", str(typed.fills)])
        return measure(Path(folder) / "home", typed.seconds)


if __name__ == "__main__":
    sys.exit(main())

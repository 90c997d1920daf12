"""Many simulated worlds with faults, in parallel, and the number of times that each fault and each recovery occurred.

python scripts/bench/worlds.py --seeds 10000     seeds 0 to 9999; exit code 1 if a world breaks a promise
python scripts/bench/worlds.py --seed 123        the events of one world; if it breaks a promise, of a minimal one
python scripts/bench/worlds.py --broker NAME     with another broker than the embedded exchange, called directly
python scripts/bench/worlds.py --ledger postgresql  with the ledger on a server, which is started for it

The counts are printed as Markdown; --table FILE also writes them into a file.
"""

from __future__ import annotations

import argparse
import logging
import multiprocessing
import os
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Collection, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from tests.worlds.coverage import goes_wrong, never, paths
from tests.worlds.market import Market, prepare
from tests.worlds.shrink import shrink
from tests.worlds.trouble import Possible, with_a_server
from tests.worlds.ways import WAYS, Way

_CONSOLE = Console()
#: A fault that occurs on average in fewer than one of this many worlds is reported as rare.
OFTEN = 100


@dataclass(frozen=True, slots=True)
class Asked:
    """The worlds that are asked for: their market's folder, broker and ledger."""

    folder: Path
    broker: str
    ledger: str

    @contextmanager
    def way(self) -> Iterator[Way]:
        """The way of these worlds. A server of a ledger lasts as long as the block."""
        if self.ledger == "sqlite":
            yield WAYS[self.broker]
            return
        from tests.fakes.postgres import running_server
        from tests.worlds.on_postgres import on_a_server

        with running_server() as server:
            yield WAYS[self.broker].with_ledger(on_a_server(server))

    @property
    def possible(self) -> Possible:
        """What can go wrong in them."""
        possible = WAYS[self.broker].possible
        return possible if self.ledger == "sqlite" else with_a_server(possible)

    @property
    def options(self) -> str:
        """The options that ask for them."""
        return f"--broker {self.broker} --ledger {self.ledger}"


@dataclass(frozen=True, slots=True)
class WorldResult:
    """The result of one world."""

    seed: int
    met: Counter[str]  # occurrences by fault or recovery
    broken: str  # the first broken promise; "" for none


def main() -> int:
    """Run the worlds, print the counts, and return the exit code."""
    _disable_logs()
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=200, help="number of worlds")
    parser.add_argument("--first", type=int, default=0, help="the first seed")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1, help="parallel processes")
    parser.add_argument("--seed", type=int, help="show the events of this seed instead")
    parser.add_argument("--broker", choices=list(WAYS), default="paper", help="the broker between bot and exchange")
    parser.add_argument("--ledger", choices=["sqlite", "postgresql"], default="sqlite", help="where the ledger lies")
    parser.add_argument("--table", type=Path, help="also write the counts into this file")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="worlds-") as folder:
        asked = Asked(Path(folder), arguments.broker, arguments.ledger)
        if arguments.seed is not None:
            with asked.way() as way:
                return _show_world(arguments.seed, way, prepare(asked.folder))
        prepare(asked.folder)
        seeds = range(arguments.first, arguments.first + arguments.seeds)
        summary = _run_all(asked, seeds, arguments.jobs)
    _print(summary.lines)
    if arguments.table is not None:
        arguments.table.write_text("\n".join([*summary.lines, ""]), encoding="utf-8")
    return 1 if summary.broken else 0


def _show_world(seed: int, way: Way, market: Market) -> int:
    world = way.draw(seed, market)
    story = way.simulate(world, market)
    if not story.violations:
        _print(story.lines)
        _CONSOLE.print(f"seed {seed}: every promise was kept", style="green")
        return 0
    promise = story.violations[0].promise
    with _CONSOLE.status(f"seed {seed} breaks a promise; making the world smaller") as status:
        small, story = shrink(
            world,
            promise,
            market,
            lambda w: status.update(f"{len(w.days)} sessions, {len(w.runs)} runs"),
            way,
        )
    _CONSOLE.print(f"the smallest world that was found to break it ({len(small.runs)} runs before recovery):")
    _CONSOLE.print(f"  strategies {small.scripts}", highlight=False)
    _CONSOLE.print(f"  settings {dict(small.settings)}, {small.rules}", highlight=False)
    _print(story.lines)
    return 1


def _print(lines: list[str]) -> None:
    for line in lines:
        _CONSOLE.print(line, markup=False, highlight=False, soft_wrap=True)


@dataclass(frozen=True, slots=True)
class Summary:
    """The result of many worlds."""

    broken: int  # worlds that broke a promise
    lines: list[str]  # to print


def _run_all(asked: Asked, seeds: range, jobs: int) -> Summary:
    possible = asked.possible
    faults, recoveries = goes_wrong(possible), paths(possible)
    started = time.perf_counter()
    times: Counter[str] = Counter()
    worlds: Counter[str] = Counter()
    broken: list[WorldResult] = []
    columns = (BarColumn(), MofNCompleteColumn(), TimeRemainingColumn(), TextColumn("{task.description}"))
    with Progress(*columns, console=Console(stderr=True)) as progress:
        task = progress.add_task("no promise broken", total=len(seeds))
        for result in _results(asked, seeds, jobs):
            times.update(result.met)
            worlds.update(result.met.keys())
            if result.broken:
                broken.append(result)
                progress.print(f"seed {result.seed}: {result.broken}", markup=False, highlight=False)
            progress.update(task, advance=1, description=f"{len(broken)} broke a promise" if broken else None)
    seconds = time.perf_counter() - started
    few = [name for name in faults if times[name] * OFTEN < len(seeds)]
    lines = [
        f"{len(seeds)} worlds with {asked.broker} and {asked.ledger} (seeds {seeds[0]} to {seeds[-1]}), "
        f"{len(broken)} of them broke a promise, in {seconds:.0f} s ({seconds / len(seeds):.2f} s each, {jobs} at "
        "once).",
        "",
        *_table("fault or deed", faults, times, worlds),
        "",
        f"Met in fewer than one world in {OFTEN}, on average: {', '.join(few) or 'none'}.",
        "",
        *_table("path of recovery", recoveries, times, worlds),
        "",
        f"Paths that no world went: {', '.join(path for path in recoveries if not times[path]) or 'none'}.",
        "",
        "Provided for, and not to be met here:",
        *(f"- {path}: {reason}" for path, reason in never(possible).items()),
    ]
    for result in sorted(broken, key=lambda result: result.seed)[:20]:
        lines.append(f"To see why: python scripts/bench/worlds.py {asked.options} --seed {result.seed}")
    return Summary(len(broken), lines)


def _results(asked: Asked, seeds: range, jobs: int) -> Iterator[WorldResult]:
    with multiprocessing.get_context("spawn").Pool(jobs, initializer=_begin, initargs=(asked,)) as pool:
        yield from pool.imap_unordered(_one, seeds, chunksize=8)


_market: Market
_way: Way
_held = ExitStack()  # until the process ends


def _begin(asked: Asked) -> None:
    global _market, _way
    _disable_logs()
    _market, _way = prepare(asked.folder), _held.enter_context(asked.way())


def _disable_logs() -> None:
    """Disable logging: jobs log every fault, and all faults here are intended."""
    logging.disable()


def _one(seed: int) -> WorldResult:
    story = _way.simulate(_way.draw(seed, _market), _market)
    return WorldResult(seed, story.met, str(story.violations[0]) if story.violations else "")


def _table(title: str, names: Collection[str], times: Counter[str], worlds: Counter[str]) -> list[str]:
    """A table of occurrences in Markdown."""
    width = max(map(len, names))
    rows = [f"| {name:{width}} | {times[name]:6} | {worlds[name]:6} |" for name in names]
    return [f"| {title:{width}} |  times | worlds |", f"| {'-' * width} | -----: | -----: |", *rows]


if __name__ == "__main__":
    sys.exit(main())

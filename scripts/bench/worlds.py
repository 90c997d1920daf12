"""Many broken worlds, in parallel, and how often each fault and each path of recovery was met.

python scripts/bench/worlds.py --seeds 10000     the worlds of seeds 0 to 9999; ends with code 1 if one breaks a promise
python scripts/bench/worlds.py --seed 123        the story of one; if it breaks a promise, of the smallest that does
python scripts/bench/worlds.py --broker NAME     with another broker than the embedded exchange by its own door

What was met is printed as Markdown, ready to be pasted; --table FILE writes it into a file as well.
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
from dataclasses import dataclass
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from tests.worlds.coverage import goes_wrong, never, paths
from tests.worlds.market import Market, prepare
from tests.worlds.shrink import shrink
from tests.worlds.ways import WAYS, Way

_CONSOLE = Console()
#: A fault is to be met at least once in so many worlds.
OFTEN = 100


@dataclass(frozen=True, slots=True)
class Told:
    """What is left of a world once it has been run."""

    seed: int
    met: Counter[str]
    broken: str


def main() -> int:
    """Run the worlds that the arguments ask for; the exit code is 1 if one broke a promise."""
    _say_nothing_of_their_logs()
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=200, help="how many worlds")
    parser.add_argument("--first", type=int, default=0, help="the first seed")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1, help="processes that run worlds at once")
    parser.add_argument("--seed", type=int, help="tell the story of this seed instead")
    parser.add_argument("--broker", choices=list(WAYS), default="paper", help="what stands between bot and exchange")
    parser.add_argument("--table", type=Path, help="write what was met into this file, too")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="worlds-") as folder:
        if arguments.seed is not None:
            return _tell(arguments.seed, arguments.broker, prepare(Path(folder)))
        prepare(Path(folder))
        seeds = range(arguments.first, arguments.first + arguments.seeds)
        summary = _run_all(Path(folder), arguments.broker, seeds, arguments.jobs)
    _print(summary.lines)
    if arguments.table is not None:
        arguments.table.write_text("\n".join([*summary.lines, ""]), encoding="utf-8")
    return 1 if summary.broken else 0


def _tell(seed: int, broker: str, market: Market) -> int:
    way = WAYS[broker]
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
            way.opening,
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
    """What came of many worlds: in how many a promise was broken, and the lines to print."""

    broken: int
    lines: list[str]


def _run_all(folder: Path, broker: str, seeds: range, jobs: int) -> Summary:
    possible = WAYS[broker].possible
    faults, ways_out = goes_wrong(possible), paths(possible)
    started = time.perf_counter()
    times: Counter[str] = Counter()
    worlds: Counter[str] = Counter()
    broken: list[Told] = []
    columns = (BarColumn(), MofNCompleteColumn(), TimeRemainingColumn(), TextColumn("{task.description}"))
    with Progress(*columns, console=Console(stderr=True)) as progress:
        task = progress.add_task("no promise broken", total=len(seeds))
        for told in _told(folder, broker, seeds, jobs):
            times.update(told.met)
            worlds.update(told.met.keys())
            if told.broken:
                broken.append(told)
                progress.print(f"seed {told.seed}: {told.broken}", markup=False, highlight=False)
            progress.update(task, advance=1, description=f"{len(broken)} broke a promise" if broken else None)
    seconds = time.perf_counter() - started
    few = [name for name in faults if times[name] * OFTEN < len(seeds)]
    lines = [
        f"{len(seeds)} worlds with {broker} (seeds {seeds[0]} to {seeds[-1]}), {len(broken)} of them broke a promise, "
        f"in {seconds:.0f} s ({seconds / len(seeds):.2f} s each, {jobs} at once).",
        "",
        *_table("fault or deed", faults, times, worlds),
        "",
        f"Met in fewer than one world in {OFTEN}, on average: {', '.join(few) or 'none'}.",
        "",
        *_table("path of recovery", ways_out, times, worlds),
        "",
        f"Paths that no world went: {', '.join(path for path in ways_out if not times[path]) or 'none'}.",
        "",
        "Provided for, and not to be met here:",
        *(f"- {path}: {reason}" for path, reason in never(possible).items()),
    ]
    for told in sorted(broken, key=lambda told: told.seed)[:20]:
        lines.append(f"To see why: python scripts/bench/worlds.py --broker {broker} --seed {told.seed}")
    return Summary(len(broken), lines)


def _told(folder: Path, broker: str, seeds: range, jobs: int) -> Iterator[Told]:
    with multiprocessing.get_context("spawn").Pool(jobs, initializer=_begin, initargs=(folder, broker)) as pool:
        yield from pool.imap_unordered(_one, seeds, chunksize=8)


_market: Market
_way: Way


def _begin(folder: Path, broker: str) -> None:
    global _market, _way
    _say_nothing_of_their_logs()
    _market, _way = prepare(folder), WAYS[broker]


def _say_nothing_of_their_logs() -> None:
    """What jobs log of the faults they meet is no news here."""
    logging.disable()


def _one(seed: int) -> Told:
    story = _way.simulate(_way.draw(seed, _market), _market)
    return Told(seed, story.met, str(story.violations[0]) if story.violations else "")


def _table(title: str, names: Collection[str], times: Counter[str], worlds: Counter[str]) -> list[str]:
    """A table in Markdown."""
    width = max(map(len, names))
    rows = [f"| {name:{width}} | {times[name]:6} | {worlds[name]:6} |" for name in names]
    return [f"| {title:{width}} |  times | worlds |", f"| {'-' * width} | -----: | -----: |", *rows]


if __name__ == "__main__":
    sys.exit(main())

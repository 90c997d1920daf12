"""Many broken worlds, in parallel, and how often each fault and each path of recovery was met.

python scripts/bench/worlds.py --seeds 10000     the worlds of seeds 0 to 9999; ends with code 1 if one breaks a promise
python scripts/bench/worlds.py --seed 123        the story of one; if it breaks a promise, of the smallest that does
"""

from __future__ import annotations

import argparse
import multiprocessing
import os
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table

from tests.worlds.coverage import EXPECTED
from tests.worlds.drawing import draw
from tests.worlds.market import Market, prepare
from tests.worlds.shrink import shrink
from tests.worlds.simulate import simulate

_CONSOLE = Console()


@dataclass(frozen=True, slots=True)
class Told:
    """What is left of a world once it has been run."""

    seed: int
    met: Counter[str]
    broken: str


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=200, help="how many worlds")
    parser.add_argument("--first", type=int, default=0, help="the first seed")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1, help="processes that run worlds at once")
    parser.add_argument("--seed", type=int, help="tell the story of this seed instead")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="worlds-") as folder:
        if arguments.seed is not None:
            return _tell(arguments.seed, prepare(Path(folder)))
        prepare(Path(folder))
        return _run_all(Path(folder), range(arguments.first, arguments.first + arguments.seeds), arguments.jobs)


def _tell(seed: int, market: Market) -> int:
    world = draw(seed, market)
    story = simulate(world, market)
    if not story.violations:
        _print(story.lines)
        _CONSOLE.print(f"seed {seed}: every promise was kept", style="green")
        return 0
    promise = story.violations[0].promise
    with _CONSOLE.status(f"seed {seed} breaks a promise; making the world smaller") as status:
        small, story = shrink(
            world, promise, market, lambda w: status.update(f"{len(w.days)} sessions, {len(w.runs)} runs")
        )
    _CONSOLE.print(f"the smallest world that was found to break it ({len(small.runs)} runs before recovery):")
    _CONSOLE.print(f"  strategies {small.scripts}", highlight=False)
    _CONSOLE.print(f"  settings {dict(small.settings)}, {small.rules}", highlight=False)
    _print(story.lines)
    return 1


def _print(lines: list[str]) -> None:
    for line in lines:
        _CONSOLE.print(line, markup=False, highlight=False, soft_wrap=True)


def _run_all(folder: Path, seeds: range, jobs: int) -> int:
    started = time.perf_counter()
    met: Counter[str] = Counter()
    worlds: Counter[str] = Counter()
    broken: list[Told] = []
    columns = (BarColumn(), MofNCompleteColumn(), TimeRemainingColumn(), TextColumn("{task.description}"))
    with Progress(*columns, console=_CONSOLE) as progress:
        task = progress.add_task("no promise broken", total=len(seeds))
        for told in _told(folder, seeds, jobs):
            met.update(told.met)
            worlds.update(told.met.keys())
            if told.broken:
                broken.append(told)
                progress.print(f"seed {told.seed}: {told.broken}", markup=False, highlight=False)
            progress.update(task, advance=1, description=f"{len(broken)} broke a promise" if broken else None)
    _CONSOLE.print(_table(met, worlds))
    seconds = time.perf_counter() - started
    _CONSOLE.print(f"{len(seeds)} worlds in {seconds:.0f} s ({seconds / len(seeds):.3f} s each, {jobs} at once)")
    for told in sorted(broken, key=lambda told: told.seed)[:20]:
        _CONSOLE.print(f"to see why: python scripts/bench/worlds.py --seed {told.seed}", highlight=False)
    return 1 if broken else 0


def _told(folder: Path, seeds: range, jobs: int) -> Iterator[Told]:
    with multiprocessing.get_context("spawn").Pool(jobs, initializer=_begin, initargs=(folder,)) as pool:
        yield from pool.imap_unordered(_one, seeds, chunksize=8)


_market: Market


def _begin(folder: Path) -> None:
    global _market
    _market = prepare(folder)


def _one(seed: int) -> Told:
    story = simulate(draw(seed, _market), _market)
    return Told(seed, story.met, str(story.violations[0]) if story.violations else "")


def _table(met: Counter[str], worlds: Counter[str]) -> Table:
    table = Table(title="What the worlds met", caption="what was never met is in red")
    table.add_column("what")
    table.add_column("times", justify="right")
    table.add_column("worlds", justify="right")
    for name in sorted({*met, *EXPECTED}):
        style = "red" if not met[name] else ""
        table.add_row(name, str(met[name]), str(worlds[name]), style=style)
    return table


if __name__ == "__main__":
    sys.exit(main())

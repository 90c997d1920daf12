"""Sweep a thousand variants with one process and with two, and compare every figure; print the runs per second.

python scripts/check_sweep.py                     1,000 variants of rsi2_mean_reversion over 2007
python scripts/check_sweep.py --variants 100 --from 2003-01-02 --to 2010-12-31
python scripts/check_sweep.py --cluster           with two processes, and on a Dask cluster that it starts with two
                                                  workers, one of which is killed in the middle
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from threading import Thread

sys.path.insert(0, str(Path(__file__).parents[1]))

from tests.fakes.dask_cluster import Cluster

STRATEGY = "rsi2_mean_reversion"
#: 25 x 10 x 5 values, of which some are drawn.
GRID = (f"{STRATEGY}.stop=0.02:0.116:0.004", f"{STRATEGY}.max_sessions=3:12", f"{STRATEGY}.rsi_below=6:14:2")


def swept(folder: Path, name: str, options: argparse.Namespace, *more: str) -> dict[str, object]:
    """The JSON of a sweep with an own state folder, so that each counts the same trials."""
    command = [sys.executable, "-m", "tradebot", "sweep", STRATEGY, "--json", "--home", str(folder / "home")]
    command += [part for each in GRID for part in ("--set", each)]
    command += ["--random", str(options.variants), "--seed", "7", "--from", options.first, "--to", options.last, *more]
    environment = {**os.environ, "TRADEBOT_STATE_DIR": str(folder / name)}
    began = time.perf_counter()
    done = subprocess.run(command, check=True, env=environment, stdout=subprocess.PIPE)
    told: dict[str, object] = json.loads(done.stdout)["sweep"]
    seconds = told.pop("seconds")
    assert isinstance(seconds, dict)
    rate = options.variants / seconds["runs"]
    print(f"{name}: {time.perf_counter() - began:.1f} s, of it runs {seconds['runs']:.1f} s: {rate:.1f} a second")
    return told


def lines(file: Path) -> int:
    """The lines of a file; 0 if there is none."""
    return file.read_bytes().count(b"\n") if file.exists() else 0


def swept_on_a_cluster(folder: Path, options: argparse.Namespace) -> dict[str, object]:
    """The same on two workers, one of which is killed after a third of the variants."""
    store = folder / "runs.jsonl"
    with Cluster(folder / "cluster") as cluster:
        for _ in range(2):
            cluster.add_worker()
        cluster.wait_for_workers()

        def kill_one() -> None:
            while (known := lines(store) - 1) < options.variants // 3:
                time.sleep(0.1)
            cluster.workers[0].kill()
            print(f"killed a worker after {known} variants")

        Thread(target=kill_one, daemon=True).start()
        return swept(folder, "cluster", options, *cluster.options, "--store", str(store))


def main() -> int:
    """Compare them, and return the exit code."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n\n")[0])
    parser.add_argument("--variants", type=int, default=1000)
    parser.add_argument("--from", dest="first", default="2007-01-03")
    parser.add_argument("--to", dest="last", default="2007-12-31")
    parser.add_argument("--cluster", action="store_true")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        found = [
            swept(folder, f"{jobs}-jobs", options, "--jobs", str(jobs))
            for jobs in ((2,) if options.cluster else (1, 2))
        ]
        if options.cluster:
            found.append(swept_on_a_cluster(folder, options))
    equal = all(each == found[0] for each in found[1:])
    print(f"{options.variants} variants: {'every figure is equal' if equal else 'they differ'}")
    return 0 if equal else 1


if __name__ == "__main__":
    sys.exit(main())

"""Runs a command in every home of this machine at once, each in a process of its own that gets no key of another."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO

from tradebot.core.results.home_places import AllHomesOutcome, HomeEnd, HomePlace, unreachable
from tradebot.errors import ExitCode
from tradebot.runtime.home_process import environment_in_home, line_in_home
from tradebot.runtime.known_homes import listed_homes, places_in_ledgers
from tradebot.settings import GlobalOptions

#: Seconds that the command of a home may take beyond its own limit. A process that takes longer is not ended.
_LONGEST = 900.0
_MOST_AT_ONCE = 64


def run_in_all_homes(options: GlobalOptions, *command: str) -> AllHomesOutcome:
    """Run a command in every home of this machine, side by side. A home that cannot be reached is told.

    Raises ConfigError for a wrong --home.
    """
    listed = listed_homes(options)
    with ThreadPoolExecutor(max_workers=_MOST_AT_ONCE) as threads:
        run = partial(_run, options, command)
        begun = [threads.submit(run, place) for place in listed.places if place.is_here]
        others = places_in_ledgers(listed, options)  # which may have to wait for a ledger
        begun += [threads.submit(run, place) for place in others if place.is_here]
        ends = [future.result() for future in begun]
    return AllHomesOutcome((*ends, *unreachable((*listed.places, *others))), listed.unknown)


def _run(options: GlobalOptions, command: Sequence[str], place: HomePlace) -> HomeEnd:
    home = Path(place.home)
    line, environ = line_in_home(home, options, *command), environment_in_home(home, options)
    with TemporaryFile("w+", errors="replace") as out, TemporaryFile("w+", errors="replace") as err:
        try:
            process = subprocess.Popen(line, cwd=home, env=environ, stdin=subprocess.DEVNULL, stdout=out, stderr=err)
            code = _exit_code(process.wait(_LONGEST))
        except OSError as error:
            return HomeEnd(place.home, place.host, ExitCode.INCOMPLETE, f"the command could not be started: {error}")
        except subprocess.TimeoutExpired:
            text = f"it is still at work after {_LONGEST:g} s, as the process {process.pid}"
            return HomeEnd(place.home, place.host, ExitCode.INCOMPLETE, text)
        told = [_read(file) for file in (out, err)]
    if place.trouble and code is ExitCode.CONFIG:
        return HomeEnd(place.home, place.host, ExitCode.INCOMPLETE, place.trouble)
    return HomeEnd(place.home, place.host, code, _headline(*told), told[1])


def _read(file: IO[str]) -> str:
    file.seek(0)
    return file.read().strip()


def _exit_code(code: int) -> ExitCode:
    try:
        return ExitCode(code)
    except ValueError:  # a signal ended it
        return ExitCode.BUG


def _headline(out: str, err: str) -> str:
    """What a command said of itself: the headline or the error of its JSON, else the end of what it told people."""
    try:
        summary = json.loads(out)
        return str(summary.get("headline") or summary["error"])
    except (ValueError, LookupError, AttributeError):
        return err.splitlines()[-1] if err else "it said nothing"

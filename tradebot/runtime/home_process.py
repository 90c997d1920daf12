"""The command line and the environment of a command that is started in a home, in a process of its own."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from pathlib import Path

import tradebot
from tradebot.runtime.known_homes import environment_of, options_of
from tradebot.settings import GlobalOptions, process_environment


def line_in_home(
    home: Path, options: GlobalOptions, *command: str, module: tuple[str, ...] = ("tradebot",)
) -> list[str]:
    """The words that start a command in a home, which prints JSON. ``module``: what ``-m`` runs, with its arguments."""
    typed = options_of(home, options)
    env_file = ("--env-file", str(typed.env_file.absolute())) if typed.env_file else ()
    return [sys.executable, "-P", "-m", *module, *command, "--json", "--home", str(home), *env_file]


def environment_in_home(home: Path, options: GlobalOptions) -> Mapping[str, str]:
    """The environment of the process: no setting and no key of another home is in it."""
    return {**environment_of(home, options), "PYTHONPATH": _import_path()}


def _import_path() -> str:
    """The path by which the process finds this program, also where it is not installed."""
    program = str(Path(tradebot.__file__).parents[1])
    return os.pathsep.join(filter(None, [program, process_environment().get("PYTHONPATH", "")]))

"""A minimal Typer program, the floor of the benchmarks: one command with two options, which prints a line.

python scripts/bench/floor.py --name you --times 1

Benchmarks of commands quote ratios to this process, or to its ``--help``.
"""

from __future__ import annotations

from typing import Annotated

import typer


def command(
    name: Annotated[str, typer.Option("--name", help="Whom to greet.")] = "you",
    times: Annotated[int, typer.Option("--times", min=1, help="How often.")] = 1,
) -> None:
    """Greet someone."""
    for _ in range(times):
        typer.echo(f"hello {name}")


if __name__ == "__main__":
    typer.run(command)

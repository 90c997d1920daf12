"""``python -m tradebot`` and the console script ``tradebot``."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from tradebot.errors import ExitCode


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command line (that of the process by default) and give the exit code."""
    try:
        from tradebot import cli

        return cli.run(arguments)
    except KeyboardInterrupt:
        return int(ExitCode.INTERRUPTED)


if __name__ == "__main__":
    sys.exit(main())

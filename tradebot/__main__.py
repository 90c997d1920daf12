"""``python -m tradebot`` and the console script ``tradebot``."""

from __future__ import annotations

import gc
import signal
import sys

TYPE_CHECKING = False  # so that nothing is imported before signals are held
if TYPE_CHECKING:
    from collections.abc import Sequence


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command line (that of the process by default) and give the exit code.

    In a process of its own it holds ^C and SIGTERM until the command can answer them, and again from its answer on to
    the end of the process, so that neither imports nor the interpreter's own end are torn apart.
    """
    try:
        if arguments is None and hasattr(signal, "pthread_sigmask"):
            signal.pthread_sigmask(signal.SIG_BLOCK, (signal.SIGINT, signal.SIGTERM))
        from tradebot import cli

        return cli.run(arguments)
    except KeyboardInterrupt:
        return 130
    finally:
        if arguments is None:
            gc.freeze()  # nothing is left to collect: the interpreter's last look through all modules costs a fifth


if __name__ == "__main__":
    sys.exit(main())

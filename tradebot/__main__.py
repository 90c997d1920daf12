"""The entry point of ``python -m tradebot`` and of the console script ``tradebot``."""

from __future__ import annotations

import gc
import signal
import sys

#: Objects between two collections: a command is over before cycles matter, and 700 costs a twentieth of its time.
GC_THRESHOLD = 200_000

TYPE_CHECKING = False  # instead of importing typing before the signals are blocked
if TYPE_CHECKING:
    from collections.abc import Sequence


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command line and return the exit code. Without ``arguments`` it runs the command line of the process.

    In that case SIGINT and SIGTERM are blocked until the command handles them, and ignored once its work is done: a
    signal interrupts neither an import nor the interpreter's exit.
    """
    try:
        if arguments is None:
            gc.set_threshold(GC_THRESHOLD)
        if arguments is None and hasattr(signal, "pthread_sigmask"):
            signal.pthread_sigmask(signal.SIG_BLOCK, (signal.SIGINT, signal.SIGTERM))
        from tradebot import cli

        return cli.run(arguments)
    except KeyboardInterrupt:
        return 130
    finally:
        if arguments is None:
            gc.freeze()  # skips the collection at the interpreter's exit, a fifth of the time of a short command


if __name__ == "__main__":
    sys.exit(main())

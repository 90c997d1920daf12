"""``tradebot`` as a process that dies between two files: ``python -m tests.fakes.killed N COMMAND ...``.

SIGKILL comes right before the Nth time that a file of the ledger gets a name or loses one.
"""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable
from itertools import count
from typing import Any

_LEDGER = ("trading_robot.db", "ledger_heads")


def main() -> int:
    moment, sys.argv[1:] = int(sys.argv[1]), sys.argv[2:]
    times = count(1)

    def killing(call: Callable[..., Any]) -> Callable[..., Any]:
        def called(first: Any, *rest: Any, **named: Any) -> Any:
            name = os.path.basename(os.fspath(first)) if not isinstance(first, int) else ""  # noqa: PTH119
            if name.startswith(_LEDGER) and next(times) == moment:
                os.kill(os.getpid(), signal.SIGKILL)
            return call(first, *rest, **named)

        return called

    for name in ("link", "unlink", "replace"):
        setattr(os, name, killing(getattr(os, name)))
    from tradebot.__main__ import main as tradebot

    return tradebot()


if __name__ == "__main__":
    sys.exit(main())

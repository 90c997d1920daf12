"""A file beside ``strategy.py`` that is imported as if it were installed: the message shows the import that works."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tradebot.plugins.strategy_book import StrategyBook
from tradebot.strategy_api import History

WriteStrategy = Callable[..., Path]


@pytest.mark.parametrize(
    ("written", "works"),
    [
        ("from helpers import LIMIT", "from .helpers import LIMIT"),
        ("from helpers import LIMIT as L, OTHER  # mine", "from .helpers import LIMIT as L, OTHER"),
        ("import helpers", "from . import helpers"),
        ("import helpers as h", "from . import helpers as h"),
        ("from tools import mean", "from .tools import mean"),
        ("from tools.mean import LIMIT", "from .tools.mean import LIMIT"),
        ("import tools.mean", "from .tools import mean"),
        ("import json, helpers", "from . import helpers"),
    ],
)
def test_the_relative_import_that_works_is_shown(
    write_strategy: WriteStrategy,
    book_of: Callable[..., StrategyBook],
    history: History,
    sound: str,
    written: str,
    works: str,
) -> None:
    folder = write_strategy(code=f"{written}\n{sound}")
    (folder / "helpers.py").write_text("LIMIT = OTHER = 1\n")
    (folder / "tools").mkdir()
    (folder / "tools" / "__init__.py").write_text("")
    (folder / "tools" / "mean.py").write_text("LIMIT = 1\n")
    _, (failure,) = book_of().signals(history)
    beside = "tools" if "tools" in written else "helpers"
    assert failure.message == (f"{folder / 'strategy.py'} line 1: {beside} lies beside strategy.py; write `{works}`")
    (folder / "strategy.py").write_text(f"{works}\n{sound}")
    assert book_of().signals(history)[1] == ()


def test_an_import_inside_a_function_is_shown_too(
    write_strategy: WriteStrategy, book_of: Callable[..., StrategyBook], history: History, sound: str
) -> None:
    code = sound.replace("close = history.close", "from helpers import LIMIT; close = history.close", 1)
    folder = write_strategy(code=code)
    (folder / "helpers.py").write_text("LIMIT = 1\n")
    _, (failure,) = book_of().signals(history)
    assert failure.message.startswith(
        f"{folder / 'strategy.py'} line 8: helpers lies beside strategy.py; write `from ."
    )


def test_a_file_in_a_folder_of_the_strategy_goes_up_to_its_neighbours(
    write_strategy: WriteStrategy, book_of: Callable[..., StrategyBook], history: History, sound: str
) -> None:
    folder = write_strategy(code=f"from .tools import mean\n{sound}")
    (folder / "helpers.py").write_text("LIMIT = 1\n")
    (folder / "tools").mkdir()
    (folder / "tools" / "mean.py").write_text("\nfrom helpers import LIMIT\n")
    _, (failure,) = book_of().signals(history)
    assert failure.message == (
        f"{folder / 'tools' / 'mean.py'} line 2: helpers lies beside strategy.py; write `from ..helpers import LIMIT`"
    )
    (folder / "tools" / "mean.py").write_text("\nfrom ..helpers import LIMIT\n")
    assert book_of().signals(history)[1] == ()


def test_a_module_that_is_nowhere_is_told_as_it_was(
    write_strategy: WriteStrategy, book_of: Callable[..., StrategyBook], history: History, sound: str
) -> None:
    write_strategy(code=f"import no_such_package\n{sound}")
    _, (failure,) = book_of().signals(history)
    assert "line 1: ModuleNotFoundError: No module named 'no_such_package'" in failure.message

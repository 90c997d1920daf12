"""The options that write the parameters of a run into a parameters.toml, and what they do."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from tradebot.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tradebot.backtest.parameter_grid import Dimension, Values
    from tradebot.core.results.written_parameters import WrittenParameters
    from tradebot.runtime.written_parameters import Parameters, ParameterTarget
    from tradebot.settings import GlobalOptions, Loaded
    from tradebot.strategy_api import ParamValue

WriteOption = Annotated[
    Path | None, typer.Option("--write", metavar="FILE", help="Also write the parameters of the run into this "
                              "parameters.toml, and show what changes. What else it says stays.", show_default=False),
]  # fmt: skip
ConfirmOption = Annotated[
    str | None, typer.Option("--confirm", metavar="HOME", help="The name of the home that trades with what --write "
                             "writes: needed where FILE is its own.", show_default=False),
]  # fmt: skip
RowOption = Annotated[
    list[str] | None, typer.Option("--row", metavar="STRATEGY.PARAM=VALUE", help="The variant whose parameters --write "
                                   "writes: a value of each parameter with several.", show_default=False),
]  # fmt: skip


def asked_target(
    options: GlobalOptions, loaded: Loaded, file: Path | None, home: str | None, *, force: bool
) -> ParameterTarget | None:
    """The file that the options ask to write to; None without --write. Raises UsageError and ConfigError."""
    from tradebot.commands import confirm
    from tradebot.runtime.written_parameters import parameter_target, unconfirmed

    if file is None:
        if home is not None:
            raise UsageError("--confirm belongs to --write: give both.")
        return None
    target = parameter_target(file, loaded, force=force, confirm=home)
    if not target.confirmed and not confirm.can_ask(options):
        raise UsageError(unconfirmed(target))
    return target


def write_run(
    loaded: Loaded, target: ParameterTarget | None, parameters: Parameters, refused: str = ""
) -> WrittenParameters | None:
    """Write the parameters of a run, where that is asked for. The name of a home is asked for if it was not given.

    refused: why they are not written; "" for a run that came to its end.
    """
    from tradebot.commands import confirm
    from tradebot.reports.pages.written_parameters import parameter_changes_page
    from tradebot.reports.streams import tell
    from tradebot.runtime.written_parameters import parameter_changes, unconfirmed, write_parameters

    if target is None:
        return None
    if refused:
        tell(f"{target.path} is not written: {refused}")
        return None
    changes = parameter_changes(target, parameters, loaded)
    if not target.confirmed:
        confirm.show_on_stderr(parameter_changes_page(changes))
        if not confirm.typed_name(unconfirmed(target), target.home):
            tell(f"{target.path} is not written")
            return None
    return write_parameters(target, changes, loaded)


def chosen_row(dimensions: Sequence[Dimension], texts: Sequence[str] | None, file: Path | None) -> Values | None:
    """The variant that --row names; None without --write. Raises UsageError."""
    from tradebot.commands.backtest_options import named_parameter, typed_value

    if file is None:
        if texts:
            raise UsageError("--row belongs to --write: give both.")
        return None
    named = {f"{strategy}.{parameter}": typed_value(value)
             for strategy, parameter, value in map(named_parameter, texts or ())}  # fmt: skip
    example = " ".join(f"--row {each.name}={_typed(each.values[0])}" for each in dimensions)
    if named.keys() != {dimension.name for dimension in dimensions}:
        raise UsageError(f"--write writes the parameters of the variant that you name, such as {example}.")
    row = []
    for dimension in dimensions:
        wanted = named[dimension.name]
        found = [value for value in dimension.values if (value, _is_truth(value)) == (wanted, _is_truth(wanted))]
        if not found:
            raise UsageError(f"--row {dimension.name}={_typed(wanted)} is no variant of this sweep.")
        row.append(found[0])
    return tuple(row)


def _is_truth(value: ParamValue) -> bool:
    return isinstance(value, bool)


def _typed(value: ParamValue) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)

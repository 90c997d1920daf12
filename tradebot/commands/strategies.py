"""tradebot strategies list and strategies check"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from tradebot.commands import decorator
from tradebot.errors import ConfigError, ExitCode

if TYPE_CHECKING:
    from tradebot.plugins.parameter_file import ParameterFile
    from tradebot.ports import StrategyInfo
    from tradebot.reports.layout import Line, Page
    from tradebot.runtime.strategies import ServedSessions
    from tradebot.settings import GlobalOptions, Settings


@decorator.command(
    "strategies list", writes="nothing.", examples=("tradebot strategies list",), ends_with=(ExitCode.DEGRADED,)
)
def list_all(options: GlobalOptions) -> ExitCode:
    """List every strategy there is: your own, those shipped, and those that installed packages offer."""
    from tradebot.commands import render
    from tradebot.plugins.discovery import discover
    from tradebot.plugins.load import read_plugin
    from tradebot.reports.layout import Line, Tone, section
    from tradebot.reports.run_header import home_opening
    from tradebot.runtime.strategies import parameter_file, served_sessions
    from tradebot.settings import load_for

    settings = load_for(options).settings
    file = parameter_file(settings)
    infos: list[StrategyInfo] = []
    unsound = [str(problem) for problem in file.problems]
    for place in discover([settings.strategies_path]):
        try:
            infos.append(read_plugin(place, settings.symbols or (), file.values.get(place.name)).info)
        except ConfigError as error:
            unsound.append(str(error))
    served = served_sessions(settings, (info for info in infos if info.name in settings.strategies))
    shown = (_lines(info, file, served.get(info.name), settings) for info in infos)
    page = (
        *home_opening(settings.home, ("your strategies", str(settings.strategies_path))),
        *section("Strategies", *(line for lines in shown for line in lines)),
        *section("Unsound", *(Line(problem, Tone.BAD) for problem in unsound)),
    )
    code = ExitCode.CONFIG if file.problems else ExitCode.DEGRADED if unsound else ExitCode.OK
    return render.show_result(
        options, "strategies list", page, code=code, home=settings.home, strategies=infos, unsound=unsound,
        configured=settings.strategies, served=served,
    )  # fmt: skip


@decorator.command(
    "strategies check",
    writes="nothing.",
    examples=("tradebot strategies check rsi2_mean_reversion",),
    ends_with=(ExitCode.BLOCKED,),
)
def check(
    options: GlobalOptions, strategy: Annotated[str, typer.Argument(metavar="NAME", help="Its folder's name.")]
) -> ExitCode:
    """Check that a strategy keeps the promises that its signals rest on.

    No signal may change when the future is cut off, when the whole history is rescaled, or when it is cut to the
    declared warm-up; parameters must validate and two runs must agree. It checks on all the prices that the embedded
    exchange has.
    """
    from contextlib import closing

    from tradebot.commands import render
    from tradebot.plugins.check import check_strategy
    from tradebot.plugins.discovery import find
    from tradebot.reports.layout import Line, Tone
    from tradebot.reports.pages.checks import checks_table
    from tradebot.reports.run_header import home_opening
    from tradebot.runtime.paper_exchange import whole_history
    from tradebot.runtime.strategies import sound_parameters
    from tradebot.runtime.strategy_process import strategy_runner
    from tradebot.settings import load_for

    settings = load_for(options).settings
    (plugin,) = find([strategy], [settings.strategies_path])
    params = sound_parameters(settings).values.get(strategy)
    with closing(strategy_runner(settings)) as runner:
        report = check_strategy(plugin, whole_history(settings), runner, settings.symbols or (), params)
    verdict = f"{strategy} keeps its promises" if report.passed else f"{strategy} does not keep its promises"
    page = (
        *home_opening(settings.home, ("your strategies", str(settings.strategies_path))),
        Line(verdict, Tone.GOOD if report.passed else Tone.BAD),
        Line(f"fingerprint {report.fingerprint or 'unknown'}, from {plugin.origin}", Tone.QUIET),
        *checks_table(report.checks),
    )
    code = ExitCode.OK if report.passed else ExitCode.BLOCKED
    return render.show_result(
        options, "strategies check", page, code=code, home=settings.home, report=report, passed=report.passed
    )


commands = (list_all, check)


def _lines(info: StrategyInfo, file: ParameterFile, served: ServedSessions | None, settings: Settings) -> Page:
    from tradebot.reports.layout import Line, Tone

    trades = "trades" if info.name in settings.strategies else "is not in STRATEGIES"
    return (
        Line(f"{info.name} {info.version} ({info.origin}; {trades})", Tone.STRONG),
        Line(info.description, under=True),
        Line(f"{', '.join(info.symbols)}; warm-up {info.warmup} sessions", Tone.QUIET, under=True),
        *(
            Line(f"{name} = {value} ({file.origin(info.name, name)})", under=True)
            for name, value in info.params.items()
            if name in file.values.get(info.name, {})
        ),
        *([] if served is None else [_probation(served, settings)]),
    )


def _probation(served: ServedSessions, settings: Settings) -> Line:
    from tradebot.core.model.values import plural
    from tradebot.reports.layout import Line, Tone

    sessions = plural(served.sessions, "session")
    probation = f"unchanged for {sessions}, of {settings.probation_sessions} on probation"
    if served.changes:
        what = f"changed since its session of {served.newest}: {', '.join(served.changes)}; {probation}"
        return Line(what, Tone.WARN, under=True)
    if served.sessions >= settings.probation_sessions:
        probation = f"unchanged for {sessions}; probation is over"
    return Line(probation, Tone.QUIET, under=True)

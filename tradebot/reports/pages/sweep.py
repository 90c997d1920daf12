"""The page of a sweep: its variants by Sharpe ratio, and how far the highest of them is luck."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from math import ceil

from tradebot.core.model.values import plural
from tradebot.core.results.sweep_outcome import Overfit, RunFigures, SweepOutcome, SweepRun, Value, WalkForward
from tradebot.core.results.written_parameters import WrittenParameters
from tradebot.reports.formatting import NOTHING, day, percent_text, ratio, usd
from tradebot.reports.layout import Cell, Line, Page, Tone, section, table
from tradebot.reports.pages.backtest import luck_figures, may_be_luck, survival, verdict
from tradebot.reports.pages.written_parameters import written_parameters

#: Variants and errors that the page lists; --json and --csv have all.
MOST_LISTED, MOST_ERRORS = 20, 5
#: The probability of backtest overfitting from which the choice is called no better than a coin's.
COIN = 0.5
_FIGURES = ">Sharpe | >deflated | >?to tell | >return | >drawdown | ?>exposure | ?>fills | >equity"
_TO_TELL = "to tell: sessions after which the deflated Sharpe ratio would reach 0.95"
_FIGURES = ">Sharpe | >deflated | >?to tell | >return | >drawdown | ?>exposure | ?>fills | >equity"
_TO_TELL = "to tell: sessions after which the deflated Sharpe ratio would reach 0.95"


def sweep_page(outcome: SweepOutcome, written: WrittenParameters | None = None) -> Page:
    """The page of a sweep. ``written``: what --write wrote."""
    speed = ", ".join(f"{name} {seconds:.1f} s" for name, seconds in outcome.seconds.items())
    known = f"; {plural(outcome.from_store, 'result')} taken from the store" if outcome.from_store else ""
    return (
        Line(headline(outcome), Tone.STRONG),
        *_stopped(outcome),
        Line(f"{speed}{known}", Tone.QUIET),
        *sweep_luck(outcome),
        *variants(outcome, MOST_LISTED),
        *walk_forward(outcome.walk_forward, outcome.untested),
        *failures(outcome.ranking),
        *written_parameters(written),
    )


def headline(outcome: SweepOutcome) -> str:
    """What was tried."""
    names = ", ".join(outcome.swept)
    return f"{plural(outcome.variants, 'variant')} of {names} from {day(outcome.first)} to {day(outcome.last)}"


def conclusion(outcome: SweepOutcome) -> tuple[str, Tone]:
    """What may be said of the variant with the highest Sharpe ratio."""
    highest = next(iter(outcome.ranking), None)
    if highest is None or highest.luck is None:
        return "no variant has a figure", Tone.BAD
    said = f"the highest Sharpe ratio has {params_text(highest.params)}"
    if may_be_luck(highest.luck):
        return f"{said}; after all trials on this data it may be luck", Tone.WARN
    if outcome.overfit.probability is None:
        return f"{said}; it is more than luck shows, but how the choice holds in other sessions is not known", Tone.WARN
    if outcome.overfit.probability >= COIN:
        return f"{said}; more than luck shows, yet choosing like this fails in other sessions", Tone.WARN
    return f"{said}; it is more than luck shows", Tone.GOOD


def sweep_luck(outcome: SweepOutcome) -> Page:
    """How far the highest variant is luck."""
    said, tone = conclusion(outcome)
    highest = next(iter(outcome.ranking), None)
    luck = () if highest is None else luck_figures(highest.luck)[1:]
    of_highest = outcome.highest or outcome.verdicts
    return section(
        "How far the highest is luck",
        Line(said, tone),
        *luck,
        *_overfit(outcome.overfit),
        survival(outcome.survivors, outcome.universe),
        *(line for each in of_highest for line in verdict(each)),
    )


def variants(outcome: SweepOutcome, most: int) -> Page:
    """The variants with figures, by Sharpe ratio."""
    ranked = [run for run in outcome.ranking if run.figures is not None]
    rows = [_row(run, run.figures) for run in ranked[:most] if run.figures is not None]
    names = " | ".join(f">{name}" for name in short_names(outcome.swept))
    more = len(ranked) - len(rows)
    return section(
        "Variants by Sharpe ratio",
        *table(f"{names} | {_FIGURES}", rows),
        *((Line(f"{more:,} more: `--csv` and `--json` have them all", Tone.QUIET),) if more else ()),
        *((Line(_TO_TELL, Tone.QUIET),) if rows else ()),
    )


def short_names(names: Iterable[str]) -> tuple[str, ...]:
    """The names of parameters without their strategies, unless two are then the same."""
    whole = tuple(names)
    short = tuple(name.partition(".")[2] for name in whole)
    return short if len(set(short)) == len(short) else whole


def walk_forward(found: WalkForward | None, untested: str = "") -> Page:
    """The folds of a walk-forward, and what the tests come to together. ``untested``: why there is none."""
    if found is None:
        return section("Walk-forward", Line(f"none: {untested}", Tone.WARN)) if untested else ()
    total, sharpe, deepest = (found.of_curve.get(name) for name in ("total_return", "sharpe", "max_drawdown"))
    rows = (
        (
            f"{day(fold.train_first)} to {day(fold.train_last)}",
            f"{day(fold.test_first)} to {day(fold.test_last)}",
            params_text(dict(zip(short_names(fold.params), fold.params.values(), strict=True))),
            ratio(fold.trained.sharpe),
            ratio(fold.tested.sharpe),
            percent_text(fold.tested.total_return),
        )
        for fold in found.folds
    )
    return section(
        f"Walk-forward, {found.kind}",
        *table("trained | tested | ~chosen | >Sharpe | >tested | >return", rows),
        Line(
            f"all tests, one after the other: return {percent_text(total)}, Sharpe ratio {ratio(sharpe)}, drawdown "
            f"{percent_text(deepest)}",
            Tone.STRONG,
        ),
        *luck_figures(found.luck)[1:2],
        *(Line(f"{name}: {' → '.join(map(value_text, values))}", Tone.QUIET) for name, values in found.drift.items()),
    )


def failures(runs: Iterable[SweepRun]) -> Page:
    """The variants without figures, with their errors."""
    failed = [run for run in runs if run.error]
    more = len(failed) - MOST_ERRORS
    return section(
        "Failed",
        *(Line(f"{params_text(run.params)}: {run.error}", Tone.WARN) for run in failed[:MOST_ERRORS]),
        *((Line(f"{plural(more, 'more variant')} failed: `--json` has their errors", Tone.QUIET),) if more > 0 else ()),
    )


def params_text(params: Mapping[str, Value]) -> str:
    """The parameters of a variant: ``rsi2_mean_reversion.stop=0.03``."""
    return ", ".join(f"{name}={value_text(value)}" for name, value in params.items())


def value_text(value: Value) -> str:
    """A value as it is typed."""
    return str(value).lower() if isinstance(value, bool) else str(value)


def _stopped(outcome: SweepOutcome) -> Page:
    if len(outcome.ranking) >= outcome.variants:
        return ()
    why = f": {outcome.lost}" if outcome.lost else ""
    return (Line(f"stopped after {len(outcome.ranking)} of {outcome.variants} variants{why}", Tone.WARN),)


def _overfit(found: Overfit) -> Iterator[Line]:
    if found.probability is not None:
        share = percent_text(found.probability, 0)
        yield Line(
            f"probability of backtest overfitting {found.probability:.2f}: in {share} of {found.splits:,} splits of "
            "the sessions, the highest variant of one half is in the lower half of the other",
            Tone.WARN if found.probability >= COIN else Tone.PLAIN,
        )
    if found.trouble:
        yield Line(f"probability of backtest overfitting: {found.trouble}", Tone.WARN)


def _row(run: SweepRun, figures: RunFigures) -> tuple[str | Cell, ...]:
    luck = run.luck
    need = None if luck is None else luck.minimum_track_record
    deflated = None if luck is None else luck.deflated_sharpe
    return (
        *map(value_text, run.params.values()),
        ratio(figures.sharpe),
        ratio(deflated),
        NOTHING if need is None else f"{ceil(need):,}",
        percent_text(figures.total_return),
        percent_text(figures.max_drawdown),
        percent_text(figures.mean_exposure),
        f"{figures.fills:,}",
        usd(figures.equity),
    )

"""tradebot verify"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Annotated

import typer

from tradebot.commands import decorator
from tradebot.errors import ExitCode, UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tradebot.ledger.audit import Head
    from tradebot.ledger.verify import Verification
    from tradebot.reports.layout import Block
    from tradebot.settings import GlobalOptions

_HEAD = re.compile(r"([1-9]\d{0,17}):([0-9a-f]{64})")
_NOT_OUTSIDE = (
    "no chain head lies outside the ledger: nothing here tells whether its newest history was cut off or rewritten; "
    "--head with the head in an alert or a heartbeat tells"
)


@decorator.command(
    "verify",
    writes="nothing.",
    examples=(
        "tradebot verify",
        "tradebot verify --head 42:0123abcd",
    ),
    ends_with=(ExitCode.LEDGER,),
)
def command(
    options: GlobalOptions,
    head: Annotated[
        list[str] | None,
        typer.Option(
            "--head",
            metavar="SEQ:HASH",
            help="A chain head that the ledger must have, as an alert or a heartbeat told it. May be repeated.",
            show_default=False,
        ),
    ] = None,
) -> ExitCode:
    """Prove that the ledger's history was not touched.

    Walks the hash chain of the audit trail from its first row, and holds against it every fill, cash event, split,
    trade, equity point and decision, the states that orders went through, the guards that keep history as it is, and
    the chain heads that earlier runs left outside the database. Jobs may be at work meanwhile. Names the first bad row.
    """
    from tradebot.commands import render
    from tradebot.reports.run_header import home_opening
    from tradebot.runtime.chain_heads import heads_outside, verify_home
    from tradebot.runtime.open_ledger import open_ledger

    told = [_head_in(text) for text in head or ()]
    with open_ledger(options) as opened:
        settings = opened.loaded.settings
        found = verify_home(settings, opened.database, told)
        known = len(heads_outside(settings))
    newest = (("chain head", f"{seq}:{digest}") for seq, digest in found.heads.values())
    facts = (("database", str(settings.ledger)), *newest)
    return render.show_result(
        options,
        "verify",
        (*home_opening(settings.home, *facts), *_verdict(found, heads_known=bool(known or told))),
        code=ExitCode.LEDGER if found.findings else ExitCode.OK,
        findings=found.findings,
        not_covered=found.not_covered,
        known_heads=known,
        heads=found.heads,
        home=settings.home,
    )


def _verdict(found: Verification, *, heads_known: bool) -> Iterator[Block]:
    from tradebot.core.model.values import plural
    from tradebot.reports.layout import Line, Tone, section

    if found.findings:
        yield Line(plural(len(found.findings), "finding"), Tone.BAD)
    else:
        yield Line("the ledger is sound", Tone.GOOD)
    if not heads_known and found.heads:
        yield Line(_NOT_OUTSIDE, Tone.WARN)
    yield from section("Findings", *(Line(str(finding), Tone.BAD) for finding in found.findings))
    not_covered = (f"{table}: {rows}" for table, rows in found.not_covered.items())
    yield from section("Rows of earlier versions, which the audit trail covers only in part", *map(Line, not_covered))


def _head_in(text: str) -> Head:
    match = _HEAD.fullmatch(text.strip().lower())
    if match is None:
        raise UsageError(
            f"--head {text!r} is not SEQ:HASH. Copy it from an alert or a heartbeat: a number, a colon and 64 "
            "hexadecimal digits."
        )
    return int(match[1]), match[2]

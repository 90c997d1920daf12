"""tradebot metrics"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from tradebot.commands import decorator
from tradebot.errors import ExitCode

if TYPE_CHECKING:
    from tradebot.settings import GlobalOptions


@decorator.command(
    "metrics",
    writes="the file of --textfile, whole or not at all; nothing in the home.",
    examples=(
        "tradebot metrics",
        "tradebot metrics --textfile /var/lib/prometheus/node-exporter/tradebot.prom",
        "tradebot metrics --json",
    ),
    ends_with=(ExitCode.BLOCKED, ExitCode.BROKER, ExitCode.LEDGER),
)
def command(
    options: GlobalOptions,
    textfile: Annotated[
        Path | None,
        typer.Option("--textfile", metavar="FILE", help="Write them into FILE, which is readable by all."),
    ] = None,
    force: decorator.ForceOption = False,
) -> ExitCode:
    """Tell the metrics of the home for Prometheus.

    For hosts without the server, which serves the same as /metrics: cron starts this every few minutes, and the
    textfile collector of node_exporter reads the file. It asks the broker for the account and changes nothing. Where
    broker or ledger cannot be asked the file tells that, and the command ends with 5, 6 or 10.
    """
    from tradebot.commands import render
    from tradebot.core.results.metrics import home_metrics
    from tradebot.home.output_files import Kind, output_path, write_output
    from tradebot.reports.layout import lines
    from tradebot.reports.prometheus_text import metric_lines, prometheus_text
    from tradebot.reports.streams import emit
    from tradebot.runtime.home_metrics import read_once
    from tradebot.runtime.homes import configuration

    kind = Kind("a file of metrics", lambda head: head.startswith(b"# HELP tradebot_"))
    path = output_path(textfile, "--textfile", configuration(options), kind, force=force) if textfile else None
    view, code = read_once(options)
    samples = home_metrics(view)
    render.warn(each.trouble for each in (view.database, view.broker) if each is not None and each.trouble)
    if path is not None:
        write_output(path, prometheus_text(samples), "--textfile", mode=0o644)
    if options.json:
        return render.show_result(options, "metrics", (), code=code, file=path, metrics=metric_lines(samples))
    if path is None:
        emit(prometheus_text(samples).rstrip("\n"))
        return code
    return render.show_result(options, "metrics", lines([f"{len(samples)} metrics are in {path}"]), code=code)

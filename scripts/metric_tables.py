"""The tables of metrics in docs/web.md, made from the names that the code tells them by."""

from __future__ import annotations

from collections.abc import Iterable

from tradebot.core.results.metric_families import OF_A_HOME, OF_THE_SERVER, Family


def metric_tables() -> str:
    """The metrics of a home and those of the server, in Markdown."""
    return f"{_table(OF_A_HOME)}\n\nThe server alone tells of itself and of its machine:\n\n{_table(OF_THE_SERVER)}"


def _table(families: Iterable[Family]) -> str:
    rows = (
        f"| `{family.name}` | {', '.join(family.labels) or 'none'} | {family.meaning.removesuffix('.')} |"
        for family in families
    )
    return "\n".join(("| name | labels | meaning |", "|---|---|---|", *rows))


if __name__ == "__main__":
    print(metric_tables())

"""The alert rules and the dashboard of docs/prometheus name metrics, labels and values that there are."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml
from typer.main import get_command

from scripts.metric_tables import metric_tables
from tradebot import cli
from tradebot.core.model.breaks import BreakSeverity
from tradebot.core.model.halts import HaltLevel
from tradebot.core.model.ledger_rows import RunStatus
from tradebot.core.results.metric_families import FAMILIES
from tradebot.settings.documentation import rows

DOCS = Path(__file__).parents[2] / "docs"
FOLDER = DOCS / "prometheus"
RULES = FOLDER / "alert_rules.yml"
BY_NAME = {family.name: family for family in FAMILIES}
#: The values that a label with few of them may have.
VALUES: dict[str, set[str]] = {
    "level": set(HaltLevel),
    "status": set(RunStatus) | {"missed"},
    "severity": set(BreakSeverity),
    "limit": set(rows()),
}


def rules() -> list[dict[str, object]]:
    return [rule for group in yaml.safe_load(RULES.read_text(encoding="utf-8"))["groups"] for rule in group["rules"]]


def dashboard() -> dict[str, object]:
    return json.loads((FOLDER / "grafana_dashboard.json").read_text(encoding="utf-8"))  # type: ignore[no-any-return]


def targets(panels: object) -> Iterator[str]:
    assert isinstance(panels, list)
    for panel in panels:
        yield from (target["expr"] for target in panel.get("targets", ()))
        yield from targets(panel.get("panels", []))


EXPRESSIONS = [*(str(rule["expr"]) for rule in rules()), *targets(dashboard()["panels"])]


def test_every_expression_names_what_there_is() -> None:
    for expression in EXPRESSIONS:
        named = re.findall(r"(tradebot_\w+)(?:\{([^}]*)\})?", expression)
        assert named, expression
        for name, selector in named:
            assert name in BY_NAME, expression
            for label, told in re.findall(r'(\w+)=~?"([^"]*)"', selector):
                assert label in BY_NAME[name].labels, expression
                if label in VALUES:
                    assert set(told.split("|")) <= VALUES[label], expression


def test_the_page_has_every_metric() -> None:
    """Mended by: python scripts/update_docs.py"""
    assert metric_tables() in (DOCS / "web.md").read_text(encoding="utf-8")


def test_every_rule_says_what_happened_and_what_to_do() -> None:
    names = [rule["alert"] for rule in rules()]
    assert len(set(names)) == len(names)
    for rule in rules():
        family = BY_NAME[re.findall(r"tradebot_\w+", str(rule["expr"]))[0]]
        labels, notes = rule["labels"], rule["annotations"]
        assert isinstance(labels, dict) and isinstance(notes, dict)
        assert labels["severity"] in ("warning", "critical")
        assert set(re.findall(r"\$labels\.(\w+)", notes["summary"])) <= set(family.labels)
        for command in re.findall(r"`tradebot ([a-z-]+)", notes["action"]):
            assert command in get_command(cli.app).commands  # type: ignore[attr-defined]


def test_the_panels_of_the_dashboard_have_places_of_their_own() -> None:
    panels = dashboard()["panels"]
    assert isinstance(panels, list)
    cells = [
        (x, y)
        for panel in panels
        for place in [panel["gridPos"]]
        for x in range(place["x"], place["x"] + place["w"])
        for y in range(place["y"], place["y"] + place["h"])
    ]
    assert len(set(cells)) == len(cells)
    assert max(x for x, _ in cells) == 23
    assert len({panel["id"] for panel in panels}) == len(panels)


@pytest.mark.skipif(shutil.which("promtool") is None, reason="there is no promtool here")
def test_prometheus_itself_takes_the_rules() -> None:
    ended = subprocess.run(["promtool", "check", "rules", str(RULES)], capture_output=True, text=True)
    assert ended.returncode == 0, ended.stdout + ended.stderr

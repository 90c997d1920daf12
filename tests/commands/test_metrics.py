"""`tradebot metrics`: the figures of a home as text, where the server does not tell them."""

from __future__ import annotations

from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families

from tests.commands.conftest import Run


def values(path: Path) -> dict[str, float]:
    """The samples of a file by name and the values of their labels."""
    families = text_string_to_metric_families(path.read_text(encoding="utf-8"))
    return {" ".join((each.name, *each.labels.values())): each.value for family in families for each in family.samples}


def test_the_file_is_whole_readable_by_the_collector_and_takes_the_place_of_its_kind_alone(
    run: Run, home: Path, tmp_path: Path
) -> None:
    file, other = tmp_path / "node" / "tradebot.prom", tmp_path / "notes.prom"
    other.write_text("mine")
    for _ in range(2):
        ended = run("metrics", "--textfile", file, "--home", home)
        assert ended.code == 0, ended.err
    assert [path.name for path in file.parent.iterdir()] == ["tradebot.prom"]
    assert file.stat().st_mode & 0o777 == 0o644
    told = values(file)
    assert told["tradebot_database_up home"] == told["tradebot_broker_up home"] == 1
    assert told["tradebot_trading_level home running"] == 1
    assert run("metrics", "--textfile", other, "--home", home).code == 2
    assert run("metrics", "--textfile", home / "trading_robot.db", "--home", home).code == 2
    assert other.read_text() == "mine"
    told_json = {each["name"] for each in run("metrics", "--home", home, "--json").json["metrics"]}
    assert told_json == {name.partition(" ")[0] for name in told}


@pytest.mark.parametrize(
    ("lost", "code", "told"),
    [
        ("trading_robot.db", 10, {"tradebot_database_up home": 0, "tradebot_trading_level home halted": 1}),
        ("state/paper_exchange.db", 3, {"tradebot_database_up home": 1, "tradebot_broker_up home": 0}),
    ],
)
def test_what_cannot_be_asked_is_told_in_the_file_and_by_the_code(
    run: Run, home: Path, tmp_path: Path, lost: str, code: int, told: dict[str, float]
) -> None:
    (home / lost).rename(tmp_path / "lost")
    file = tmp_path / "tradebot.prom"
    ended = run("metrics", "--textfile", file, "--home", home)
    found = values(file)
    assert (ended.code, {name: found[name] for name in told}) == (code, told), ended.out + ended.err
    assert "tradebot_equity_dollars home" not in found
    assert Path(lost).name in ended.err

"""manifest.toml: what is understood, and how everything wrong with one is told at once."""

from __future__ import annotations

from pathlib import Path

import pytest

from tradebot.errors import ConfigError
from tradebot.plugins.manifest import read_manifest

COMPLETE = """\
name = "golden"
version = "2.1.0"
description = "Buys on a golden cross."
symbols = ["AAPL", "BRK.B"]
warmup = 200

[parameters.fast]
type = "int"
default = 50
min = 2
max = 200
description = "Sessions of the faster average."

[parameters.stop]
type = "float"
default = 1
min = 0.5
max = 2.0

[parameters.mode]
type = "str"
default = "close"
choices = ["close", "open"]

[parameters.shout]
type = "bool"
default = false
"""


def read(folder: Path, text: str | bytes, name: str = "golden") -> list[str]:
    """The problems found in a manifest of this text, as people see them."""
    (folder / "manifest.toml").write_bytes(text if isinstance(text, bytes) else text.encode())
    try:
        read_manifest(folder, name)
    except ConfigError as error:
        assert all(str(folder / "manifest.toml") in problem.where for problem in error.problems)
        assert all(problem.fix for problem in error.problems)
        return [f"{problem.what}. {problem.fix}" for problem in error.problems]
    return []


def test_a_complete_manifest_is_read_as_it_is_written(tmp_path: Path) -> None:
    assert read(tmp_path, COMPLETE) == []
    manifest = read_manifest(tmp_path, "golden")
    assert (manifest.name, manifest.version, manifest.warmup) == ("golden", "2.1.0", 200)
    assert manifest.symbols == ("AAPL", "BRK.B")
    assert [parameter.name for parameter in manifest.parameters] == ["fast", "stop", "mode", "shout"]
    values = manifest.params({}, "test")
    assert dict(values) == {"fast": 50, "stop": 1.0, "mode": "close", "shout": False}
    assert isinstance(values["stop"], float)


def test_every_problem_is_told_at_once(tmp_path: Path) -> None:
    problems = read(
        tmp_path,
        """\
nmae = "golden"
version = "one"
symbols = ["aapl", "MSFT", "MSFT"]
warmup = 0

[parameters.fast]
type = "integer"

[parameters.slow]
type = "int"
default = 5
min = 10
kind = 3
""",
    )
    told = "\n".join(problems)
    assert "nmae: unknown key. Did you mean 'name'?" in told
    assert "name: missing" in told
    assert "version: 'one' is not a version" in told
    assert "description: missing" in told
    assert "symbols: 'aapl' is not a symbol" in told
    assert "symbols: MSFT is there 2 times" in told
    assert "warmup: 0 is not a whole number" in told
    assert "parameters.fast.type: 'integer' is not a type. Write one of bool, int, float, str." in told
    assert "parameters.slow.kind: unknown key" in told
    assert "parameters.slow.default: 5 is below the minimum 10" in told
    assert len(problems) == 10


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (('name = "golden"', 'name = "silver"'), "name: 'silver' is not the name it is found under"),
        (('version = "2.1.0"', "version = 2.1"), "version: 2.1 is not a text"),
        (("warmup = 200", "warmup = true"), "warmup: True is not a whole number"),
        (("warmup = 200", "warmup = 100000"), "warmup: 100000 is not a whole number from 1 to 2520"),
        (('symbols = ["AAPL", "BRK.B"]', "symbols = []"), "symbols: [] is not a list of symbols"),
        (('symbols = ["AAPL", "BRK.B"]', 'symbols = "AAPL"'), "symbols: 'AAPL' is not a list of symbols"),
        (('symbols = ["AAPL", "BRK.B"]', "symbols = [[1], 2]"), "symbols: [1] is not a symbol"),
        (("default = 50", 'default = "50"'), "parameters.fast.default: '50' is not of type int"),
        (("default = 50", "default = true"), "parameters.fast.default: True is not of type int"),
        (("default = 50", ""), "parameters.fast.default: missing"),
        (("default = 50", "default = 201"), "parameters.fast.default: 201 is above the maximum 200"),
        (("min = 2", "min = 300"), "parameters.fast.min: is above max"),
        (("min = 0.5", 'min = "low"'), "parameters.stop.min: 'low' is not of type float"),
        (("default = 1\n", "default = nan\n"), "parameters.stop.default: nan is not of type float"),
        (("max = 2.0", "max = inf"), "parameters.stop.max: inf is not of type float"),
        (('default = "close"', 'default = "high"'), "parameters.mode.default: 'high' is none of 'close', 'open'"),
        (('choices = ["close", "open"]', "choices = [1]"), "parameters.mode.choices: [1] is not a list of str values"),
        (
            ("default = false", "default = false\nmin = 1"),
            "parameters.shout.min: a parameter of type bool has no range",
        ),
        (("[parameters.fast]", "[parameters.Fast]"), "parameters.Fast: not a parameter's name"),
        (('type = "int"', 'type = ["int"]'), "parameters.fast.type: ['int'] is not a type"),
    ],
)
def test_each_rule_names_key_and_fix(tmp_path: Path, change: tuple[str, str], told: str) -> None:
    changed = COMPLETE.replace(*change)
    assert changed != COMPLETE
    assert told in "\n".join(read(tmp_path, changed))


def test_a_parameter_must_be_a_table(tmp_path: Path) -> None:
    (problem,) = read(tmp_path, COMPLETE.split("[parameters")[0] + "parameters = 3\n")
    assert problem.startswith("parameters: 3 is not a table")


@pytest.mark.parametrize("name", ["Golden", "golden-cross", "9lives", "a" * 41, "foreign"])
def test_names_that_no_order_id_could_carry_are_refused(tmp_path: Path, name: str) -> None:
    assert "Rename the strategy." in "\n".join(read(tmp_path, COMPLETE.replace("golden", name), name))


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (b"\xff\xfe\x00", "is not UTF-8 text"),
        ("name = ", "is not TOML"),
        ('name = "a"\nname = "b"', "is not TOML"),
        ("", "name: missing"),
    ],
)
def test_what_is_not_a_manifest_at_all(tmp_path: Path, text: str | bytes, told: str) -> None:
    assert told in "\n".join(read(tmp_path, text))


def test_a_missing_manifest_points_to_the_guide(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"there is no manifest\.toml.*writing-a-strategy"):
        read_manifest(tmp_path, "golden")


def test_overrides_are_held_to_the_manifest(tmp_path: Path) -> None:
    read(tmp_path, COMPLETE)
    manifest = read_manifest(tmp_path, "golden")
    assert manifest.params({"fast": 20, "stop": 2}, "test") == {
        "fast": 20,
        "stop": 2.0,
        "mode": "close",
        "shout": False,
    }
    with pytest.raises(ConfigError) as caught:
        manifest.params({"fst": 20, "fast": 500, "mode": "high"}, "the command line")
    assert [problem.where for problem in caught.value.problems] == ["the command line"] * 3
    told = str(caught.value)
    assert "golden has no parameter 'fst'. Did you mean 'fast'?" in told
    assert "500 is above the maximum 200" in told
    assert "'high' is none of" in told

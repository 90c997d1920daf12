"""parameters.toml: values that a home sets for its strategies, and how everything wrong with one is told at once."""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from pathlib import Path

import pytest

from tradebot.plugins.parameter_file import ParameterFile, read_parameters

WriteStrategy = Callable[..., Path]
MANIFEST = """\
name = "sample"
version = "1.0.0"
description = "Made for a test."
symbols = ["AAA"]
warmup = 5

[parameters.fast]
type = "int"
default = 50
min = 2

[parameters.stop]
type = "float"
default = 0.02
max = 0.5

[parameters.mode]
type = "str"
default = "close"
choices = ["close", "open"]
"""


@pytest.fixture
def read(tmp_path: Path, own_folder: Path, write_strategy: WriteStrategy) -> Callable[[str | bytes], ParameterFile]:
    """Reads a parameters.toml of this text, in a home with the strategy ``sample``."""
    write_strategy(manifest=MANIFEST)

    def read_text(text: str | bytes) -> ParameterFile:
        (tmp_path / "parameters.toml").write_bytes(text if isinstance(text, bytes) else text.encode())
        return read_parameters(tmp_path / "parameters.toml", [own_folder])

    return read_text


Read = Callable[[str | bytes], ParameterFile]


def test_a_home_need_not_have_one(tmp_path: Path) -> None:
    assert read_parameters(tmp_path / "parameters.toml", []) == ParameterFile()


def test_values_are_read_with_their_lines(read: Read) -> None:
    file = read('# mine\n[sample]\nfast = 20\nstop = 1e-2\n\n[rsi2_mean_reversion]\n"rsi_below" = 5.0\n')
    assert file.problems == ()
    assert file.values == {"sample": {"fast": 20, "stop": 0.01}, "rsi2_mean_reversion": {"rsi_below": 5.0}}
    assert file.origin("sample", "stop") == "`parameters.toml` line 4"
    assert file.origin("rsi2_mean_reversion", "rsi_below") == "`parameters.toml` line 7"
    assert file.origin("sample", "mode") == file.origin("other", "mode") == "default"


@pytest.mark.parametrize(
    "text",
    ["sample = { fast = 20 }\n", "sample.fast = 20\n", "[ 'sample' ]\nfast=20", "\ufeff[sample]\r\nfast = 20\r\n"],
)
def test_every_way_of_writing_a_table_is_taken(read: Read, text: str) -> None:
    file = read(text)
    assert (file.problems, file.values) == ((), {"sample": {"fast": 20}})
    assert file.origin("sample", "fast").startswith("`parameters.toml`")


def test_everything_wrong_is_told_at_once_in_the_order_of_the_lines(read: Read) -> None:
    file = read(
        "samples = 3\n"
        "rsi2_mean_reversion = 4\n"
        "[sample]\n"
        "fst = 20\n"
        'fast = "20"\n'
        "stop = 0.9\n"
        "mode = 2026-01-01\n"
        "[simple]\n"
        "fast = 20\n"
    )
    assert [problem.where for problem in file.problems] == [
        f"`parameters.toml` line {line}" for line in (1, 2, 4, 5, 6, 7, 8)
    ]
    unknown, no_table, no_parameter, wrong_type, too_high, no_text, unknown_too = map(str, file.problems)
    assert "there is no strategy 'samples'. Did you mean 'sample'?" in unknown
    assert "rsi2_mean_reversion is 4, not a table of parameters. Write [rsi2_mean_reversion]" in no_table
    assert "sample has no parameter 'fst'. Did you mean 'fast'? Known parameters: fast, mode, stop." in no_parameter
    assert "parameter fast of sample: '20' is not of type int" in wrong_type
    assert "parameter stop of sample: 0.9 is above the maximum 0.5" in too_high
    assert "parameter mode of sample: " in no_text
    assert "there is no strategy 'simple'. Did you mean 'sample'?" in unknown_too


def test_a_number_that_nobody_can_write_out_is_told(read: Read) -> None:
    (problem,) = read(f"[sample]\nfast = 0x{'f' * 5000}\n").problems
    assert "parameter fast of sample: a number of too many digits is not of type int" in problem.what


def test_what_is_valid_beside_a_problem_is_kept(read: Read) -> None:
    assert read("[sample]\nfast = 20\nstop = 3\n").values == {"sample": {"fast": 20}}


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("[sample]\nfast == 20\n", "is not TOML: .*at line 2, column 7"),
        ("[sample]\nfast = 20\n[sample]\nstop = 1\n", "is not TOML: .*at line 3"),
        (b"[sample]\nmode = '\xff'\n", "is not UTF-8 text. Save it as UTF-8."),
        (f"a = {'9' * 5000}\n", "is not TOML: "),
        (f"a = {'[' * 5000}\n", "is nested too deeply|is not TOML"),
    ],
)
def test_what_is_no_toml_is_told_with_its_line(read: Read, text: str | bytes, told: str) -> None:
    (problem,) = read(text).problems
    assert problem.where.endswith("parameters.toml")
    assert re.search(told, str(problem))


def test_a_strategy_whose_manifest_is_unsound_is_not_judged(read: Read, write_strategy: WriteStrategy) -> None:
    write_strategy("broken", manifest="name = 3\n")
    assert read("[broken]\nfast = 20\n").problems == ()


def test_a_folder_or_a_pipe_of_that_name_is_told(tmp_path: Path) -> None:
    (tmp_path / "parameters.toml").mkdir()
    (problem,) = read_parameters(tmp_path / "parameters.toml", []).problems
    assert "is no regular file" in problem.what
    if hasattr(os, "mkfifo"):
        (tmp_path / "parameters.toml").rmdir()
        os.mkfifo(tmp_path / "parameters.toml")
        (problem,) = read_parameters(tmp_path / "parameters.toml", []).problems
        assert "is no regular file" in problem.what

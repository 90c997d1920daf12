"""Which places a schedule does not name."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from tradebot.schedulers import Setup
from tradebot.schedulers.temporary import problems

CACHE_TAG = "Signature: 8a477f597d28d172789f06886806bc55\n# a cache\n"


def said(setup: Setup, temporary: Path = Path("/none")) -> list[str]:
    return [str(problem) for problem in problems(setup, Path(setup.program[0]).parent, [temporary])]


def test_a_place_that_stays_is_named(setup: Setup) -> None:
    assert said(setup) == []


@pytest.mark.parametrize(
    "place",
    [
        ".cache/uv/archive-v0/x1/bin/tradebot",
        "pipx/.cache/4f2c/bin/tradebot",
        "Library/Caches/uv/archive-v0/x1/bin/tradebot",
        "pip-build-env-k2/overlay/bin/tradebot",
        "clone/__pycache__/tradebot",
        "clone/.tox/py311/bin/tradebot",
    ],
)
def test_a_program_in_a_cache_is_refused(place: str, setup: Setup, tmp_path: Path) -> None:
    (said_of_it,) = said(replace(setup, program=(str(tmp_path / place),)))
    assert f"it would start {tmp_path / place}" in said_of_it
    assert "the cache" in said_of_it
    assert "uv tool install" in said_of_it


def test_a_folder_that_is_marked_as_a_cache_is_one(setup: Setup, tmp_path: Path) -> None:
    (tmp_path / "bin" / "CACHEDIR.TAG").write_text(CACHE_TAG)
    assert "the cache" in said(setup)[0]


def test_a_virtual_environment_that_backups_leave_out_is_none(setup: Setup, tmp_path: Path) -> None:
    (tmp_path / "CACHEDIR.TAG").write_text(CACHE_TAG)
    (tmp_path / "pyvenv.cfg").touch()
    assert said(setup) == []


def test_a_build_folder_is_refused_and_a_folder_of_that_name_is_not(setup: Setup, tmp_path: Path) -> None:
    built = replace(setup, program=(str(tmp_path / "clone" / "build" / "bin" / "tradebot"),))
    assert said(built) == []
    (tmp_path / "clone").mkdir()
    (tmp_path / "clone" / "pyproject.toml").touch()
    assert "the build folder" in said(built)[0]


def test_program_home_and_state_in_the_folder_for_temporary_files_are_named_each(setup: Setup, tmp_path: Path) -> None:
    program, home, state = said(setup, tmp_path)
    assert "whose files are temporary" in program
    assert home.startswith(f"home: {setup.home} lies in {tmp_path}, whose files are temporary")
    assert state.startswith("TRADEBOT_STATE_DIR: ")


def test_a_link_to_a_temporary_program_is_refused(setup: Setup, tmp_path: Path) -> None:
    away = tmp_path / "away"
    away.mkdir()
    (away / "tradebot").write_text("")
    link = tmp_path / "stays"
    link.symlink_to(away / "tradebot")
    assert "away, whose files are temporary" in said(replace(setup, program=(str(link),)), away)[0]

"""Paths as people write them, in settings and on the command line."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.settings.conftest import LoadHome, ProblemsOf
from tradebot.settings.documentation import sections
from tradebot.settings.field_types import InvalidValue
from tradebot.settings.path_fields import FilePath, read_path, read_typed_path

#: Every setting that a `.env` may hold and whose value is a path.
PATHS = [
    row.name
    for section in sections()
    for row in section.rows
    if isinstance(row.type, FilePath) and not row.process_only and row.name != "PAPER_ACTIONS"
]


@pytest.mark.parametrize("name", PATHS)
def test_the_tilde_is_the_folder_of_the_user(
    name: str, load_home: LoadHome, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for variable in ("HOME", "USERPROFILE"):
        monkeypatch.setenv(variable, str(tmp_path / "me"))
    assert getattr(load_home(f"{name}=~/place").settings, name.lower()) == tmp_path / "me" / "place"


def test_the_tilde_of_a_database_too(load_home: LoadHome, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for variable in ("HOME", "USERPROFILE"):
        monkeypatch.setenv(variable, str(tmp_path / "me"))
    settings = load_home("DATABASE_URL=sqlite:///~/ledger.db").settings
    assert settings.ledger == tmp_path / "me" / "ledger.db"


@pytest.mark.parametrize("text", ["$HOME/place", "${HOME}/place", "/data/$USER", "%USERPROFILE%\\place"])
@pytest.mark.parametrize("name", [*PATHS, "DATABASE_URL"])
def test_a_variable_is_refused_in_every_setting(name: str, text: str, problems_of: ProblemsOf) -> None:
    value = f"sqlite:///{text}" if name == "DATABASE_URL" else text
    (problem,) = problems_of(f"{name}={value}")
    assert problem.where == f"{name} (`.env` line 1)"
    assert "nothing here replaces variables" in problem.what
    assert "Write the path out" in problem.fix


@pytest.mark.parametrize("text", ["\\\\nas\\backup$\\tradebot", "/data/100%", "a$", "/srv/$5", "50% off/100% on"])
def test_a_sign_that_begins_no_name_belongs_to_the_path(text: str) -> None:
    assert read_path(text) == Path(text)


def test_what_exists_letter_by_letter_is_meant_when_it_is_typed(tmp_path: Path) -> None:
    odd = tmp_path / "$HOME"
    with pytest.raises(InvalidValue, match="HOME"):
        read_typed_path(str(odd))
    odd.mkdir()
    assert read_typed_path(str(odd)) == odd

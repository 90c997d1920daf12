"""What a command made is removed when it does not come to its end, and nothing else."""

from __future__ import annotations

from pathlib import Path

from tradebot.home.fresh_files import FreshFiles


def test_what_was_made_is_removed_with_the_folders_made_for_it(tmp_path: Path) -> None:
    home = tmp_path / "a" / "b"
    fresh = FreshFiles(home, [home / ".env", home / "state", home / "never"])
    (home / "state" / "deep").mkdir(parents=True)
    (home / "state" / "deep" / "file").touch()
    (home / ".env").touch()
    fresh.remove()
    assert list(tmp_path.iterdir()) == []


def test_what_was_there_before_stays_and_what_somebody_else_put_there_too(tmp_path: Path) -> None:
    home = tmp_path / "home"
    home.mkdir()
    (home / ".env").write_text("kept")
    fresh = FreshFiles(home, [home / ".env", home / "state"])
    (home / "state").mkdir()
    (home / "notes").touch()
    fresh.remove()
    assert sorted(path.name for path in home.iterdir()) == [".env", "notes"]


def test_a_link_is_removed_and_not_what_it_leads_to(tmp_path: Path) -> None:
    other = tmp_path / "other"
    other.mkdir()
    home = tmp_path / "home"
    fresh = FreshFiles(home, [home / "state"])
    home.mkdir()
    (home / "state").symlink_to(other)
    fresh.remove()
    assert (other.is_dir(), home.exists()) == (True, False)

"""env.example and docs/configuration.md say what the model says."""

from __future__ import annotations

from pathlib import Path

from tradebot.settings import Settings, load
from tradebot.settings.documentation import env_example, process_only, sections, settings_tables

ROOT = Path(__file__).parents[2]
RENEW = "run `python scripts/update_docs.py`"


def test_env_example_is_made_from_the_model() -> None:
    assert (ROOT / "env.example").read_text(encoding="utf-8") == env_example(), RENEW


def test_the_tables_of_the_documentation_are_made_from_the_model() -> None:
    assert settings_tables() in (ROOT / "docs" / "configuration.md").read_text(encoding="utf-8"), RENEW


def test_env_example_sets_everything_to_its_default(tmp_path: Path) -> None:
    loaded = load(tmp_path, ROOT / "env.example", {})
    assert loaded.settings == Settings(tradebot_home=tmp_path)
    assert loaded.warnings == ()


def test_every_default_is_a_value_that_may_be_written() -> None:
    for section in sections():
        for row in section.rows:
            if row.default:
                assert row.type.read(row.default) == getattr(Settings(), row.field), row.name


def test_every_setting_is_named_once_with_a_meaning() -> None:
    rows = [row for section in sections() for row in section.rows]
    assert len({row.name for row in rows}) == len(rows)
    assert all(row.meaning.endswith(".") and row.type.accepts for row in rows)
    assert process_only() == {"TRADEBOT_HOME", "TRADEBOT_STATE_DIR", "TRADEBOT_NOW", "DATABASE_ADMIN_URL"}

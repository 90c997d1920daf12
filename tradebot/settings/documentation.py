"""The settings as a table for people: env.example and docs/configuration.md are made here, from the model alone."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, fields
from functools import cache
from typing import Any

from tradebot.settings import model
from tradebot.settings.alert_model import AlertSettings
from tradebot.settings.field_info import FieldInfo
from tradebot.settings.field_types import FieldType
from tradebot.settings.limit_model import EmergencySettings, LimitSettings

_SECTIONS: tuple[type[Any], ...] = (
    model.BrokerSettings,
    model.StrategySettings,
    model.FileSettings,
    AlertSettings,
    LimitSettings,
    EmergencySettings,
    model.ScheduleSettings,
    model.PaperSettings,
    model.PlaceSettings,
    model.PlaySettings,
)


@dataclass(frozen=True, slots=True)
class SettingRow:
    """One setting: its name, field, kind, default as text ("" for none) and meaning."""

    name: str
    field: str
    kind: FieldType[Any]
    default: str
    meaning: str
    process_only: bool

    def show(self, value: object) -> str:
        """A value as text, masked when it is secret; "" when it is not set."""
        return "" if value is None else self.kind.show(value)


@dataclass(frozen=True, slots=True)
class SectionRows:
    title: str
    rows: tuple[SettingRow, ...]


@cache
def sections() -> tuple[SectionRows, ...]:
    """Every setting in the documented order."""
    return tuple(SectionRows(str(section.__doc__), tuple(_rows(section))) for section in _SECTIONS)


def _rows(section: type[Any]) -> Iterator[SettingRow]:
    for item in fields(section):
        meta: FieldInfo = item.metadata["setting"]
        default = "" if item.default is None else meta.kind.show(item.default)
        yield SettingRow(item.name.upper(), item.name, meta.kind, default, meta.meaning, meta.process_only)


@cache
def process_only() -> frozenset[str]:
    """Names that cannot stand in `.env`."""
    return frozenset(row.name for section in sections() for row in section.rows if row.process_only)


@cache
def secret_names() -> frozenset[str]:
    return frozenset(row.name for section in sections() for row in section.rows if row.kind.secret)


def env_example() -> str:
    """The text of env.example: a valid `.env` that sets everything to its default."""
    lines = [
        "# Every setting with its default. Copy this file to .env in your home and change what you need;",
        "# nothing has to be set. The process environment wins over this file, and a blank value means the default.",
        "# A percentage is written 3% or 0.03. docs/configuration.md says more.",
    ]
    for section in sections():
        lines += ["", f"# --- {section.title} ---"]
        for row in section.rows:
            lines.append(f"# {row.meaning} ({row.kind.accepts})")
            lines.append(f"#{row.name}={row.default}" if row.process_only else f"{row.name}={row.default}")
    return "\n".join(lines) + "\n"


def settings_tables() -> str:
    """The settings in Markdown, a table a section."""
    parts = []
    for section in sections():
        parts.append(f"### {section.title}\n")
        parts.append("| name | default | accepted | meaning |\n|---|---|---|---|")
        parts += [
            f"| `{row.name}` | {f'`{row.default}`' if row.default else ''} | {row.kind.accepts} | {row.meaning} |"
            for row in section.rows
        ]
        parts.append("")
    return "\n".join(parts)

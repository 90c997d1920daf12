"""The table of all settings, and env.example and docs/configuration.md, made from the model alone."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields
from functools import cache
from typing import Any

from tradebot.settings import model
from tradebot.settings.alert_model import AlertSettings
from tradebot.settings.field_types import FieldInfo, FieldType
from tradebot.settings.limit_model import EmergencySettings, LimitSettings
from tradebot.settings.web_model import WebSettings

_SECTIONS: tuple[type[Any], ...] = (
    model.BrokerSettings,
    model.StrategySettings,
    model.StorageSettings,
    AlertSettings,
    LimitSettings,
    EmergencySettings,
    model.ScheduleSettings,
    model.PaperSettings,
    WebSettings,
    model.LocationSettings,
    model.LocalBrokerSettings,
)


@dataclass(frozen=True, slots=True)
class SettingRow:
    """A setting."""

    name: str  # of the environment variable
    field: str  # of the model
    type: FieldType[Any]
    default: str  # as text, "" for none
    meaning: str
    process_only: bool  # read from the process environment only

    def show(self, value: object) -> str:
        """A value as text: masked if it is secret, "" if it is None."""
        return "" if value is None else self.type.show(value)


@dataclass(frozen=True, slots=True)
class SectionRows:
    """A section of the documentation."""

    title: str
    rows: tuple[SettingRow, ...]


@cache
def sections() -> tuple[SectionRows, ...]:
    """All settings, in the documented order."""
    return tuple(SectionRows(str(section.__doc__), tuple(_rows(section))) for section in _SECTIONS)


def _rows(section: type[Any]) -> Iterator[SettingRow]:
    for item in fields(section):
        info: FieldInfo = item.metadata["setting"]
        default = "" if item.default is None else info.type.show(item.default)
        yield SettingRow(item.name.upper(), item.name, info.type, default, info.meaning, info.process_only)


@cache
def rows() -> Mapping[str, SettingRow]:
    """All settings by name, in the documented order."""
    return {row.name: row for section in sections() for row in section.rows}


@cache
def process_only() -> frozenset[str]:
    """The names that a `.env` must not hold."""
    return frozenset(row.name for row in rows().values() if row.process_only)


@cache
def secret_names() -> frozenset[str]:
    """The names of the secret settings."""
    return frozenset(row.name for row in rows().values() if row.type.secret)


@cache
def web_names() -> frozenset[str]:
    """The names of the web server's settings, which no job uses."""
    return frozenset(row.name for row in _rows(WebSettings))


def env_example() -> str:
    """The text of env.example: a valid `.env` that sets every setting to its default."""
    lines = [
        "# Every setting with its default. Copy this file to .env in your home and change what you need;",
        "# nothing has to be set. The process environment wins over this file, and a blank value means the default.",
        "# A percentage is written 3% or 0.03. docs/configuration.md says more.",
    ]
    for section in sections():
        lines += ["", f"# --- {section.title} ---"]
        for row in section.rows:
            lines.append(f"# {row.meaning} ({row.type.accepts})")
            lines.append(f"#{row.name}={row.default}" if row.process_only else f"{row.name}={row.default}")
    return "\n".join(lines) + "\n"


def settings_tables() -> str:
    """The settings in Markdown: a heading and a table for each section."""
    parts = []
    for section in sections():
        parts.append(f"### {section.title}\n")
        parts.append("| name | default | accepted | meaning |\n|---|---|---|---|")
        parts += [
            f"| `{row.name}` | {f'`{row.default}`' if row.default else ''} | {row.type.accepts} | {row.meaning} |"
            for row in section.rows
        ]
        parts.append("")
    return "\n".join(parts)

"""Write the generated files: env.example, crontab.example, docs/schemas, the tables of settings in
docs/configuration.md, the table of the contract's cases in docs/brokers.md and those of the metrics in docs/web.md.

Run it after a change of a setting, of what a command prints with --json, of a case of the contract, or of a metric.
Tests compare the files with the code.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path

from tradebot.runtime.json_shapes import schema_files
from tradebot.schedulers import cron
from tradebot.settings.documentation import env_example, settings_tables

ROOT = Path(__file__).resolve().parent.parent
_CASES = re.compile(r"(<!-- cases: [^\n]*-->\n).*(<!-- end of cases -->)", re.DOTALL)
_METRICS = re.compile(r"(<!-- metrics: [^\n]*-->\n).*(<!-- end of metrics -->)", re.DOTALL)
_SETTINGS = re.compile(r"(<!-- settings: [^\n]*-->\n).*(<!-- end of settings -->)", re.DOTALL)


def main() -> None:
    """Write the files."""
    (ROOT / "crontab.example").write_text(cron.example(), encoding="utf-8")
    (ROOT / "env.example").write_text(env_example(), encoding="utf-8")
    folder = ROOT / "docs" / "schemas"
    folder.mkdir(exist_ok=True)
    for name, text in schema_files().items():
        (folder / name).write_text(text, encoding="utf-8")
    page = ROOT / "docs" / "configuration.md"
    tables = settings_tables()
    text = _SETTINGS.sub(lambda match: match[1] + tables + match[2], page.read_text(encoding="utf-8"))
    page.write_text(text, encoding="utf-8")
    sys.path.insert(0, str(ROOT))  # this file may be run by its path
    from scripts.contract_cases import cases_table
    from scripts.metric_tables import metric_tables

    _write_between(_CASES, ROOT / "docs" / "brokers.md", cases_table())
    _write_between(_METRICS, ROOT / "docs" / "web.md", metric_tables())


def _write_between(marks: re.Pattern[str], page: Path, table: str) -> None:
    """Replace what stands between the marks of a page."""
    text = page.read_text(encoding="utf-8")
    page.write_text(marks.sub(lambda match: f"{match[1]}{table}\n{match[2]}", text), encoding="utf-8")


if __name__ == "__main__":
    main()

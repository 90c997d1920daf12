"""Renew what is made from the code: env.example, crontab.example and the settings of docs/configuration.md.

Run from anywhere after changing a setting; the tests tell when it was forgotten.
"""

from __future__ import annotations

import re
from pathlib import Path

from tradebot.schedulers import cron
from tradebot.settings.documentation import env_example, settings_tables

ROOT = Path(__file__).resolve().parent.parent
_SETTINGS = re.compile(r"(<!-- settings: [^\n]*-->\n).*(<!-- end of settings -->)", re.DOTALL)


def main() -> None:
    """Write env.example, crontab.example and the settings of docs/configuration.md anew."""
    (ROOT / "crontab.example").write_text(cron.example(), encoding="utf-8")
    (ROOT / "env.example").write_text(env_example(), encoding="utf-8")
    page = ROOT / "docs" / "configuration.md"
    tables = settings_tables()
    renewed = _SETTINGS.sub(lambda found: found[1] + tables + found[2], page.read_text(encoding="utf-8"))
    page.write_text(renewed, encoding="utf-8")


if __name__ == "__main__":
    main()

"""Make a home with its ledger, or migrate its ledger: `tradebot init-db` without an installation.

Usage: python scripts/init_database.py [--home DIR]
"""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from tradebot.__main__ import main

if __name__ == "__main__":
    sys.exit(main(["init-db", *sys.argv[1:]]))

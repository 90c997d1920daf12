"""A host without the extras: nothing that a scheduler or a person starts there needs their packages."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

from tests.fakes.cli import ROOT, environment

#: What the extras bring along, by the name that it is imported by.
EXTRA = ("fastapi", "uvicorn", "starlette", "prometheus_client", "psutil", "python_multipart", "multipart",
         "dask", "distributed", "optuna")  # fmt: skip
#: What each command that takes an extra is started with, and the extra.
REFUSED = {
    "web": ("serve",),
    "sweep": ("sweep", "--set", "rsi2_mean_reversion.stop=0.02,0.03", "--scheduler", "tcp://127.0.0.1:8786"),
    "search": ("sweep", "--set", "rsi2_mean_reversion.stop=0.02,0.03", "--optuna", "2"),
}
#: What a schedule starts, what a monitor looks at, and what a person does where something is wrong.
COMMANDS = (
    ("run-daily", "--scheduled"),
    ("preflight", "--scheduled"),
    ("check-exits", "--scheduled"),
    ("reconcile", "--scheduled"),
    ("report", "--scheduled"),
    ("backup", "--scheduled"),
    ("status",),
    ("metrics", "--textfile", "TEXTFILE"),
    ("alerts", "deliver"),
    ("halt", "--reason", "a look"),
    ("resume", "--reason", "seen", "--yes"),
    ("schedule", "print", "--for", "cron"),
    ("emergency-stop", "--reason", "the end"),
)
#: Runs the commands in one interpreter, where an import of the packages fails, and tells each code.
PROGRAM = """
import contextlib, io, json, sys
for name in EXTRA:
    sys.modules[name] = None
from tradebot import cli
codes = {}
for words in COMMANDS:
    with contextlib.redirect_stdout(io.StringIO()) as said:
        codes[" ".join(words)] = cli.run([*words, "--home", HOME])
loaded = sorted(name for name in sys.modules if name.startswith("tradebot.web"))
refused = {extra: cli.run([*words, "--home", HOME]) for extra, words in REFUSED.items()}
print(json.dumps({"codes": codes, "web": loaded, "refused": refused}))
"""


def test_a_day_goes_by_without_the_packages_of_the_extras(tmp_path: Path) -> None:
    file = str(tmp_path / "tradebot.prom")
    commands = [[word.replace("TEXTFILE", file) for word in words] for words in COMMANDS]
    names = f"EXTRA, COMMANDS, REFUSED, HOME = {EXTRA!r}, {commands!r}, {REFUSED!r}, {str(tmp_path / 'home')!r}\n"
    ended = subprocess.run(
        [sys.executable, "-c", names + PROGRAM],
        cwd=ROOT,
        env=environment(tmp_path / "state", {"ENABLE_DASHBOARD": "false"}),
        capture_output=True,
        text=True,
    )
    assert ended.returncode == 0, ended.stderr
    told = json.loads(ended.stdout)
    assert {name: code for name, code in told["codes"].items() if code} == {}
    assert told["web"] == []
    assert told["refused"] == dict.fromkeys(REFUSED, 3)
    for extra in REFUSED:
        assert f'pip install "tradebot[{extra}]"' in ended.stderr

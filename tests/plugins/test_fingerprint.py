"""The fingerprint of a strategy: which files count, and what cannot be read."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from tradebot.errors import ConfigError
from tradebot.plugins import fingerprint as module
from tradebot.plugins.fingerprint import Fingerprint, deciding_files, fingerprint

WriteStrategy = Callable[..., Path]
PLAIN = ["manifest.toml", "strategy.py"]


@pytest.fixture
def folder(write_strategy: WriteStrategy) -> Path:
    return write_strategy()


def of(folder: Path) -> Fingerprint:
    return fingerprint(folder, "1.0.0")


def put(folder: Path, name: str, content: str = "x") -> None:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(content)


@pytest.mark.parametrize(
    "name",
    [
        "best.json", "weights.txt", "model.pkl", "data/prices.parquet", "params.yaml", "rules.py", "Makefile", "so.so",
        "models/net.onnx", "a b.csv", "prefix.notebook", "notebooks/load.py", "parameters.toml", "list.csv.gz",
    ],
)  # fmt: skip
def test_a_file_that_can_decide_counts_by_name_and_content(folder: Path, name: str) -> None:
    seen = [of(folder).text]
    for content in ("x", "y", ""):
        put(folder, name, content)
        seen.append(of(folder).text)
    (folder / name).rename((folder / name).with_name("renamed.dat"))
    seen.append(of(folder).text)
    assert len(set(seen)) == len(seen)


@pytest.mark.parametrize(
    "name",
    [
        "__pycache__/strategy.cpython-311.pyc", "data/__pycache__/x.pyc", "old.pyc", ".DS_Store", ".git/config",
        ".ipynb_checkpoints/strategy-checkpoint.py", ".venv/lib/thing.py", "research.ipynb", "Untitled-Copy1.ipynb",
        "data/.ipynb_checkpoints/best-checkpoint.json", "strategy.py~", "#strategy.py#", "strategy.py.bak",
        "strategy.py.orig", "strategy.py.swp", ".strategy.py.swp", "best.json.tmp", "Thumbs.db", "run.log", "README.md",
        "RESEARCH.IPYNB", "notes.rst", ".mypy_cache/3.11/x.json",
    ],
)  # fmt: skip
def test_a_file_that_decides_nothing_does_not_count(folder: Path, name: str) -> None:
    before = of(folder)
    put(folder, name)
    assert of(folder).text == before.text
    assert list(of(folder).files) == PLAIN


def test_a_folder_of_code_alone_has_the_fingerprint_that_it_always_had(folder: Path) -> None:
    put(folder, "rules/limits.py", "LIMIT = 1")
    digest = hashlib.sha256()
    for name in ("manifest.toml", "rules/limits.py", "strategy.py"):
        content = (folder / name).read_bytes()
        digest.update(f"{name}\0{len(content)}\0".encode() + content)
    assert of(folder).text == of(folder).earlier == f"1.0.0+{digest.hexdigest()[:12]}"


def test_the_fingerprint_by_the_earlier_rule_covers_code_and_manifest(folder: Path) -> None:
    plain = of(folder).text
    put(folder, "best.json")
    assert of(folder).text != plain
    assert of(folder).earlier == plain
    put(folder, ".ipynb_checkpoints/strategy-checkpoint.py")
    assert of(folder).earlier != plain


def test_parameters_that_were_changed_count(folder: Path) -> None:
    plain = of(folder)
    assert fingerprint(folder, "1.0.0", {}) == plain
    changed = [fingerprint(folder, "1.0.0", {"fast": value}) for value in (20, 21)]
    assert len({plain.text, *(each.text for each in changed)}) == 3
    assert [each.earlier for each in changed] == ["", ""]
    both = {"fast": 20, "stop": 0.1}
    assert fingerprint(folder, "1.0.0", both) == fingerprint(folder, "1.0.0", dict(reversed(both.items())))


def test_each_file_has_a_digest_of_its_own(folder: Path) -> None:
    put(folder, "data/best.json", "1")
    before = of(folder).files
    put(folder, "data/best.json", "2")
    after = of(folder).files
    assert [name for name in after if after[name] != before[name]] == ["data/best.json"]
    assert deciding_files(folder) == after
    assert after["data/best.json"] == hashlib.sha256(b"2").hexdigest()[:12]


@pytest.mark.skipif(os.name == "nt", reason="links need a right there")
def test_a_link_counts_as_what_it_points_at(folder: Path, tmp_path: Path) -> None:
    put(tmp_path, "elsewhere/best.json", "1")
    (folder / "best.json").symlink_to(tmp_path / "elsewhere" / "best.json")
    (folder / "models").symlink_to(tmp_path / "elsewhere")
    (folder / "again").symlink_to(folder)  # leads back, and is entered once
    (folder / "gone.json").symlink_to(tmp_path / "nowhere")
    assert list(of(folder).files) == ["best.json", "manifest.toml", "models/best.json", "strategy.py"]
    before = of(folder).text
    put(tmp_path, "elsewhere/best.json", "2")
    assert of(folder).text != before


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="there are no named pipes")
def test_nothing_waits_for_a_pipe(folder: Path) -> None:
    before = of(folder)
    os.mkfifo(folder / "pipe.py")
    assert of(folder) == before


@pytest.mark.skipif(os.name == "nt" or os.geteuid() == 0, reason="everything can be read")
@pytest.mark.parametrize("name", ["best.json", "data"])
def test_what_cannot_be_read_is_told(folder: Path, name: str) -> None:
    put(folder, "best.json")
    put(folder, "data/x.csv")
    (folder / name).chmod(0)
    try:
        with pytest.raises(ConfigError, match=rf"{name}: cannot be read \(Permission denied\)\. Make it readable"):
            of(folder)
    finally:
        (folder / name).chmod(0o700)


def test_too_much_to_read_is_told_with_the_largest(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    put(folder, "model.bin", "x" * 5000)
    monkeypatch.setattr(module, "MAX_BYTES", 5000)
    with pytest.raises(ConfigError, match=r"model\.bin the largest, and 5,000 are the most\. Keep there what"):
        of(folder)
    monkeypatch.setattr(module, "MAX_FILES", 2)
    with pytest.raises(ConfigError, match=r"has 3 files, and 2 are the most"):
        of(folder)


@pytest.mark.skipif(os.name == "nt", reason="names are text there")
def test_a_name_of_no_encoding_counts(folder: Path) -> None:
    before = of(folder).text
    try:
        Path(os.fsdecode(os.fsencode(folder) + b"/caf\xe9.json")).write_text("1")
    except OSError:
        pytest.skip("this file system refuses the name")
    assert of(folder).text != before
    assert "caf\\udce9.json" in of(folder).files

"""Where strategies come from, and which one a name means."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tradebot.errors import ConfigError
from tradebot.plugins.discovery import FoundStrategy, discover, find, shipped_folder

WriteStrategy = Callable[..., Path]
SHIPPED = ("donchian_breakout", "momentum_rotation", "rsi2_mean_reversion", "tsla_improved_strategy")


def named(name: str, directories: list[Path]) -> FoundStrategy:
    (found,) = find([name], directories)
    return found


@pytest.fixture
def install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str, dict[str, str]], Path]:
    """Put a package with entry points and files on the import path, as pip would."""
    site = tmp_path / "site-packages"

    def installed(entry_points: str, files: dict[str, str]) -> Path:
        info = site / "acme_strategies-1.2.dist-info"
        info.mkdir(parents=True, exist_ok=True)
        (info / "METADATA").write_text("Metadata-Version: 2.1\nName: acme-strategies\nVersion: 1.2\n")
        (info / "entry_points.txt").write_text(f"[tradebot.strategies]\n{entry_points}\n")
        for name, text in files.items():
            (site / name).parent.mkdir(parents=True, exist_ok=True)
            (site / name).write_text(text)
        monkeypatch.syspath_prepend(str(site))
        return site

    return installed


def test_the_shipped_ones_are_there_without_any_folder() -> None:
    found = discover([])
    assert {strategy.name for strategy in found} >= set(SHIPPED)
    assert {strategy.origin for strategy in found if strategy.name in SHIPPED} == {"shipped"}


def test_a_folder_that_does_not_exist_is_empty(tmp_path: Path) -> None:
    assert discover([tmp_path / "nowhere"]) == discover([])


def test_pointing_at_the_shipped_folder_changes_nothing() -> None:
    assert discover([shipped_folder()]) == discover([])


def test_ones_own_folder_is_searched_too(write_strategy: WriteStrategy, own_folder: Path) -> None:
    folder = write_strategy("golden")
    (own_folder / "notes").mkdir()
    (own_folder / "README.md").write_text("mine")
    (own_folder / "__pycache__").mkdir()
    found = discover([own_folder])
    assert {strategy.name for strategy in found} == {strategy.name for strategy in discover([])} | {"golden"}
    assert named("golden", [own_folder]) == FoundStrategy("golden", folder, f"your {folder}")


def test_a_folder_of_ones_own_may_stand_in_for_a_shipped_one(write_strategy: WriteStrategy, own_folder: Path) -> None:
    folder = write_strategy("rsi2_mean_reversion")
    found = named("rsi2_mean_reversion", [own_folder])
    assert found.folder == folder
    assert found.origin == f"your {folder}, instead of shipped"


def test_a_copy_that_was_not_changed_is_the_shipped_one(own_folder: Path) -> None:
    copy = shutil.copytree(shipped_folder() / "rsi2_mean_reversion", own_folder / "rsi2_mean_reversion")
    assert discover([own_folder]) == discover([])
    with (copy / "strategy.py").open("a") as code:
        code.write("# mine now\n")
    assert named("rsi2_mean_reversion", [own_folder]).origin == f"your {copy}, instead of shipped"


def test_the_earlier_of_two_folders_wins(write_strategy: WriteStrategy, own_folder: Path, tmp_path: Path) -> None:
    folder = write_strategy("golden")
    other = tmp_path / "other"
    (other / "golden").mkdir(parents=True)
    (other / "golden" / "manifest.toml").write_text("")
    assert named("golden", [own_folder, other]).folder == folder
    assert named("golden", [other, own_folder]).folder == other / "golden"


def test_names_are_found_in_the_order_asked_and_once(write_strategy: WriteStrategy, own_folder: Path) -> None:
    write_strategy("golden")
    found = find(["rsi2_mean_reversion", "golden", "rsi2_mean_reversion"], [own_folder])
    assert [strategy.name for strategy in found] == ["rsi2_mean_reversion", "golden"]


def test_every_unknown_name_is_told_with_the_nearest_and_the_list() -> None:
    with pytest.raises(ConfigError) as caught:
        find(["rsi2_mean_revision", "momentum_rotation", "zzz"], [])
    first, second = caught.value.problems
    assert "there is no strategy 'rsi2_mean_revision'" in str(first)
    assert "Did you mean 'rsi2_mean_reversion'?" in str(first)
    assert "there is no strategy 'zzz'" in str(second)
    for name in SHIPPED:
        assert name in str(second)


def test_a_folder_of_that_name_without_a_manifest_is_pointed_at(own_folder: Path) -> None:
    (own_folder / "golden").mkdir()
    with pytest.raises(ConfigError, match=r"golden: there is no manifest\.toml\. Write one"):
        find(["golden"], [own_folder])


def test_a_file_where_the_folder_should_be_is_a_configuration_error(tmp_path: Path) -> None:
    (tmp_path / "strategies").write_text("not a folder")
    with pytest.raises(ConfigError, match="Point STRATEGIES_DIR at a readable folder"):
        discover([tmp_path / "strategies"])


def test_an_installed_package_offers_a_strategy_without_being_imported(
    install: Callable[[str, dict[str, str]], Path],
) -> None:
    site = install(
        "golden = acme_strategies.golden\nsilver = acme_strategies.silver.strategy",
        {
            "acme_strategies/__init__.py": "raise RuntimeError('imported')",
            "acme_strategies/golden/__init__.py": "raise RuntimeError('imported')",
            "acme_strategies/golden/manifest.toml": "",
            "acme_strategies/silver/strategy.py": "raise RuntimeError('imported')",
            "acme_strategies/silver/manifest.toml": "",
        },
    )
    assert named("golden", []) == FoundStrategy(
        "golden", site / "acme_strategies/golden", "package acme-strategies 1.2"
    )
    assert named("silver", []).folder == site / "acme_strategies/silver"
    assert "acme_strategies" not in sys.modules


def test_a_package_that_is_a_strategy_itself(install: Callable[[str, dict[str, str]], Path]) -> None:
    site = install("bronze = acme_bronze", {"acme_bronze/__init__.py": "", "acme_bronze/manifest.toml": ""})
    assert named("bronze", []).folder == site / "acme_bronze"


def test_shipped_strategies_come_before_those_of_packages(install: Callable[[str, dict[str, str]], Path]) -> None:
    install("momentum_rotation = acme_other", {"acme_other/__init__.py": "", "acme_other/manifest.toml": ""})
    found = named("momentum_rotation", [])
    assert found.folder == shipped_folder() / "momentum_rotation"
    assert found.origin == "shipped, instead of package acme-strategies 1.2"


@pytest.mark.parametrize("module", ["acme_nowhere", "acme_empty", "acme_empty.inner"])
def test_an_entry_point_that_leads_nowhere_is_listed_without_a_folder(
    install: Callable[[str, dict[str, str]], Path], module: str
) -> None:
    install(f"golden = {module}", {"acme_empty/__init__.py": ""})
    assert named("golden", []).folder is None

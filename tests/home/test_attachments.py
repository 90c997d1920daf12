"""Pages that are kept until mail has carried them along."""

from __future__ import annotations

from pathlib import Path

from tradebot.home import paths
from tradebot.home.attachments import attachment, keep_attachment


def test_a_page_is_kept_under_its_name(tmp_path: Path) -> None:
    assert keep_attachment(tmp_path, "report-2007-01-04.html", "<p>é</p>") == "report-2007-01-04.html"
    assert attachment(tmp_path, "report-2007-01-04.html") == "<p>é</p>"


def test_the_newest_week_is_kept(tmp_path: Path) -> None:
    for day in range(10, 20):
        keep_attachment(tmp_path, f"report-2007-01-{day}.html", "x")
    left = sorted(path.name for path in paths.attachments_folder(tmp_path).iterdir())
    assert left == [f"report-2007-01-{day}.html" for day in range(13, 20)]


def test_what_cannot_be_written_or_read_is_no_attachment(tmp_path: Path) -> None:
    (tmp_path / "state").write_text("a file in the place of the folder")
    assert keep_attachment(tmp_path, "report-2007-01-04.html", "x") == ""
    assert attachment(tmp_path, "report-2007-01-04.html") is None


def test_a_name_leads_to_no_other_folder(tmp_path: Path) -> None:
    (tmp_path / "secret.html").write_text("secret")
    assert attachment(tmp_path, "../../secret.html") is None

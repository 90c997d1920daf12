"""What may lie where a file is expected, and is none. POSIX only."""

from __future__ import annotations

import os
from pathlib import Path


def a_folder(path: Path) -> None:
    path.mkdir()


def a_pipe(path: Path) -> None:
    os.mkfifo(path)


def a_link_to_nowhere(path: Path) -> None:
    path.symlink_to(path.with_name("nowhere"))


def a_link_to_a_full_device(path: Path) -> None:
    path.symlink_to("/dev/full")


def a_link_to_itself(path: Path) -> None:
    path.symlink_to(path)

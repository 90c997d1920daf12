"""The homes that are known, and what became of a command in each of them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from tradebot.core.model.values import plural
from tradebot.errors import ExitCode, first_by_precedence


@dataclass(frozen=True, slots=True)
class HomePlace:
    """A known home, as it was found."""

    home: str  # the path of its folder
    host: str  # the name of its machine
    trouble: str = ""  # why it is no home that can be worked in from here; "" for none
    is_here: bool = True  # whether its folder is there, on this machine


@dataclass(frozen=True, slots=True)
class KnownHomes:
    """Every home that the list of the user and the ledgers of its homes tell."""

    places: tuple[HomePlace, ...]
    unknown: tuple[str, ...] = ()  # why other homes may exist that nothing tells


def home_names(folders: Sequence[str]) -> tuple[str, ...]:
    """A name for each folder of a home: the last parts of its path, as many as it takes to tell them apart."""
    return tuple(_name(folder, folders) for folder in folders)


def _name(folder: str, folders: Sequence[str]) -> str:
    for length in range(1, len(_parts(folder)) + 1):
        name = _tail(folder, length)
        if sum(_tail(other, length) == name for other in folders) == 1:
            return name
    return folder


def _tail(folder: str, length: int) -> str:
    return "/".join(_parts(folder)[-length:]) or "/"


def _parts(folder: str) -> list[str]:
    return [part for part in folder.replace("\\", "/").split("/") if part]


@dataclass(frozen=True, slots=True)
class HomeEnd:
    """What became of a command in one home."""

    home: str  # the path of its folder
    host: str
    exit_code: int
    headline: str  # what the command said, or why nothing was done there
    output: str = ""  # what else it told people


@dataclass(frozen=True, slots=True)
class AllHomesOutcome:
    """What became of a command in all homes."""

    homes: tuple[HomeEnd, ...]
    unknown: tuple[str, ...]  # see ``KnownHomes``

    @property
    def exit_code(self) -> ExitCode:
        """The code of all: an unexpected error first, then by precedence. Homes that may be missing count as 9."""
        codes = [ExitCode(end.exit_code) for end in self.homes]
        if self.unknown or not self.homes:
            codes.append(ExitCode.INCOMPLETE)
        ranked = first_by_precedence(codes)
        return ranked or next((code for code in codes if code), ExitCode.OK)

    @property
    def headline(self) -> str:
        """How many homes did it."""
        done = sum(end.exit_code == ExitCode.OK for end in self.homes)
        if not self.homes:
            return "no home is known: nothing was done"
        return f"done in {done} of {plural(len(self.homes), 'home')}"


def unreachable(places: Iterable[HomePlace]) -> tuple[HomeEnd, ...]:
    """The homes in which nothing could be done."""
    return tuple(
        HomeEnd(place.home, place.host, ExitCode.INCOMPLETE, place.trouble) for place in places if not place.is_here
    )

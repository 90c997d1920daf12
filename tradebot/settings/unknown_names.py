"""Names that no setting has: refused in a `.env`, which is ours, and told of the process environment, which is not."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping

from tradebot.errors import Problem
from tradebot.settings import documentation
from tradebot.settings.documentation import rows
from tradebot.settings.env_file import EnvFile
from tradebot.settings.inspected import ENVIRONMENT, Fault

#: Names that are accepted with a warning and read by nothing: settings of an earlier version.
WITHOUT_USE = frozenset({"ALLOW_SHORT"})
#: Unknown names in the process environment that are noted: many settings begin like these.
OUR_PREFIXES = ("TRADEBOT_", "PAPER_", "ALERT_", "EMAIL_", "ALPACA_")
#: How much (0 to 1) an unknown name in the process environment resembles a setting's that it is taken for.
_NEAR_MISS = 0.85


def unknown_names(file: EnvFile) -> Iterator[Fault]:
    """The names of the file that nothing reads. A misspelt one would otherwise leave a limit at its default."""
    process_only = documentation.process_only()
    for entry in file.entries:
        if entry.name in process_only:
            fix = "Set it in the process environment" + (", or use --home." if entry.name == "TRADEBOT_HOME" else ".")
            what = f"{entry.name} cannot stand in a `.env`"
            yield Fault(Problem(file.line(entry.line), what, fix), frozenset(), entry.line)
        elif entry.name not in rows() and entry.name not in WITHOUT_USE:
            yield _unknown_name(entry.name, file.line(entry.line), entry.line)


def _unknown_name(name: str, where: str, line: int) -> Fault:
    from difflib import get_close_matches

    similar = get_close_matches(name.upper(), rows(), n=1)
    fix = f"Did you mean {similar[0]}?" if similar else "docs/configuration.md and env.example list every name."
    return Fault(Problem(where, f"{name} is no setting", fix), frozenset(similar), line)


def near_misses(environ: Mapping[str, str]) -> dict[str, str]:
    """The setting that an unknown name of the process environment is likely meant for, by name.

    The environment belongs to other programs too, and nothing there is refused for its name.
    """
    beginnings = {name[:3] for name in rows()}
    unknown = [name for name in environ if name not in rows() and name.upper()[:3] in beginnings]
    if not unknown:
        return {}
    from difflib import get_close_matches

    near = {name: get_close_matches(name.upper(), rows(), n=1, cutoff=_NEAR_MISS) for name in unknown}
    return {name: similar[0] for name, similar in near.items() if similar}


def notes(environ: Mapping[str, str], near: Collection[str]) -> Iterator[str]:
    """A note on the names that merely begin like settings, such as the service links of Kubernetes."""
    names = sorted(
        name for name in environ if name.startswith(OUR_PREFIXES) and name not in rows() and name not in near
    )
    if names:
        listed = ", ".join(names[:5]) + (f" and {len(names) - 5} more" if len(names) > 5 else "")
        yield f"{ENVIRONMENT}: no setting has the name {listed}; nothing reads it"

"""The rules for entries as a session asks them: each once for what its answer depends on.

A rule about the session is asked when the session is opened, one about the account's counts again after each planned
entry, and one about the candidate for each candidate.
"""

from __future__ import annotations

from tradebot.core.risk.candidate import Candidate
from tradebot.core.risk.objection import Objection
from tradebot.core.risk.projected_account import ProjectedAccount
from tradebot.core.risk.rules import COUNT_RULES, SESSION_RULES, SIZE_RULES, SYMBOL_RULES, AccountRule, halted

Objections = tuple[Objection, ...]


class EntryRules:
    """The rules over one account in one session, with the answers that hold for several candidates."""

    def __init__(self, account: ProjectedAccount) -> None:
        self._account = account
        self._of_session = _answers(SESSION_RULES, account)
        self._of_counts = _answers(COUNT_RULES, account)

    def objections(self, candidate: Candidate) -> Objections:
        """What every rule objects, in the order of ``RULES``; nothing when the entry may be planned."""
        account = self._account
        halt = halted(candidate, account)
        found = [] if halt is None else [halt]
        found += self._of_session
        found += [said for rule in SYMBOL_RULES if (said := rule(candidate, account)) is not None]
        found += self._of_counts
        found += [said for rule in SIZE_RULES if (said := rule(candidate, account)) is not None]
        return tuple(found)

    def entry_was_taken(self) -> None:
        """Ask again what depends on the account's counts: it has taken an entry."""
        self._of_counts = _answers(COUNT_RULES, self._account)


def _answers(rules: tuple[AccountRule, ...], account: ProjectedAccount) -> Objections:
    return tuple(said for rule in rules if (said := rule(account)) is not None)

"""The rules for entries as a session asks them: each once for what its answer depends on.

A rule about the session is asked when the session is opened, one about the account's counts again after each planned
entry, and one about the candidate for each candidate; one about what the account has noted of a symbol, where it has.
"""

from __future__ import annotations

from tradebot.core.risk.candidate import Candidate
from tradebot.core.risk.objection import Objection
from tradebot.core.risk.projected_account import ProjectedAccount
from tradebot.core.risk.rules import (
    COUNT_RULES,
    NOTED_RULES,
    SESSION_RULES,
    SIZE_RULES,
    SYMBOL_RULES,
    AccountRule,
    CandidateRule,
    halted,
)

Objections = tuple[Objection, ...]


class EntryRules:
    """The rules over one account in one session, with the answers that hold for several candidates."""

    def __init__(self, account: ProjectedAccount) -> None:
        self._account = account
        self._may_be_halted = bool(account.situation.halts) or not account.situation.halt.allows_entries
        self._of_session = _answers(SESSION_RULES, account)
        self._of_counts = _answers(COUNT_RULES, account)

    def objections(self, candidate: Candidate) -> Objections:
        """What every rule objects, in the order of ``RULES``; nothing when the entry may be planned."""
        account = self._account
        found: list[Objection] = []
        if self._may_be_halted and (halt := halted(candidate, account)) is not None:
            found.append(halt)
        found += self._of_session
        if account.has_noted(candidate.symbol):
            found += _said(NOTED_RULES, candidate, account)
        found += _said(SYMBOL_RULES, candidate, account)
        found += self._of_counts
        found += _said(SIZE_RULES, candidate, account)
        return tuple(found)

    def entry_was_taken(self) -> None:
        """Ask again what depends on the account's counts: it has taken an entry."""
        self._of_counts = _answers(COUNT_RULES, self._account)


def _answers(rules: tuple[AccountRule, ...], account: ProjectedAccount) -> Objections:
    return tuple([said for rule in rules if (said := rule(account)) is not None])


def _said(rules: tuple[CandidateRule, ...], candidate: Candidate, account: ProjectedAccount) -> list[Objection]:
    return [said for rule in rules if (said := rule(candidate, account)) is not None]

"""A user's machine whose homes trade at Robinhood, played on this machine over an embedded exchange of its own."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from tests.fakes.cli import Ended
from tests.fakes.robinhood.process import Running
from tests.stories.processes.conftest import Machine
from tradebot.brokers.robinhood.auth.token_file import TokenFile
from tradebot.brokers.robinhood.auth.tokens import Tokens, expiry_of

#: The account at the fake (``tests.fakes.robinhood.names``).
NUMBER = "5FK00001"


class AtRobinhood(Machine):
    """Runs commands that begin at an instant of their own. ``fake`` is where Robinhood is played."""

    def __init__(self, folder: Path, fake: Running) -> None:
        super().__init__(folder)
        self.fake = fake

    def settle_in(self, *more: str, live: bool = True) -> None:
        """Write the home's `.env`, as a user with an account at Robinhood has it."""
        self.env(
            "BROKER=robinhood",
            f"TRADING_MODE={'live' if live else 'paper'}",
            f"LIVE_TRADING_ENABLED={str(live).lower()}",
            f"ROBINHOOD_BASE_URL={self.fake.url}",
            "ROBINHOOD_REQUEST_GAP_MS=0",
            "STRATEGIES=tsla_improved_strategy",
            *more,
        )

    def environment(self, **more: str) -> dict[str, str]:
        """As any machine's, without a username: there is one login."""
        return super().environment(**{"ROBINHOOD_USERNAME": "", **more})

    def at(self, instant: datetime, *arguments: str | Path, **environ: str) -> Ended:
        """Run a command that begins at an instant, here and at Robinhood."""
        self.fake.go_to(instant)
        return self(*arguments, TRADEBOT_NOW=instant.isoformat(), **environ)

    @property
    def tokens(self) -> TokenFile:
        """The file of the login."""
        return TokenFile(self.state, "", self.fake.url)

    def log_in(self, now: datetime, lives: timedelta | None = None) -> None:
        """Store a pair, as ``tradebot auth robinhood`` does after a login."""
        if lives is not None:
            self.fake.terms(lives=lives.total_seconds())
        pair = self.fake.grant()
        expires_at = expiry_of(pair["access_token"])
        assert expires_at is not None
        self.tokens.write(
            Tokens(
                access=pair["access_token"],
                refresh=pair["refresh_token"],
                device=pair["device_token"],
                obtained_at=now.astimezone(UTC),
                expires_at=expires_at,
                account_number=NUMBER,
            )
        )

    def spoil_renewals(self) -> None:
        """Let no token be known to Robinhood as the newest one: a refresh is refused."""
        tokens = self.tokens.required()
        self.tokens.write(replace(tokens, refresh="no-longer-known"))

    def renewals(self) -> int:
        """How often tokens were asked for."""
        return self.fake.asked().get("POST /oauth2/token/", 0)

    def secrets(self) -> Iterator[str]:
        """What may be seen nowhere: every token that was given, and the account's number."""
        yield NUMBER
        content: dict[str, Any] = json.loads(self.tokens.path.read_text())
        yield from (content["access"], content["refresh"], content["device"])
        for request in self.fake.requests():
            body = request["body"] or {}
            yield from (body[name] for name in ("refresh_token", "password") if name in body)

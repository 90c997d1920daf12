"""The status as server-sent events: one producer for all streams of a home, which works while somebody listens."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass
from datetime import datetime

_LOG = logging.getLogger(__name__)
#: Seconds between two looks at the records.
LOOK_EVERY = 5.0
#: Seconds after which a stream that has nothing to say shows that it is there.
_SIGN_OF_LIFE = 15.0


@dataclass(frozen=True, slots=True)
class Seen:
    """What a page shows: its version, and when each of its sources was asked."""

    version: str  # differs if anything but an age differs
    looks: Mapping[str, datetime]  # aware UTC, by source

    @property
    def event(self) -> str:
        """The server-sent event."""
        looks = {key: at.isoformat() for key, at in self.looks.items()}
        return f"event: status\ndata: {json.dumps({'version': self.version, 'looks': looks})}\n\n"


class StatusFeed:
    """The status of one home for any number of listeners."""

    def __init__(self, look: Callable[[], Seen], every: float = LOOK_EVERY) -> None:
        """``look`` blocks; it is called in a thread, by one caller at a time."""
        self._look = look
        self._every = every
        self._listeners = 0
        self._latest: str = ""
        self._changed = asyncio.Event()
        self._producer: asyncio.Task[None] | None = None

    async def events(self) -> AsyncIterator[str]:
        """The status now, then each change."""
        self._listeners += 1
        if self._producer is None:
            self._producer = asyncio.create_task(self._produce())
        told = ""
        try:
            while True:
                changed = self._changed
                if self._latest != told:
                    told = self._latest
                    yield told
                    continue
                try:
                    await asyncio.wait_for(changed.wait(), _SIGN_OF_LIFE)
                except TimeoutError:
                    yield ": here\n\n"
        finally:
            self._listeners -= 1
            if not self._listeners and self._producer is not None:
                self._producer.cancel()
                self._producer, self._latest = None, ""

    async def _produce(self) -> None:
        while True:
            try:
                event = (await asyncio.to_thread(self._look)).event
            except Exception:  # noqa: BLE001 - the listeners stay, and the next look may succeed
                _LOG.exception("the status cannot be shown")
            else:
                if event != self._latest:
                    self._latest = event
                    self._changed.set()
                    self._changed = asyncio.Event()
            await asyncio.sleep(self._every)

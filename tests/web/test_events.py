"""The feed of the status: one producer for all streams, and none without a listener."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime

from tests.fakes.loops import in_a_loop
from tradebot.web.events import Seen, StatusFeed

NOON = datetime(2007, 1, 3, 17, tzinfo=UTC)


class Looking:
    """Looks that are counted."""

    def __init__(self) -> None:
        self.count = 0
        self.version = "one"
        self.is_broken = False

    def __call__(self) -> Seen:
        self.count += 1
        if self.is_broken:
            raise OSError("no disk")
        return Seen(self.version, {"ledger": NOON})


async def next_of(stream: AsyncIterator[str]) -> str:
    return await asyncio.wait_for(anext(stream), 10)


async def close(*streams: AsyncIterator[str]) -> None:
    for stream in streams:
        await stream.aclose()  # type: ignore[attr-defined]


def test_fifty_listeners_hear_the_looks_of_one_producer() -> None:
    async def story() -> None:
        look = Looking()
        feed = StatusFeed(look, every=0.02)
        streams = [feed.events() for _ in range(50)]
        heard = await asyncio.gather(*map(next_of, streams))
        assert set(heard) == {
            'event: status\ndata: {"version": "one", "looks": {"ledger": "2007-01-03T17:00:00+00:00"}}\n\n'
        }
        assert look.count < 10
        look.version = "two"
        assert all('"two"' in each for each in await asyncio.gather(*map(next_of, streams)))
        look.is_broken = True
        await asyncio.sleep(0.1)
        look.is_broken, look.version = False, "three"
        assert '"three"' in await next_of(streams[0]), "a look that fails ends no stream"
        await close(*streams)
        looked = look.count
        await asyncio.sleep(0.1)
        assert look.count <= looked + 1, "nobody listens"
        again = feed.events()
        assert '"three"' in await next_of(again)
        await close(again)

    in_a_loop(story())

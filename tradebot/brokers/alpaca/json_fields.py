"""Typed access to Alpaca's JSON."""

from __future__ import annotations

from collections.abc import Sequence

from tradebot.brokers.http.json_fields import JsonFields, json_items
from tradebot.brokers.http.responses import Json


class Fields(JsonFields):
    """The fields of one JSON object of Alpaca's."""

    broker = "Alpaca"


def json_list(content: Json, label: str) -> Sequence[Json]:
    """The content as a list; ``label`` names its items in errors. Raises BrokerUnavailable for any other content."""
    return json_items(content, label, Fields.broker)

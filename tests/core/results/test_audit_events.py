"""Details of audit events as text."""

from __future__ import annotations

from tests.core.builders import NOW
from tradebot.core.results.audit_events import AuditEvent


def test_a_detail_that_is_absent_or_null_is_no_text() -> None:
    event = AuditEvent(NOW, "order_moved", "tb1-x", {"state": "filled", "reason": None, "shares": 10})
    assert [event.text(name) for name in ("state", "reason", "shares", "price")] == ["filled", "", "10", ""]

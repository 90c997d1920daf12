"""The fake Robinhood as a process of its own, worked by its control routes."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import requests

from tests.fakes.robinhood import Kind
from tests.fakes.robinhood.process import running

PRICES = """symbol,date,open,high,low,close,volume
ACME,2024-07-03,100,101,99,100,1000000
ACME,2024-07-05,104,105,103,104,1000000
"""


def test_a_process_is_worked_from_outside(tmp_path: Path) -> None:
    (tmp_path / "prices.csv").write_text(PRICES)
    with running(tmp_path / "robinhood", "--prices", str(tmp_path / "prices.csv"), "--start", "2024-07-03") as fake:
        headers = {"Authorization": f"Bearer {fake.grant()['access_token']}"}

        def get(path: str) -> requests.Response:
            return requests.get(fake.url + path, headers=headers, timeout=10)

        fake.go_to(datetime(2024, 7, 5, 15, 0, tzinfo=UTC))
        assert fake.now() == datetime(2024, 7, 5, 15, 0, tzinfo=UTC)
        assert get("/quotes/ACME/").json()["last_trade_price"] == "104.000000"
        fake.pay(Decimal("-500"))
        fake.pay(Decimal(2), "interest")
        assert get("/portfolios/").json()["results"][0]["equity"] == "99502.0000"
        fake.closes_on(date(2024, 7, 8))
        assert get("/markets/XNYS/hours/2024-07-08/").json()["is_open"] is False
        fake.strike(Kind.SERVER_ERROR, path="/accounts/")
        assert [get("/accounts/").status_code for _ in range(2)] == [500, 200]
        fake.terms(kind="cash", page_rows=1)
        assert get("/accounts/").json()["results"][0]["type"] == "cash"
        assert len(get("/instruments/").json()["results"]) == 1
        assert (fake.asked()["GET /accounts/"], "POST /orders/" in fake.asked()) == (3, False)
        fake.revoke()
        assert get("/accounts/").status_code == 401
        assert fake.requests()[-1]["status"] == 401

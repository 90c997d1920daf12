"""The fake Alpaca as a process of its own, worked by its control routes."""

from __future__ import annotations

from datetime import UTC, date, datetime, time
from decimal import Decimal
from pathlib import Path

import pytest
import requests

from tests.fakes.alpaca import KEY_ID, SECRET_KEY, Kind, SpecificationBroken
from tests.fakes.alpaca.__main__ import judgement_in
from tests.fakes.alpaca.process import Running, running

HEADERS = {"APCA-API-KEY-ID": KEY_ID, "APCA-API-SECRET-KEY": SECRET_KEY}
ORDER = {"symbol": "ACME", "qty": "2", "side": "buy", "type": "market", "time_in_force": "day"}
PRICES = """symbol,date,open,high,low,close,volume
ACME,2024-07-03,100,101,99,100,1000000
ACME,2024-07-05,104,105,103,104,1000000
ACME,2024-07-08,106,107,105,106,1000000
"""


@pytest.fixture
def options(tmp_path: Path) -> tuple[str, ...]:
    (tmp_path / "prices.csv").write_text(PRICES)
    return ("--prices", str(tmp_path / "prices.csv"), "--start", "2024-07-03")


def get(fake: Running, path: str) -> requests.Response:
    return requests.get(fake.url + path, headers=HEADERS, timeout=10)


def test_time_passes_through_nights_holidays_and_processes(tmp_path: Path, options: tuple[str, ...]) -> None:
    folder = tmp_path / "alpaca"
    with running(folder, *options) as fake:
        fake.go_to(datetime(2024, 7, 4, 15, 0, tzinfo=UTC))
        clock = get(fake, "/v2/clock").json()
        assert (clock["timestamp"], clock["is_open"]) == ("2024-07-04T11:00:00-04:00", False)
        assert clock["next_open"] == "2024-07-05T09:30:00-04:00"
        sent = requests.post(fake.url + "/v2/orders", json=ORDER, headers=HEADERS, timeout=10).json()
        assert (sent["status"], sent["submitted_at"][:13]) == ("accepted", "2024-07-04T15")
        account = get(fake, "/v2/account").json()
    with running(folder, *options) as fake:
        fake.go_to(datetime(2024, 7, 5, 13, 31, tzinfo=UTC))
        assert get(fake, f"/v2/orders/{sent['id']}").json()["filled_avg_price"] == "104"
        assert get(fake, "/v2/account").json()["id"] == account["id"]
        fake.go_to(datetime(2024, 7, 7, 2, 0, tzinfo=UTC))
        assert fake.now() == datetime(2024, 7, 7, 2, 0, tzinfo=UTC)
        fake.next_session()
        assert get(fake, "/v2/positions").json()[0]["lastday_price"] == "104"
        assert get(fake, "/v2/clock").json()["timestamp"].startswith(f"{date(2024, 7, 8)}T04:00")
    judged = judgement_in(folder)
    assert (judged.requests, judged.answers, judged.violations) == (7, 7, [])


def test_faults_and_terms_are_set_from_outside(tmp_path: Path, options: tuple[str, ...]) -> None:
    with running(tmp_path / "alpaca", *options) as fake:
        fake.strike(Kind.TOO_MANY, 3, method="GET", path="/v2/clock", times=1)
        assert get(fake, "/v2/account").status_code == 200
        assert get(fake, "/v2/clock").headers["Retry-After"] == "3"
        fake.terms(keys=["PKOTHER", "secret"])
        assert get(fake, "/v2/clock").status_code == 401
        fake.terms(keys=None, account={"status": "ACCOUNT_CLOSED"})
        fake.pay(Decimal("-250.5"))
        account = get(fake, "/v2/account").json()
        assert (account["status"], account["cash"]) == ("ACCOUNT_CLOSED", "99749.5")
        told = [(each["path"], each["status"], each["fault"]) for each in fake.requests()[:3]]
    assert told == [("/v2/account", 200, None), ("/v2/clock", 429, Kind.TOO_MANY), ("/v2/clock", 401, None)]


def test_a_closing_and_an_early_close_are_announced_from_outside(tmp_path: Path, options: tuple[str, ...]) -> None:
    with running(tmp_path / "alpaca", *options) as fake:
        fake.closes_on(date(2024, 7, 8))
        fake.opens_from(date(2024, 7, 5), time(9, 30), time(13))
        days = get(fake, "/v2/calendar?start=2024-07-05&end=2024-07-09").json()
        assert [(day["date"], day["close"]) for day in days] == [("2024-07-05", "13:00"), ("2024-07-09", "16:00")]
        fake.go_to(datetime(2024, 7, 5, 17, 0, tzinfo=UTC))  # 13:00 in New York
        clock = get(fake, "/v2/clock").json()
        assert (clock["is_open"], clock["next_open"]) == (False, "2024-07-09T09:30:00-04:00")


def test_a_violation_fails_whoever_started_it(tmp_path: Path, options: tuple[str, ...]) -> None:
    with (
        pytest.raises(SpecificationBroken, match="no such operation"),
        running(tmp_path / "alpaca", *options) as fake,
    ):
        assert get(fake, "/v2/nowhere").status_code == 404

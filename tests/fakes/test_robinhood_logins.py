"""The fake Robinhood lets in who has a token that serves, and gives tokens as the service is said to."""

from __future__ import annotations

import json
from base64 import urlsafe_b64decode
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests

from tests.fakes.pit import FREE, Pit
from tests.fakes.prices import made
from tests.fakes.robinhood import PASSWORD, USERNAME, FakeRobinhood
from tests.fakes.robinhood.approvals import CODE
from tests.fakes.robinhood.logins import CLIENT_ID

DAY = 86_400.0


class Door:
    """Somebody who wants to be let in."""

    def __init__(self, fake: FakeRobinhood, pit: Pit) -> None:
        self.fake, self.pit, self.terms = fake, pit, fake.house.terms

    def post(self, path: str, body: dict[str, Any], *, as_json: bool = True) -> requests.Response:
        sent = {"json": body} if as_json else {"data": body}
        return requests.post(self.fake.url + path, timeout=5, **sent)  # type: ignore[arg-type]

    def password(self, device: str = "here", password: str = PASSWORD, **more: str) -> requests.Response:
        body = {"client_id": CLIENT_ID, "grant_type": "password", "username": USERNAME, "password": password}
        return self.post("/oauth2/token/", {**body, "device_token": device, **more}, as_json=False)

    def refresh(self, token: str) -> requests.Response:
        body = {"client_id": CLIENT_ID, "grant_type": "refresh_token", "refresh_token": token}
        return self.post("/oauth2/token/", body, as_json=False)

    def status(self, access: str) -> int:
        headers = {"Authorization": f"Bearer {access}"}
        return requests.get(f"{self.fake.url}/accounts/", headers=headers, timeout=5).status_code


@pytest.fixture
def door(tmp_path: Path) -> Iterator[Door]:
    pit = Pit(tmp_path / "exchange.db", made({"ACME": ["100 101 99 100"] * 9}), FREE)
    with FakeRobinhood(pit.again) as fake:
        yield Door(fake, pit)
    pit.exchange.close()


def test_a_password_gives_a_pair_that_says_when_it_ends(door: Door) -> None:
    told = door.password().json()
    raw = told["access_token"].split(".")[1]
    ends = json.loads(urlsafe_b64decode(raw + "=" * (-len(raw) % 4)))["exp"]
    assert ends == int(door.pit.exchange.now().timestamp() + 665_712)
    assert (door.status(told["access_token"]), door.status("another")) == (200, 401)


def test_a_token_ends_by_the_time_of_the_exchange(door: Door) -> None:
    door.terms.lives = DAY
    told = door.password().json()
    door.pit.next("10:00")
    assert door.status(told["access_token"]) == 401


def test_a_refresh_gives_a_new_pair_and_ends_the_old_one(door: Door) -> None:
    first = door.password().json()
    second = door.refresh(first["refresh_token"]).json()
    assert [door.status(each["access_token"]) for each in (first, second)] == [401, 200]
    assert door.refresh(first["refresh_token"]).status_code == 401
    assert door.refresh(second["refresh_token"]).status_code == 200


def test_without_rotation_the_old_pair_serves_on(door: Door) -> None:
    door.terms.rotates = False
    first = door.password().json()
    door.refresh(first["refresh_token"])
    assert door.status(first["access_token"]) == 200


def test_a_revoked_session_is_over_for_good(door: Door) -> None:
    told = door.password().json()
    door.fake.logins.revoke()
    assert door.status(told["access_token"]) == 401
    assert door.refresh(told["refresh_token"]).json()["error"] == "invalid_grant"


def test_wrong_passwords_lock_the_door(door: Door) -> None:
    assert [door.password(password="wrong").status_code for _ in range(3)] == [400] * 3
    assert door.password().status_code == 429


def test_the_password_may_need_a_code(door: Door) -> None:
    door.terms.mfa = "123456"
    assert door.password().json()["mfa_required"] is True
    assert door.password(mfa_code="654321").status_code == 400
    assert "access_token" in door.password(mfa_code="123456").json()


def test_the_password_may_not_be_taken_any_more(door: Door) -> None:
    door.terms.password_login = False
    assert door.password().status_code == 400
    assert door.status(door.fake.grant().access) == 200


@pytest.mark.parametrize("way", ["sms", "email", "prompt"])
def test_a_new_device_is_approved(door: Door, way: str) -> None:
    door.terms.approves = way
    demanded = door.password("new")
    workflow = demanded.json()["verification_workflow"]["id"]
    body = {"device_id": "new", "flow": "suv", "input": {"workflow_id": workflow}}
    view = f"/pathfinder/inquiries/{door.post('/pathfinder/user_machine/', body).json()['id']}/user_view/"
    go_on = {"sequence": 0, "user_input": {"status": "continue"}}
    assert door.post(view, go_on).json()["type_context"]["result"] != "workflow_status_approved"
    challenge = requests.get(door.fake.url + view, timeout=5).json()["context"]["sheriff_challenge"]
    assert (challenge["type"], challenge["status"]) == (way, "issued")
    if way == "prompt":
        asked = requests.get(f"{door.fake.url}/push/{challenge['id']}/get_prompts_status/", timeout=5)
        assert asked.json()["challenge_status"] == "validated"
    else:
        respond = f"/challenge/{challenge['id']}/respond/"
        assert door.post(respond, {"response": "0"}, as_json=False).status_code == 400
        assert door.post(respond, {"response": CODE}, as_json=False).json()["status"] == "validated"
    assert door.post(view, go_on).json()["type_context"]["result"] == "workflow_status_approved"
    assert (demanded.status_code, door.password("new").status_code) == (403, 200)
    assert door.password("another").status_code == 403


def test_an_owner_may_never_approve(door: Door) -> None:
    door.terms.approves, door.fake.approvals.patience = "prompt", None
    workflow = door.password("new").json()["verification_workflow"]["id"]
    prompt = f"{door.fake.url}/push/{workflow.replace('workflow', 'challenge')}/get_prompts_status/"
    assert [requests.get(prompt, timeout=5).json()["challenge_status"] for _ in range(3)] == ["issued"] * 3

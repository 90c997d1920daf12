"""Sessions over HTTP: renewal in time, by one at a time, stored before it is used, and what follows a lost answer."""

from __future__ import annotations

from datetime import timedelta
from threading import Thread

import pytest

from tests.brokers.robinhood.auth.conftest import QUICK, Login
from tests.fakes.robinhood import Kind
from tradebot.brokers.robinhood.auth.session import StoredSession
from tradebot.brokers.robinhood.auth.tokens import Renewal
from tradebot.errors import AuthNeeded, BrokerUnavailable

TOKEN = "/oauth2/token/"
DAY = timedelta(days=1)


def reads(login: Login, **how: object) -> None:
    """Do what any command does first."""
    login.api(**how).read("/accounts/")  # type: ignore[arg-type]


def test_tokens_that_serve_for_long_are_used_as_they_are(login: Login) -> None:
    login.granted(8 * DAY)
    reads(login)
    reads(login)
    assert login.asked() == 0


def test_tokens_are_renewed_in_time_and_stored_before_they_are_used(login: Login) -> None:
    old = login.granted(2 * DAY)
    login.go(days=1.2)
    reads(login)
    stored = login.stored()
    assert login.asked() == 1
    assert stored.access != old.access and stored.renewal is Renewal.NONE
    assert stored.expires_at == login.fake.logins.pairs[-1].expires_at
    assert stored.account_number == "5QRCANARY1"
    reads(login)
    assert login.asked() == 1


def test_who_only_looks_renews_nothing_and_takes_what_a_job_has_renewed(login: Login) -> None:
    login.granted(2 * DAY)
    login.go(days=1.2)
    looking = StoredSession(login.file, login.requests(), login.now, renews=False)
    login.api(looking).read("/accounts/")
    login.go(days=1)
    with pytest.raises(BrokerUnavailable, match="The next job renews it"):
        login.api(looking).read("/accounts/")
    assert login.asked() == 0
    login.granted(2 * DAY)
    login.api(looking).read("/accounts/")


def test_a_session_without_rotation_is_renewed_too(login: Login) -> None:
    login.fake.house.terms.rotates = False
    login.granted(DAY)
    login.go(days=0.7)
    reads(login)
    assert login.asked() == 1


def test_two_commands_renew_once(login: Login) -> None:
    login.granted(DAY)
    login.go(days=0.7)
    threads = [Thread(target=reads, args=(login,)) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert login.asked() == 1


def test_a_token_that_another_command_replaced_is_read_again(login: Login) -> None:
    login.granted()
    session = login.session()
    session.headers()
    newer = login.granted()
    login.fake.logins.pairs[0].revoked = True
    login.api(session).read("/accounts/")
    assert session.headers()["Authorization"] == f"Bearer {newer.access}"
    assert login.asked() == 0


@pytest.mark.parametrize("kind", [Kind.GATEWAY_TIMEOUT, Kind.RESET_AFTER, Kind.SILENT_AFTER, Kind.TRUNCATED])
def test_after_a_lost_answer_the_old_token_serves_until_it_is_refused(login: Login, kind: Kind) -> None:
    login.fake.house.terms.rotates = False  # so that the old one serves
    old = login.granted(2 * DAY)
    login.go(days=1.2)
    login.fake.strike(kind, path=TOKEN)
    reads(login, timeouts=QUICK)
    assert (login.stored().access, login.stored().renewal) == (old.access, Renewal.UNANSWERED)
    reads(login)
    assert login.asked() == 1, "it is not repeated while the old one serves"
    login.fake.logins.pairs[0].revoked = True
    login.fake.logins.pairs[0].refresh = "rotated away"
    with pytest.raises(AuthNeeded, match="the session with Robinhood is over"):
        reads(login)
    asked = login.asked()
    with pytest.raises(AuthNeeded, match="tradebot auth robinhood"):
        reads(login)
    assert login.asked() == asked, "what was refused is not asked for again"


def test_a_renewal_that_never_arrived_is_made_up_for_when_the_token_is_refused(login: Login) -> None:
    login.granted(DAY)
    login.go(days=0.7)
    login.fake.strike(Kind.RESET_BEFORE, path=TOKEN)
    reads(login)
    assert login.stored().renewal is Renewal.UNANSWERED
    login.go(days=1)
    reads(login)
    assert login.stored().renewal is Renewal.NONE


def test_a_renewal_without_effect_leaves_nothing_behind(login: Login) -> None:
    old = login.granted(DAY)
    login.go(days=0.7)
    login.fake.strike(Kind.TOO_MANY, path=TOKEN)
    reads(login)
    assert (login.stored().access, login.stored().renewal) == (old.access, Renewal.NONE)
    reads(login)
    assert login.stored().access != old.access


def test_tokens_that_cannot_be_renewed_serve_to_their_end(login: Login) -> None:
    pair = login.granted(DAY)
    pair.refresh = "unknown to Robinhood"
    login.go(days=0.7)
    reads(login)
    assert login.stored().renewal is Renewal.REFUSED
    reads(login)
    assert login.asked() == 1
    login.go(days=1)
    with pytest.raises(AuthNeeded, match="tradebot auth robinhood"):
        reads(login)
    assert login.asked() == 1


def test_a_revoked_session_needs_its_owner(login: Login) -> None:
    login.granted()
    login.fake.logins.revoke()
    with pytest.raises(AuthNeeded) as refused:
        reads(login)
    assert refused.value.exit_code == 5
    assert login.stored().access not in str(refused.value)
    assert login.asked() == 1, "never by the password"


def test_a_renewal_that_is_lost_when_nothing_serves_is_tried_again_by_the_next_command(login: Login) -> None:
    login.granted(DAY)
    login.go(days=2)
    login.fake.strike(Kind.RESET_BEFORE, times=2, path=TOKEN)
    with pytest.raises(BrokerUnavailable, match="The next command tries once more"):
        reads(login)
    reads(login)


def test_who_waits_in_vain_for_the_lock_goes_on_with_what_there_is(login: Login) -> None:
    login.granted(2 * DAY)
    login.go(days=1.2)
    with login.file.lock(0):
        reads(login, session=login.session(lock_seconds=0.05))
        assert login.asked() == 0
        login.fake.logins.revoke()
        with pytest.raises(BrokerUnavailable, match="another command has been renewing"):
            reads(login, session=login.session(lock_seconds=0.05))


def test_tokens_that_cannot_be_stored_are_not_renewed(login: Login) -> None:
    """They would be lost with the command."""
    login.granted(2 * DAY)
    login.go(days=1.2)
    folder = login.file.path.parent
    lock = login.file.path.with_suffix(".lock")
    lock.mkdir()
    reads(login)
    assert login.asked() == 0
    assert folder.exists()

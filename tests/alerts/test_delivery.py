"""Alerts reach people: through real servers, once each, after an outage too, and by another way when one is shut."""

from __future__ import annotations

import re
from contextlib import closing
from datetime import timedelta
from typing import Any

import pytest

from tests.alerts.conftest import Home
from tests.fakes.receivers import HttpServer, MailServer, free_port, silent_server
from tradebot.alerts.channels import channels_of
from tradebot.home.attachments import keep_attachment
from tradebot.ledger.database import open_database
from tradebot.ledger.verify import verify_ledger
from tradebot.runtime import alerts as alerting
from tradebot.settings.alert_model import MinAlertLevel

QUARTER = timedelta(minutes=15)


def mailing(port: int) -> dict[str, Any]:
    return {
        "email_smtp_server": "127.0.0.1",
        "email_smtp_port": port,
        "alert_email_recipients": ("you@example.com", "partner@example.com"),
    }


def test_a_mail_says_what_happened_when_and_to_which_account(home: Home, mail: MailServer) -> None:
    home.tells(**mailing(mail.port))
    assert home.job(("critical", "AAPL is unprotected")).delivered == 1
    assert [sent.to for sent in mail.mails] == [("you@example.com",), ("partner@example.com",)]
    sent = mail.mails[0]
    assert sent.subject == "tradebot critical: AAPL is unprotected"
    text, _, head = sent.text.replace("\r\n", "\n").rstrip().rpartition("\n")
    assert text == (
        "AAPL is unprotected: 1,234.50 USD\n\n"
        f"Monday 2026-03-02 09:35 New York time, account paper:paper:PAPER-0001, home {home.settings.home}"
    )
    assert re.fullmatch(r"ledger head \d+:[0-9a-f]{64}", head)


def test_a_day_without_mail_ends_with_each_message_once(home: Home, mail: MailServer) -> None:
    home.tells(**(mailing(mail.port) | {"alert_email_recipients": ("you@example.com",)}))
    mail.refuse = True
    for number in range(26):
        delivery = home.job(("warning", f"trouble {number}"), key=f"trouble {number % 13}")
        assert (delivery.delivered, len(delivery.failed)) == (0, 1) or not delivery.unheard
        home.clock.at += QUARTER
    home.clock.at += timedelta(hours=17, minutes=30)
    mail.refuse = False
    for _ in range(3):
        home.job()
        home.clock.at += QUARTER
    assert sorted(sent.subject for sent in mail.mails) == sorted(f"tradebot warning: trouble {n}" for n in range(13))
    assert set(home.states) == {"delivered"}


def test_a_dead_channel_is_asked_less_and_less_often(home: Home, http: HttpServer) -> None:
    http.answer = 500
    home.tells(f"json://127.0.0.1:{http.port}/")
    home.job(("warning", "trouble"))
    asked = [0]
    for minutes in range(5, 180, 5):
        home.clock.at += timedelta(minutes=5)
        asked += [minutes] if home.job().failed else []
    assert asked == [0, 5, 15, 35, 75, 135]
    assert home.posted()[0].attempts == len(asked)


def test_what_waits_can_be_sent_at_once_when_the_channel_works_again(home: Home, http: HttpServer) -> None:
    http.answer = 500
    home.tells(f"json://127.0.0.1:{http.port}/")
    home.job(("warning", "trouble"))
    (queued,) = alerting.waiting(home.settings)
    assert (queued.alert.title, queued.next_try) == ("trouble", home.clock.at + timedelta(minutes=5))
    http.answer = 200
    assert alerting.deliver(home.settings).delivered == 0, "it is not due"
    assert alerting.deliver(home.settings, early=True).delivered == 1
    assert alerting.deliver(home.settings, early=True).delivered == 0
    assert (alerting.waiting(home.settings), len(http.posts)) == ((), 1)


def test_what_another_process_delivers_now_is_not_sent_beside_it(home: Home, http: HttpServer) -> None:
    home.tells(f"json://127.0.0.1:{http.port}/")
    with home.desk() as alerts:
        alerts.send("warning", "trouble", "once")
    with closing(open_database(home.settings.ledger, create=False)) as other:
        other.alert_queue.claim(home.clock.now(), home.clock.now() + timedelta(minutes=1))
    assert alerting.deliver(home.settings, early=True).delivered == 0


def test_the_second_channel_is_used_when_the_first_fails_and_only_then(home: Home, http: HttpServer) -> None:
    dead = free_port()
    home.tells(f"json://127.0.0.1:{dead}/", second=(f"json://127.0.0.1:{http.port}/second",))
    delivery = home.job(("critical", "halted"))
    assert (delivery.delivered, delivery.unheard, [name for name, _ in delivery.failed]) == (1, (), ["json"])
    assert (http.titles, http.paths) == (["tradebot critical: halted"], ["/second"])
    assert home.posted()[0].taken_by == ("json 2",)
    home.tells(f"json://127.0.0.1:{http.port}/first", second=(f"json://127.0.0.1:{http.port}/second",))
    home.clock.at += timedelta(days=1)
    home.job(("critical", "resumed"))
    assert (http.titles[1:], http.paths[1:]) == (["tradebot critical: resumed"], ["/first"])


def test_of_two_channels_the_one_that_failed_gets_it_later_and_the_other_not_again(
    home: Home, http: HttpServer, mail: MailServer
) -> None:
    home.tells(f"json://127.0.0.1:{http.port}/", **mailing(mail.port))
    mail.refuse = True
    assert home.job(("warning", "trouble")).unheard == ()
    assert home.states == ["waiting"]
    mail.refuse = False
    home.clock.at += QUARTER
    home.job()
    assert (len(http.posts), len(mail.mails), home.states) == (1, 2, ["delivered"])


def test_an_address_for_critical_alerts_gets_no_others(home: Home, http: HttpServer) -> None:
    at = f"json://127.0.0.1:{http.port}"
    home.tells(f"critical={at}/pager", f"{at}/all")
    home.job(("info", "report"), ("critical", "halted"))
    assert sorted(zip(http.paths, http.titles, strict=True)) == [
        ("/all", "tradebot critical: halted"),
        ("/all", "tradebot info: report"),
        ("/pager", "tradebot critical: halted"),
    ]
    assert http.titles[0] == "tradebot critical: halted"  # the gravest first


def test_a_channel_that_never_answers_delays_a_job_once(
    home: Home, http: HttpServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    home.tells(f"json://127.0.0.1:{http.port}/")
    home.job(("info", "imports Apprise, which takes seconds where the machine is loaded"))
    monkeypatch.setattr(alerting, "CHANNEL_TIMEOUT", 2.0)
    with silent_server() as silent:
        home.tells(f"json://127.0.0.1:{silent.port}/", f"json://127.0.0.1:{http.port}/")
        delivery = home.job(*[("warning", f"trouble {number}") for number in range(5)])
        assert silent.connections() == 1, "it costs its time once, not for each alert"
    assert len(http.posts) == 6
    assert delivery.failed == (("json", "did not answer within 2 seconds"),)


def test_time_that_is_up_leaves_the_rest_to_the_next_job(
    home: Home, http: HttpServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(alerting, "DELIVERY_TIMEOUT", 0.0)
    home.tells(f"json://127.0.0.1:{http.port}/")
    assert home.job(("warning", "trouble")).unheard == ("trouble",)
    monkeypatch.setattr(alerting, "DELIVERY_TIMEOUT", 120.0)
    home.clock.at += QUARTER
    assert home.job().delivered == 1


def test_two_jobs_that_end_at_once_deliver_an_alert_once(home: Home, http: HttpServer) -> None:
    home.tells(f"json://127.0.0.1:{http.port}/")
    with home.desk() as alerts:
        alerts.send("warning", "trouble", "once")
    with closing(open_database(home.settings.ledger, create=False)) as other:
        claimed = other.alert_queue.claim(home.clock.now(), home.clock.now() + timedelta(minutes=1))
        assert len(claimed) == 1
        assert home.job().delivered == 0
    home.clock.at += timedelta(minutes=1)  # the other one died with it
    assert home.job().delivered == 1


def test_without_a_channel_alerts_are_kept_and_not_told_later(home: Home, http: HttpServer) -> None:
    assert home.job(("warning", "trouble")).unheard == ()
    home.tells(f"json://127.0.0.1:{http.port}/")
    home.job()
    assert (home.states, http.posts) == (["kept"], [])


def test_after_three_days_of_outage_it_is_given_up(home: Home) -> None:
    home.tells(f"json://127.0.0.1:{free_port()}/")
    home.job(("warning", "trouble"))
    home.clock.at += timedelta(days=3)
    home.job()
    assert home.states == ["given_up"]


def test_what_was_raised_without_a_ledger_is_taken_in_and_told(home: Home, http: HttpServer) -> None:
    home.tells(f"json://127.0.0.1:{http.port}/")
    home.outside().send("critical", "emergency stop", "nothing is left")
    assert home.states == ["waiting"]
    assert home.job().delivered == 1
    assert home.job().delivered == 0
    assert (home.states, len(http.posts)) == (["delivered"], 1)


def test_with_a_damaged_ledger_the_operator_hears_all_the_same_and_once(home: Home, http: HttpServer) -> None:
    home.tells(f"json://127.0.0.1:{http.port}/")
    sound = home.ledger_file.read_bytes()
    home.ledger_file.write_bytes(b"not a database" * 100)
    for _ in range(3):
        home.outside().send("critical", "run-daily ended with 10", "the ledger is damaged", key="run-daily 10")
        alerting.deliver(home.settings)
    assert http.titles == ["tradebot critical: run-daily ended with 10"]
    home.ledger_file.write_bytes(sound)
    home.job()
    assert (home.states, len(http.posts)) == (["delivered"], 1)


def test_the_stop_leaves_the_ledger_alone(home: Home, http: HttpServer) -> None:
    home.tells(f"json://127.0.0.1:{http.port}/")
    before = home.ledger_file.read_bytes()
    home.outside().send("critical", "emergency stop", "nothing is left")
    assert alerting.deliver(home.settings, ledger=False).delivered == 1
    assert home.ledger_file.read_bytes() == before


def test_alerts_leave_a_ledger_that_verifies(home: Home, http: HttpServer) -> None:
    home.tells(f"json://127.0.0.1:{http.port}/")
    home.job(("warning", "trouble"), ("critical", "more"))
    with closing(open_database(home.settings.ledger, create=False)) as database:
        assert verify_ledger(database) == ()


def test_each_channel_can_be_tried(home: Home, http: HttpServer) -> None:
    home.tells(f"json://127.0.0.1:{http.port}/", "nosuch://service", second=(f"json://127.0.0.1:{free_port()}/",))
    tried = dict(alerting.try_channels(home.settings))
    assert [*tried] == ["json", "nosuch", "json 2"]
    assert (tried["json"], len(http.posts)) == ("", 1)
    assert "does not understand" in tried["nosuch"]
    assert "Connection error" in tried["json 2"]


def test_a_channel_shows_no_address(home: Home) -> None:
    home.tells("json://user:word-12345678@127.0.0.1/")
    assert "12345678" not in repr(channels_of(home.settings))


def test_a_summary_goes_to_channels_that_name_no_level_whatever_the_least_one(home: Home, http: HttpServer) -> None:
    at = f"json://127.0.0.1:{http.port}"
    urls = (f"{at}/plain", f"summary={at}/summary", f"critical={at}/pager", f"info={at}/info")
    home.tells(*urls, alert_min_level=MinAlertLevel.CRITICAL)
    assert home.job(("summary", "2026-03-02: +$73.28"), key="summary:2026-03-02").delivered == 1
    assert http.paths == ["/plain", "/summary"]
    assert http.titles == ["tradebot summary: 2026-03-02: +$73.28"] * 2
    http.paths.clear()
    assert home.job(("info", "a note")).delivered == 1
    assert http.paths == ["/summary", "/info"]


def test_a_summary_is_told_once_however_long_ago(home: Home, http: HttpServer) -> None:
    home.tells(f"json://127.0.0.1:{http.port}/")
    home.job(("summary", "the day"), key="summary:2026-03-02")
    home.clock.at += timedelta(days=400)
    home.job(("summary", "the day"), key="summary:2026-03-02")
    assert len(http.titles) == 1


def test_mail_carries_the_page_of_a_summary_and_other_channels_its_text_alone(
    home: Home, mail: MailServer, http: HttpServer
) -> None:
    home.tells(
        f"json://127.0.0.1:{http.port}/", **(mailing(mail.port) | {"alert_email_recipients": ("me@example.com",)})
    )
    name = keep_attachment(home.settings.home, "report-2026-03-02.html", "<p>grün</p>")
    with home.desk() as alerts:
        alerts.send("summary", "the day", "ten lines", key="summary:2026-03-02", attachment=name)
        alerts.send("summary", "another", "ten lines", key="summary:2026-03-03", attachment="gone.html")
    assert alerting.deliver(home.settings).delivered == 2
    first, second = (sent.message for sent in mail.mails)
    body, page = first.iter_parts()
    assert body.get_content().startswith("ten lines")
    assert (page.get_filename(), page.get_content_type()) == (name, "text/html")
    assert page.get_content().strip() == "<p>grün</p>"
    assert not second.is_multipart()
    assert [post["message"].splitlines()[0] for post in http.posts] == ["ten lines", "ten lines"]


def test_a_summary_that_no_ledger_took_waits_in_the_spool(home: Home, http: HttpServer) -> None:
    home.tells(f"json://127.0.0.1:{http.port}/")
    home.outside().send("summary", "the day", "ten lines", key="summary:2026-03-02")
    home.outside().send("summary", "the day", "ten lines", key="summary:2026-03-02")
    home.job()
    assert home.job(("summary", "the day"), key="summary:2026-03-02").delivered == 0
    assert http.titles == ["tradebot summary: the day"]

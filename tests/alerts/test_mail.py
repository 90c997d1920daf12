"""Mail through real servers on this machine: passwords of any letters, encryption, and the server's own words."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from tests.alerts.conftest import Home
from tests.fakes.receivers import (
    CERTIFICATE,
    MailServer,
    free_port,
    mail_server,
    scripted_mail_server,
    silent_server,
)
from tradebot.alerts import mail as mail_module
from tradebot.alerts.channels import channels_of
from tradebot.runtime import alerts as alerting
from tradebot.settings.alert_model import EmailSecurity
from tradebot.settings.secret_fields import SecretText

pytestmark = pytest.mark.filterwarnings("ignore:Requiring AUTH:UserWarning", "ignore:Session.login_data")

PASSWORDS = (
    "p@ss:w/r d&1",
    "a@b:c/d?e#f%g&h+i=j",
    "100%25 sure",
    " blanks at the ends ",
    "pässwörd é€",
    "\u5bc6\u7801",
    "quotes \" and ' and `",
    "back\\slash\\n",
    "$HOME ${HOME}",
    "plain",
    "long" * 40,
)


def mails_to(home: Home, server: MailServer | int, host: str = "127.0.0.1", **more: Any) -> None:
    """Let the home send its alerts by mail."""
    port = server if isinstance(server, int) else server.port
    texts = {name: SecretText(value) for name, value in more.items() if name in ("email_username", "email_password")}
    given = {"alert_email_recipients": ("you@example.com",), **more, **texts}
    home.tells(email_smtp_server=host, email_smtp_port=port, **given)


def trouble(home: Home) -> str:
    """The error of a test message, "" for none."""
    ((_, error),) = alerting.try_channels(home.settings)
    return error


@contextmanager
def beyond_this_machine(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Connect to this machine whatever the name, and let the connection look as one to another machine does."""
    connect = socket.create_connection

    class Far(socket.socket):
        def getpeername(self) -> tuple[str, int]:
            return "192.0.2.1", 25

    def far(address: tuple[str, int], timeout: float) -> socket.socket:
        near = connect(("127.0.0.1", address[1]), timeout)
        made = Far(near.family, near.type, near.proto, fileno=near.detach())
        made.settimeout(timeout)
        return made

    with monkeypatch.context() as patch:
        patch.setattr(socket, "create_connection", far)
        yield


@pytest.mark.parametrize("password", PASSWORDS)
@pytest.mark.parametrize("method", ["PLAIN", "LOGIN"])
def test_a_password_of_any_letters_arrives_as_it_is(home: Home, method: str, password: str) -> None:
    with mail_server(login=True, methods=(method,)) as server:
        server.password = password
        mails_to(home, server, email_username="mé@example.com", email_password=password, email_from="me@example.com")
        assert trouble(home) == ""
    assert (server.logins, server.methods) == ([("mé@example.com", password)], [method])
    assert [sent.sender for sent in server.mails] == ["me@example.com"]


def test_a_wrong_password_is_told_in_the_servers_words_and_without_the_password(home: Home) -> None:
    with mail_server(login=True) as server:
        server.password = "right"
        mails_to(home, server, email_username="me@example.com", email_password="wr0ng-one")
        said = trouble(home)
    assert said.startswith("the mail server says: 535 5.7.8 Username and Password not accepted.")
    assert "wr0ng" not in said
    assert len(server.logins) == 1, "each attempt may count against the account"


def test_a_server_that_repeats_what_it_does_not_understand_tells_nobody_the_password(home: Home) -> None:
    greeting, offers = "220 hello", "250-mail\r\n250 AUTH LOGIN"
    coded = "d3IwbmctcGFzc3dvcmQ="
    with scripted_mail_server(greeting, offers, "334 VXNlcm5hbWU6", "334 UGFzc3dvcmQ6", f"500 what is {coded}") as port:
        mails_to(home, port, email_username="me@example.com", email_password="wr0ng-password")
        said = trouble(home)
    assert said == "the mail server says: 500 what is ********"


def test_starttls_is_used_where_it_is_offered_on_this_machine_too(home: Home) -> None:
    with mail_server(login=True, starttls=True) as server:
        server.password = "p@ss é"
        mails_to(home, server, email_username="me@example.com", email_password="p@ss é")
        assert trouble(home) == "", "its certificate is its own, and nobody stands between"
    assert [sent.encrypted for sent in server.mails] == [True]


@pytest.mark.parametrize("security", EmailSecurity)
def test_each_security_on_this_machine(home: Home, security: EmailSecurity) -> None:
    with mail_server(starttls=True) as offering, mail_server() as plain, mail_server(tls=True) as encrypted:
        results = {}
        for name, server in (("offering", offering), ("plain", plain), ("tls", encrypted)):
            mails_to(home, server, email_security=security)
            if not (name == "tls" and security is not EmailSecurity.TLS):
                results[name] = trouble(home)
    expected = {
        EmailSecurity.AUTO: {"offering", "plain"},
        EmailSecurity.STARTTLS: {"offering"},
        EmailSecurity.TLS: {"tls"},
        EmailSecurity.NONE: {"offering", "plain"},
    }
    assert {name for name, error in results.items() if not error} == expected[security]
    assert [sent.encrypted for sent in offering.mails] == (
        [] if security is EmailSecurity.TLS else [security is not EmailSecurity.NONE]
    )
    if security is EmailSecurity.STARTTLS:
        assert "offers no STARTTLS" in results["plain"]
    if security is EmailSecurity.TLS:
        assert "speaks no TLS at this point" in results["plain"]


def test_port_465_begins_with_tls() -> None:
    def begins(port: int, security: EmailSecurity = EmailSecurity.AUTO) -> bool:
        server = mail_module.MailServer("mail", port, security, "a@example.com", ("a@example.com",))
        return server._begins_with_tls

    assert [begins(port) for port in (25, 465, 587, 1025)] == [False, True, False, False]
    assert begins(1025, EmailSecurity.TLS)
    assert not begins(465, EmailSecurity.STARTTLS)


@pytest.mark.parametrize("security", [EmailSecurity.AUTO, EmailSecurity.NONE])
def test_no_password_leaves_this_machine_unencrypted(
    home: Home, security: EmailSecurity, monkeypatch: pytest.MonkeyPatch
) -> None:
    with mail_server(login=True) as server, beyond_this_machine(monkeypatch):
        login = {"email_username": "me@example.com", "email_password": "secret-1"}
        mails_to(home, server, "mail.example.com", email_security=security, **login)
        assert "offers no encryption, and no password is sent without" in trouble(home)
    assert server.logins == []


def test_without_a_password_a_relay_that_knows_no_encryption_takes_the_mail(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    with mail_server() as server, beyond_this_machine(monkeypatch):
        for name in ("relay", "192.0.2.1", "2001:db8::1", "mail_relay"):
            mails_to(home, server, name)
            assert trouble(home) == "", name
    assert {sent.sender for sent in server.mails} == {"you@example.com"}


def test_a_server_elsewhere_has_to_prove_its_name(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    login = {"email_username": "me@example.com", "email_password": "secret-1"}
    with mail_server(login=True, starttls=True) as server, beyond_this_machine(monkeypatch):
        mails_to(home, server, "mail.example.com", **login)
        assert f"the certificate of mail.example.com port {server.port} is not trusted: self" in trouble(home)
        monkeypatch.setenv("SSL_CERT_FILE", str(CERTIFICATE))
        assert trouble(home) == ""
        mails_to(home, server, "other.example.com", **login)
        assert "EMAIL_SMTP_SERVER has to be the name in it" in trouble(home)
        mails_to(home, server, "127.0.0.1", **login)
        assert trouble(home) == "", "an address, which its certificate names"
    assert len(server.logins) == 2


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "::1"])
def test_a_server_may_be_given_by_name_or_address(home: Home, host: str) -> None:
    bound = "::1" if host == "::1" else "127.0.0.1"
    if host == "::1" and not _has_ipv6():
        pytest.skip("no IPv6 here")
    with mail_server(host=bound) as server:
        mails_to(home, server, host)
        assert trouble(home) == ""
    assert server.greetings == ["[IPv6:::1]" if host == "::1" else "[127.0.0.1]"]


def _has_ipv6() -> bool:
    try:
        free_port("::1")
    except OSError:
        return False
    return True


@pytest.mark.parametrize(
    ("settings", "sender"),
    [
        ({"email_from": "bot@example.org"}, "bot@example.org"),
        ({"email_from": "bot@example.org", "email_username": "me@example.com"}, "bot@example.org"),
        ({"email_username": "me@example.com"}, "me@example.com"),
        ({"email_username": "apikey"}, "you@example.com"),
        ({}, "you@example.com"),
    ],
)
def test_the_sender_is_who_is_named_else_the_login_else_the_recipient(
    home: Home, mail: MailServer, settings: dict[str, str], sender: str
) -> None:
    mails_to(home, mail, **settings)
    assert trouble(home) == ""
    assert mail.mails[0].sender == sender
    assert mail.mails[0].message["From"] == f"tradebot <{sender}>"


def test_a_mail_that_is_sent_twice_has_one_id_and_the_time_of_its_alert(home: Home, mail: MailServer) -> None:
    mails_to(home, mail, alert_email_recipients=("you@example.com", "partner@example.com"))
    home.job(("critical", "AAPL: größer als\nerwartet"))
    first, second = mail.mails
    assert first.message["Message-ID"] == second.message["Message-ID"]
    assert first.subject == "tradebot critical: AAPL: größer als erwartet"
    assert first.message["Date"].datetime == home.clock.at
    assert "größer als" in first.text


def test_a_recipient_that_is_refused_keeps_no_mail_from_the_others_and_makes_no_second_one(
    home: Home, mail: MailServer
) -> None:
    mail.refused = ("gone@example.com",)
    mails_to(home, mail, alert_email_recipients=("gone@example.com", "you@example.com"))
    assert home.job(("warning", "trouble")).delivered == 1
    assert home.states == ["delivered"]
    assert [sent.to for sent in mail.mails] == [("you@example.com",)]
    assert dict(alerting.try_channels(home.settings)) == {
        "mail to gone@example.com": "the mail server says: 550 5.1.1 nobody of this name",
        "mail to you@example.com": "",
    }
    mail.refused = ("gone@example.com", "you@example.com")
    assert "550 5.1.1" in home.job(("warning", "more")).failed[0][1]


def test_what_is_wrong_on_the_way_is_said(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    port = free_port()
    mails_to(home, port)
    assert f"127.0.0.1 port {port}: " in trouble(home)
    mails_to(home, port, "no-such-host.invalid")
    assert "there is no server no-such-host.invalid" in trouble(home)
    with scripted_mail_server("554 5.7.1 your address is on a list") as port:
        mails_to(home, port)
        assert trouble(home) == "the mail server says: 554 5.7.1 your address is on a list"
    with scripted_mail_server("220 hello") as port:
        mails_to(home, port)
        assert "closed the connection" in trouble(home)
    with scripted_mail_server("220 hello", "250-mail\r\n250 AUTH XOAUTH2") as port:
        mails_to(home, port, email_username="me@example.com", email_password="secret-1")
        assert "takes no login by password; it offers XOAUTH2" in trouble(home)
    with mail_server() as server:
        mails_to(home, server, email_security=EmailSecurity.STARTTLS)
        assert "offers no STARTTLS" in trouble(home)
    monkeypatch.setattr(mail_module, "TIMEOUT", 0.2)
    with silent_server() as silent:
        mails_to(home, silent.port)
        assert "did not answer in time" in trouble(home)


def test_no_channel_shows_a_password(home: Home) -> None:
    mails_to(home, 25, email_username="me@example.com", email_password="secret-1")
    assert "secret-1" not in repr(channels_of(home.settings))

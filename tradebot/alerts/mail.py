"""Mail by SMTP (RFC 5321), with STARTTLS (RFC 3207) or TLS from the start (RFC 8314), and logins (RFC 4954).

A server on this machine need not prove who it is: nobody stands between, and mail programs there make certificates of
their own. Every other server needs a certificate that this machine trusts (SSL_CERT_FILE names more).
"""

from __future__ import annotations

import hashlib
import hmac
import logging
import smtplib
import socket
import ssl
from base64 import b64decode, b64encode
from dataclasses import dataclass
from email.message import EmailMessage
from email.utils import format_datetime
from ipaddress import ip_address

from tradebot.alerts.messages import Message
from tradebot.settings.alert_model import EmailSecurity
from tradebot.settings.secret_fields import MASK, SecretText

#: Seconds that a connection to one of the server's addresses may take, and each of its answers.
CONNECT_TIMEOUT, TIMEOUT = 2.0, 4.0
_TLS_PORT = 465
_CONTINUE, _REFUSED = 334, 535

_LOG = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class MailServer:
    """The server that takes the mail of a home, and its addresses."""

    host: str
    port: int
    security: EmailSecurity
    sender: str
    recipients: tuple[str, ...]
    username: SecretText | None = None
    password: SecretText | None = None

    def send(self, message: Message) -> str:
        """Send a mail to each recipient; returns the error, "" if the server took one of them.

        A recipient that is refused beside others is logged: sending again would reach the others twice.
        """
        try:
            with self._connect() as smtp:
                refused = {address: self._deliver(smtp, address, message) for address in self.recipients}
        except _Failed as error:
            return str(error)
        except smtplib.SMTPResponseException as error:
            return _words(error.smtp_code, error.smtp_error)
        except smtplib.SMTPServerDisconnected as error:
            cause = error.__context__  # of a time-out, too, smtplib says that the connection was closed
            return self._explain(cause) if isinstance(cause, OSError) else f"{self._name} closed the connection"
        except OSError as error:
            return self._explain(error)
        errors = {address: words for address, words in refused.items() if words}
        if len(errors) == len(self.recipients):
            return next(iter(errors.values()))
        for address, words in errors.items():
            _LOG.warning("the mail server took no mail for %s: %s", address, words)
        return ""

    @property
    def _name(self) -> str:
        return f"{self.host} port {self.port}"

    @property
    def _begins_with_tls(self) -> bool:
        return self.security is EmailSecurity.TLS or (self.security is EmailSecurity.AUTO and self.port == _TLS_PORT)

    # --- the connection --------------------------------------------------------------------------

    def _connect(self) -> smtplib.SMTP:
        """A connection that is encrypted as the settings say, and logged in. Raises _Failed, SMTPException, OSError."""
        smtp = _Connection(self.host, self.port, self._begins_with_tls)
        try:
            smtp.ehlo_or_helo_if_needed()
            if not self._begins_with_tls:
                self._start_tls(smtp)
            if self.password is not None:
                self._log_in(smtp, (self.username or SecretText("")).reveal(), self.password.reveal())
        except BaseException:
            smtp.close()
            raise
        return smtp

    def _start_tls(self, smtp: _Connection) -> None:
        """Switch to TLS where the server offers it. Raises _Failed where it must be and is not offered."""
        if self.security is not EmailSecurity.NONE and smtp.has_extn("starttls"):
            smtp.starttls(context=smtp.context)
            smtp.ehlo()
        elif self.security is EmailSecurity.STARTTLS:
            raise _Failed(f"{self._name} offers no STARTTLS, which EMAIL_SECURITY=starttls asks for")
        elif self.password is not None and not smtp.is_local:
            raise _Failed(
                f"{self._name} offers no encryption, and no password is sent without: use its port for TLS (465, "
                "EMAIL_SECURITY=tls), or leave EMAIL_PASSWORD blank if the server needs none"
            )

    def _log_in(self, smtp: smtplib.SMTP, user: str, password: str) -> None:
        """Log in with a method that the server offers; in UTF-8, which smtplib can't. Raises _Failed."""
        offered = smtp.esmtp_features.get("auth", "").upper().split()
        methods = [method for method in ("PLAIN", "LOGIN", "CRAM-MD5") if method in offered]
        if not methods:
            names = f"; it offers {', '.join(offered)}" if offered else ""
            raise _Failed(
                f"{self._name} takes no login by password{names}. Leave EMAIL_PASSWORD blank if it needs none"
            )
        secrets = {
            "PLAIN": [f"\0{user}\0{password}".encode()],
            "LOGIN": [user.encode(), password.encode()],
        }
        words = ""
        for method in methods:
            code, reply = smtp.docmd("AUTH", method)
            if method == "CRAM-MD5" and code == _CONTINUE:
                digest = hmac.new(password.encode(), b64decode(reply), hashlib.md5).hexdigest()
                secrets[method] = [f"{user} {digest}".encode()]
            for secret in secrets.get(method, ()):
                if code == _CONTINUE:
                    sent = b64encode(secret)
                    code, reply = smtp.docmd(sent.decode())
                    reply = reply.replace(sent, MASK.encode())  # some servers repeat what they don't understand
            if code == 235:
                return
            words = _words(code, reply)
            if code == _REFUSED:  # the same password is wrong in other methods too, and each counts as a failure
                break
        raise _Failed(words)

    # --- the mail --------------------------------------------------------------------------------

    def _deliver(self, smtp: smtplib.SMTP, address: str, message: Message) -> str:
        """Send the mail to one address; returns the server's words if it is refused."""
        try:
            smtp.send_message(self._mail(address, message), self.sender, [address])
        except smtplib.SMTPRecipientsRefused as error:
            return _words(*error.recipients[address])
        except smtplib.SMTPNotSupportedError:
            return f"{self._name} takes no addresses with letters beyond ASCII"
        except (smtplib.SMTPSenderRefused, smtplib.SMTPDataError) as error:
            return _words(error.smtp_code, error.smtp_error)
        return ""

    def _mail(self, address: str, message: Message) -> EmailMessage:
        mail = EmailMessage()
        mail["From"] = f"tradebot <{self.sender}>"
        mail["To"] = address
        mail["Subject"] = " ".join(message.title.split())
        mail["Date"] = format_datetime(message.since)
        # a mail that is sent again after a lost answer has the same id, so that mail programs show it once
        digest = hashlib.sha256("\0".join((message.title, message.body, message.since.isoformat())).encode())
        mail["Message-ID"] = f"<{digest.hexdigest()[:32]}@{self.sender.rpartition('@')[2]}>"
        mail["Auto-Submitted"] = "auto-generated"  # no answering machine answers (RFC 3834)
        mail.set_content(message.body, cte="quoted-printable")
        if message.page is not None:
            mail.add_attachment(message.page.html, subtype="html", cte="base64", filename=message.page.name)
        return mail

    # --- errors ----------------------------------------------------------------------------------

    def _explain(self, error: OSError) -> str:
        match error:
            case ssl.SSLCertVerificationError():
                return (
                    f"the certificate of {self._name} is not trusted: {error.verify_message or error.reason}. "
                    "EMAIL_SMTP_SERVER has to be the name in it; SSL_CERT_FILE names a file of certificates to trust"
                )
            case ssl.SSLError():
                fix = "try EMAIL_SECURITY=auto or its other port"
                return f"{self._name} speaks no TLS at this point ({error.reason}): {fix}"
            case TimeoutError():
                return f"{self._name} did not answer in time"
            case socket.gaierror():
                return f"there is no server {self.host}: {error.strerror or error}"
        return f"{self._name}: {error.strerror or error}"


class _Failed(Exception):
    """Mail cannot be sent; the message says why."""


class _Connection(smtplib.SMTP):
    """An SMTP connection, with TLS from the start if wanted, that knows whether its peer is on this machine."""

    def __init__(self, host: str, port: int, begins_with_tls: bool) -> None:
        self._begins_with_tls = begins_with_tls
        self.is_local = False
        self.context = ssl.create_default_context()
        self._own_address = ""
        super().__init__(host, port, local_hostname="localhost", timeout=TIMEOUT)
        # what RFC 5321 has for a client without a name; looking one up may take seconds
        self.local_hostname = f"[{'IPv6:' if ':' in self._own_address else ''}{self._own_address}]"

    def _get_socket(self, host: str, port: int, timeout: float) -> socket.socket:
        """Called by ``smtplib`` to connect."""
        connected = socket.create_connection((host, port), CONNECT_TIMEOUT)
        connected.settimeout(timeout)
        self._own_address = connected.getsockname()[0].partition("%")[0]
        self.is_local = ip_address(connected.getpeername()[0].partition("%")[0]).is_loopback
        if self.is_local:
            self.context.check_hostname = False
            self.context.verify_mode = ssl.CERT_NONE
        return self.context.wrap_socket(connected, server_hostname=host) if self._begins_with_tls else connected


def _words(code: int, reply: bytes | str) -> str:
    """The server's own words: code and text."""
    text = reply.decode("utf-8", "replace") if isinstance(reply, bytes) else reply
    return f"the mail server says: {code} {' '.join(text.split())}"

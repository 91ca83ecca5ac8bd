"""Mail over SMTP, encrypted unless the server is this machine."""

from __future__ import annotations

import smtplib
import ssl
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from enum import StrEnum
from typing import Self

from adapters.addresses import is_loopback
from adapters.redaction import shown
from sync_core.errors import InvalidConfiguration, OutcomeUnknown, Rejected, RetryLater, SyncError
from sync_core.ports import Clock, Health, Mail, Secrets

TIMEOUT = 30.0
"""Seconds for each answer of the server."""
TRY_AGAIN_AFTER = 300.0
"""Seconds to wait after a temporary refusal; grey-listing servers take a second try after some minutes."""


_SEVEN_BIT = SMTP.clone(cte_type="7bit")
"""Every server takes it, whether or not it offers 8BITMIME."""


class Security(StrEnum):
    """How the connection is encrypted."""

    STARTTLS = "starttls"
    """Encrypted after the greeting, as on port 587."""
    TLS = "tls"
    """Encrypted from the first byte, as on port 465."""
    NONE = "none"
    """Not at all; only for a server on this machine."""


@dataclass(frozen=True)
class SmtpServer:
    """The server that takes our mail. ``user`` is empty when it asks for no sign-in; ``password_secret`` is a secret's name."""

    host: str
    port: int = 587
    security: Security = Security.STARTTLS
    user: str = ""
    password_secret: str = ""

    @classmethod
    def usual(cls, host: str, port: int, user: str = "", password_secret: str = "") -> Self:
        """The server with the encryption its address calls for: TLS on port 465, none on this machine, STARTTLS everywhere else."""
        security = Security.TLS if port == 465 else Security.NONE if is_loopback(f"smtp://{host}") else Security.STARTTLS
        return cls(host, port, security, user, password_secret)


class SmtpMailer:
    """The ``Mailer`` port over SMTP. A mail goes to all its recipients or to none, so that a second try doubles nothing."""

    def __init__(self, server: SmtpServer, secrets: Secrets, clock: Clock) -> None:
        """Raises ``InvalidConfiguration`` when mail would travel unencrypted."""
        if server.security is Security.NONE and not is_loopback(f"smtp://{server.host}"):
            raise InvalidConfiguration(
                f"Mail to {server.host} would travel unencrypted", where="smtp", fix="Use starttls or tls; none is for this machine only"
            )
        self._server = server
        self._secrets = secrets
        self._clock = clock

    def send(self, mail: Mail) -> None:
        """Hands the mail over, under its own Message-ID.

        Raises:
            Rejected: the server refuses it for good, or cannot be trusted.
            RetryLater: the server cannot be reached or refuses for now; nothing was sent.
            OutcomeUnknown: the connection broke while the mail was on its way.
        """
        content = self._content(mail)
        with self._connected() as connection:
            self._address(connection, mail)
            self._transfer(connection, content)

    def health(self) -> Health:
        """Whether the server takes our connection and sign-in."""
        try:
            with self._connected():
                return Health("mail", ok=True)
        except SyncError as error:
            return Health("mail", ok=False, detail=str(error), fix=error.fix)

    @contextmanager
    def _connected(self) -> Iterator[smtplib.SMTP]:
        """An encrypted, signed-in connection. How the good-bye goes does not matter: the mail was taken or refused before."""
        trusted = ssl.create_default_context()
        with self._reaching():
            connection = self._opened(trusted)
        try:
            with self._reaching():
                self._introduce(connection, trusted)
            yield connection
            with suppress(smtplib.SMTPException, OSError):
                connection.quit()
        finally:
            connection.close()

    def _opened(self, trusted: ssl.SSLContext) -> smtplib.SMTP:
        server = self._server
        if server.security is Security.TLS:
            return smtplib.SMTP_SSL(server.host, server.port, timeout=TIMEOUT, context=trusted)
        return smtplib.SMTP(server.host, server.port, timeout=TIMEOUT)

    def _introduce(self, connection: smtplib.SMTP, trusted: ssl.SSLContext) -> None:
        if self._server.security is Security.STARTTLS:
            connection.starttls(context=trusted)
        connection.ehlo_or_helo_if_needed()
        if self._server.user:
            connection.login(self._server.user, self._secrets.get(self._server.password_secret, fresh=True))

    @contextmanager
    def _reaching(self) -> Iterator[None]:
        """Up to the content, a failure means that nothing was sent."""
        try:
            yield
        except (smtplib.SMTPException, OSError) as error:
            raise self._unreachable(error) from None

    def _unreachable(self, error: Exception) -> SyncError:
        """The texts of these exceptions are the server's own and are shown redacted; a password is never among them."""
        match error:
            case ssl.SSLError():
                return self._rejected("The mail server's encryption cannot be trusted", "Use the name that its certificate is made for", error.reason)
            case smtplib.SMTPNotSupportedError():
                return self._rejected("The mail server does not offer what is configured", "Check security, user and port")
            case smtplib.SMTPResponseException():
                return self._refused(error.smtp_code, error.smtp_error, "Check user and password of the mail server")
        return RetryLater("The mail server cannot be reached", delay=60.0, code="mail-unreachable", where=self._where, why=type(error).__name__)

    def _address(self, connection: smtplib.SMTP, mail: Mail) -> None:
        """Names sender and recipients. Leaving before the content means that nothing is sent to anybody."""
        with self._reaching():
            replies = [connection.mail(mail.sender), *(connection.rcpt(recipient) for recipient in mail.recipients)]
        for code, text in replies:
            if code not in (250, 251):
                raise self._refused(code, text, "Check sender and recipients in the configuration")

    def _transfer(self, connection: smtplib.SMTP, content: bytes) -> None:
        try:
            code, text = connection.data(content)
        except smtplib.SMTPDataError as error:
            raise self._refused(error.smtp_code, error.smtp_error, "Ask the mail server's operator") from None
        except (smtplib.SMTPException, OSError) as error:
            raise OutcomeUnknown(
                "The connection broke while the mail was on its way", code="mail-unknown", where=self._where, why=type(error).__name__
            ) from None
        if code != 250:
            raise self._refused(code, text, "Ask the mail server's operator")

    def _content(self, mail: Mail) -> bytes:
        message = EmailMessage(policy=_SEVEN_BIT)
        try:
            message["Message-ID"] = mail.message_id
            message["Date"] = format_datetime(self._clock.now())
            message["From"] = mail.sender
            message["To"] = ", ".join(mail.recipients)
            message["Subject"] = shown(mail.subject)
        except ValueError:
            raise self._rejected("A mail address cannot be used", "Correct sender and recipients in the configuration") from None
        message.set_content(mail.text)
        message.add_alternative(mail.html, subtype="html")
        for each in mail.attachments:
            kind, _, subtype = each.content_type.partition("/")
            message.add_attachment(each.content, kind, subtype, filename=each.name)
        return message.as_bytes()

    def _refused(self, code: int, text: bytes | str, fix: str) -> SyncError:
        why = f"{code} {shown(text.decode('utf-8', 'replace') if isinstance(text, bytes) else text)}"
        if 400 <= code < 500:
            return RetryLater("The mail server refuses for now", delay=TRY_AGAIN_AFTER, code="mail-deferred", where=self._where, why=why)
        return self._rejected("The mail server refuses", fix, why)

    def _rejected(self, what: str, fix: str, why: str = "") -> Rejected:
        return Rejected(what, code="mail-refused", where=self._where, why=why, fix=fix)

    @property
    def _where(self) -> str:
        return f"smtp {self._server.host}:{self._server.port}"

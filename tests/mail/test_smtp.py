"""Mail over SMTP against a server that keeps what it gets."""

from __future__ import annotations

import ssl
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from adapters.azure.secrets import KeyVaultSecrets
from adapters.mail.smtp import Security, SmtpMailer, SmtpServer
from sandbox.memory.clock import ManualClock
from sandbox.memory.secrets import MemorySecrets
from sandbox.smtp import DROP, SmtpSink
from sync_core.errors import InvalidConfiguration, OutcomeUnknown, Rejected, RetryLater, SyncError
from sync_core.ports import Attachment, Mail
from tests.contract.vault import Vault

MAIL = Mail(
    message_id="<run-1@sync.example>",
    sender="licences@fabrikam-it.example",
    recipients=("billing@fabrikam-it.example", "service@fabrikam-it.example"),
    subject="3 changes für Contoso\r\nBcc: somebody@elsewhere.example",
    html="<p>3 changes</p>",
    text="3 changes\n.\nend",
)


def mailer(sink: SmtpSink, security: Security = Security.NONE, user: str = "") -> SmtpMailer:
    """A mailer that sends to the sink."""
    server = SmtpServer(sink.host, sink.port, security, user, "smtp-password")
    return SmtpMailer(server, MemorySecrets({"smtp-password": "hush-hush"}), ManualClock())


@pytest.fixture
def certificate(tmp_path: Path) -> Path:
    """Key and certificate of a server at 127.0.0.1, signed by itself."""
    key, now = ec.generate_private_key(ec.SECP256R1()), datetime.now(UTC)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "sandbox")])
    builder = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key()).serial_number(1)
    builder = builder.not_valid_before(now - timedelta(days=1)).not_valid_after(now + timedelta(days=1))
    builder = builder.add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False)
    signed = builder.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)
    private = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    (tmp_path / "server.pem").write_bytes(signed + private)
    return tmp_path / "server.pem"


def offering_tls(certificate: Path) -> ssl.SSLContext:
    """The server's side of STARTTLS."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    return context


def test_a_mail_arrives_with_both_parts_and_its_own_message_id() -> None:
    with SmtpSink() as sink:
        mailer(sink).send(MAIL)
    (received,) = sink.mails
    assert (received.sender, received.recipients) == (MAIL.sender, MAIL.recipients)
    assert received.message["Message-ID"] == MAIL.message_id
    parts = {part.get_content_type(): part.get_content().strip() for part in received.message.iter_parts()}
    assert parts == {"text/plain": MAIL.text.replace("\n", "\r\n"), "text/html": MAIL.html}


def test_a_file_goes_with_the_mail() -> None:
    content = "Café\r\n".encode()
    with SmtpSink() as sink:
        mailer(sink).send(replace(MAIL, attachments=(Attachment("people.csv", "text/csv", content),)))
    (attached,) = sink.mails[0].message.iter_attachments()
    assert (attached.get_filename(), attached.get_content_type(), attached.get_payload(decode=True)) == ("people.csv", "text/csv", content)


def test_a_subject_cannot_smuggle_in_a_header() -> None:
    with SmtpSink() as sink:
        mailer(sink).send(MAIL)
    message = sink.mails[0].message
    assert message["Bcc"] is None and message["Subject"] == "3 changes für Contoso Bcc: somebody@elsewhere.example"


@pytest.mark.parametrize(
    ("command", "code", "expected"),
    [
        ("AUTH", 535, Rejected),
        ("MAIL", 550, Rejected),
        ("RCPT", 451, RetryLater),
        ("RCPT", 550, Rejected),
        ("DATA", 554, Rejected),
        ("CONTENT", 452, RetryLater),
        ("CONTENT", 552, Rejected),
        ("MAIL", DROP, RetryLater),
        ("CONTENT", DROP, OutcomeUnknown),
    ],
)
def test_a_refusal_says_whether_a_second_try_makes_sense(command: str, code: int, expected: type[SyncError]) -> None:
    with SmtpSink({command: code}) as sink, pytest.raises(expected) as caught:
        mailer(sink, user="somebody").send(MAIL)
    assert "hush" not in str(caught.value)
    assert bool(sink.mails) is (expected is OutcomeUnknown)


def test_a_server_that_is_not_there_is_tried_later() -> None:
    sink = SmtpSink()
    sink.close()
    with pytest.raises(RetryLater):
        mailer(sink).send(MAIL)


def test_mail_leaves_this_machine_encrypted_or_not_at_all() -> None:
    with pytest.raises(InvalidConfiguration, match="unencrypted"):
        SmtpMailer(SmtpServer("mail.example", security=Security.NONE), MemorySecrets(), ManualClock())


def test_a_server_without_the_configured_encryption_gets_nothing() -> None:
    with SmtpSink() as sink, pytest.raises(Rejected, match="does not offer"):
        mailer(sink, Security.STARTTLS).send(MAIL)


def test_a_certificate_that_nobody_vouches_for_is_refused(certificate: Path) -> None:
    with SmtpSink(tls=offering_tls(certificate)) as sink, pytest.raises(Rejected, match="cannot be trusted"):
        mailer(sink, Security.STARTTLS).send(MAIL)
    assert sink.mails == []


def test_a_mail_goes_encrypted_to_a_server_that_is_trusted(certificate: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    with SmtpSink(tls=offering_tls(certificate)) as sink:
        mailer(sink, Security.STARTTLS, user="somebody").send(MAIL)
        assert len(sink.mails) == 1


def test_a_password_that_was_renewed_is_used_for_the_next_mail(certificate: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Although the vault's memory of five minutes still holds the old one."""
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    vault = Vault()
    vault.store("smtp-password", "old")
    with SmtpSink(tls=offering_tls(certificate)) as sink:
        server = SmtpServer(sink.host, sink.port, Security.STARTTLS, "somebody", "smtp-password")
        sending = SmtpMailer(server, KeyVaultSecrets(vault.client, ManualClock()), ManualClock())
        sending.send(MAIL)
        vault.store("smtp-password", "renewed")
        sending.send(MAIL)
    assert sink.passwords == ["old", "renewed"]


def test_health_tries_connection_and_sign_in() -> None:
    with SmtpSink({"AUTH": 535}) as sink:
        assert mailer(sink).health().ok
        assert "password" in mailer(sink, user="somebody").health().fix


@pytest.mark.parametrize(("host", "port", "security"), [("mail.example", 587, "starttls"), ("mail.example", 465, "tls"), ("127.0.0.1", 25, "none")])
def test_the_usual_encryption_follows_from_the_address(host: str, port: int, security: str) -> None:
    assert SmtpServer.usual(host, port).security == security

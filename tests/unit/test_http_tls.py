"""The HTTP client over TLS: certificates are checked, and a failed handshake means that nothing was sent."""

from __future__ import annotations

import ssl
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from ipaddress import IPv4Address
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from adapters.clock import SystemClock
from adapters.http import Answer, Http
from sync_core.errors import RetryLater, Throttled


@dataclass
class SecureSite:
    """An https site on loopback whose certificate only those trust who are told to."""

    certificate: Path
    url: str = ""
    bodies: list[bytes] = field(default_factory=list)

    def read(self) -> Answer:
        return Http("Secure", SystemClock(), sleep=lambda seconds: None).read("GET", self.url)

    def write(self) -> Answer:
        clock = SystemClock()
        return Http("Secure", clock).write("POST", self.url, body=b"{}", send_until=clock.monotonic() + 10)


@pytest.fixture
def site(tmp_path: Path) -> Iterator[SecureSite]:
    site = SecureSite(tmp_path / "certificate.pem")
    site.certificate.write_bytes(self_signed())

    class OneRequest(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            site.bodies.append(self.rfile.read(int(self.headers.get("Content-Length") or 0)))
            self.send_response(200)
            self.send_header("Content-Length", "2")
            self.end_headers()
            self.wfile.write(b"{}")

        do_POST = do_GET

        def log_message(self, format: str, *arguments: object) -> None:
            """The terminal belongs to the test run."""

    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(site.certificate)
    with HTTPServer(("127.0.0.1", 0), OneRequest) as server:
        server.socket = context.wrap_socket(server.socket, server_side=True)
        site.url = f"https://127.0.0.1:{server.server_address[1]}"
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
        yield site
        server.shutdown()


def test_a_trusted_site_is_read_and_written(site: SecureSite, monkeypatch: pytest.MonkeyPatch) -> None:
    """``REQUESTS_CA_BUNDLE`` adds the certificates of a company's own proxy or PSA."""
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(site.certificate))
    assert (site.read().ok, site.write().ok) == (True, True)
    assert site.bodies == [b"", b"{}"]


def test_a_site_that_nobody_vouches_for_is_not_read(site: SecureSite) -> None:
    with pytest.raises(RetryLater):
        site.read()
    assert site.bodies == []


def test_a_write_that_ends_in_the_handshake_was_surely_not_sent(site: SecureSite) -> None:
    with pytest.raises(Throttled) as caught:
        site.write()
    assert caught.value.code == "not-sent"
    assert site.bodies == []


def self_signed() -> bytes:
    """A key and a certificate for 127.0.0.1 that vouches for itself, as PEM."""
    key, now = ec.generate_private_key(ec.SECP256R1()), datetime.now(UTC)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "loopback")])
    certificate = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number(), now - timedelta(days=1), now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(IPv4Address("127.0.0.1"))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    private = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    return private + certificate.public_bytes(serialization.Encoding.PEM)

"""A mail server that delivers nothing: it keeps every mail for whoever wants to look, and refuses on demand.

::

    with SmtpSink() as sink:
        ...                      # send to sink.host, sink.port
        sink.mails[0].message["Subject"]
"""

from __future__ import annotations

import socketserver
import ssl
import threading
from base64 import b64decode
from collections.abc import Mapping
from dataclasses import dataclass
from email import message_from_bytes, policy
from email.message import EmailMessage
from types import TracebackType
from typing import Self

DROP = 0
"""In place of a reply's code: the connection closes without an answer, after the command was carried out."""


@dataclass(frozen=True)
class ReceivedMail:
    """One mail as it came, with the addresses of its envelope."""

    sender: str
    recipients: tuple[str, ...]
    content: bytes

    @property
    def message(self) -> EmailMessage:
        """The mail, parsed."""
        return message_from_bytes(self.content, policy=policy.default)


class SmtpSink:
    """Listens on a loopback port until closed.

    ``replies`` maps a command (``MAIL``, ``RCPT``, ``DATA``, ``CONTENT``, ``AUTH``) to the code it is answered with instead of
    success; ``CONTENT`` is the end of a mail. With ``tls``, STARTTLS is offered.
    """

    host = "127.0.0.1"

    def __init__(self, replies: Mapping[str, int] | None = None, tls: ssl.SSLContext | None = None) -> None:
        self.replies = dict(replies or {})
        self.tls = tls
        self.mails: list[ReceivedMail] = []
        self.passwords: list[str] = []
        """Those that came with each sign-in."""
        self._server = _Server((self.host, 0), _Conversation)
        self._server.sink = self
        self.port: int = self._server.server_address[1]
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()

    def close(self) -> None:
        """Stops listening."""
        self._server.shutdown()
        self._server.server_close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()


class _Server(socketserver.ThreadingTCPServer):
    daemon_threads = True
    sink: SmtpSink

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that goes away in the middle is part of the game."""


class _Conversation(socketserver.StreamRequestHandler):
    """One client, from greeting to good-bye (RFC 5321)."""

    server: _Server

    def handle(self) -> None:
        self._sender = ""
        self._recipients: list[str] = []
        self._say(220, "sandbox")
        while line := self.rfile.readline(1000):
            verb, _, rest = line.decode("utf-8", "replace").strip().partition(" ")
            if not self._obey(verb.upper(), rest):
                return

    def _obey(self, verb: str, rest: str) -> bool:
        """Carries out one command; says whether the conversation goes on."""
        match verb:
            case "EHLO":
                return self._greet()
            case "STARTTLS" if self.server.sink.tls:
                return self._encrypt(self.server.sink.tls)
            case "AUTH":
                return self._sign_in(rest)
            case "MAIL":
                self._sender, self._recipients = _address(rest), []
                return self._reply("MAIL", 250)
            case "RCPT":
                self._recipients.append(_address(rest))
                return self._reply("RCPT", 250)
            case "DATA":
                return self._take()
            case "QUIT":
                self._say(221, "bye")
                return False
            case "NOOP" | "RSET":
                return self._say(250, "ok")
        return self._say(502, "not simulated")

    def _sign_in(self, rest: str) -> bool:
        """``AUTH PLAIN`` with its answer at once (RFC 4616)."""
        mechanism, _, answer = rest.partition(" ")
        if mechanism.upper() != "PLAIN" or not answer:
            return self._say(504, "not simulated")
        self.server.sink.passwords.append(b64decode(answer).decode().split("\0")[-1])
        return self._reply("AUTH", 235)

    def _greet(self) -> bool:
        offers = ["AUTH PLAIN", *(["STARTTLS"] if self.server.sink.tls else [])]
        self.wfile.write("".join(["250-sandbox\r\n", *(f"250-{offer}\r\n" for offer in offers), "250 8BITMIME\r\n"]).encode())
        return True

    def _encrypt(self, context: ssl.SSLContext) -> bool:
        self._say(220, "go ahead")
        self.request = context.wrap_socket(self.request, server_side=True)
        self.setup()
        return True

    def _take(self) -> bool:
        if not self._reply("DATA", 354):
            return False
        if "DATA" in self.server.sink.replies:
            return True
        lines: list[bytes] = []
        while (line := self.rfile.readline()) not in (b".\r\n", b""):
            lines.append(line[1:] if line.startswith(b".") else line)
        if self.server.sink.replies.get("CONTENT", DROP) == DROP:
            self.server.sink.mails.append(ReceivedMail(self._sender, tuple(self._recipients), b"".join(lines)))
        return self._reply("CONTENT", 250)

    def _reply(self, command: str, success: int) -> bool:
        code = self.server.sink.replies.get(command, success)
        return code != DROP and self._say(code, "ok" if code == success else "refused by the sandbox")

    def _say(self, code: int, text: str) -> bool:
        self.wfile.write(f"{code} {text}\r\n".encode())
        return True


def _address(text: str) -> str:
    """The address of ``FROM:<a@b> SIZE=1``."""
    return text.partition("<")[2].partition(">")[0]

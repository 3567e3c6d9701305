"""E-mail through a real server on this machine: protected, signed in, and honest about what was refused."""

import socket
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
import trustme
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult, LoginPassword

from luthier.connectors.mail import Mail
from luthier.domain.notices import Urgency
from luthier.domain.notifications import EmailChannel, NoticeNotDelivered, TargetRefused
from tests.builders.notices import a_notice


class Mailbox:
    def __init__(self) -> None:
        self.letters: list[tuple[list[str], str]] = []
        self.refuses = False

    async def handle_RCPT(self, server: Any, session: Any, envelope: Any, address: str, options: Any) -> str:
        if self.refuses:
            return "550 nobody of that name"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:
        self.letters.append((envelope.rcpt_tos, envelope.content.decode()))
        return "250 OK"


def _knows(server: Any, session: Any, envelope: Any, mechanism: str, data: Any) -> AuthResult:
    known = isinstance(data, LoginPassword) and (data.login, data.password) == (b"maker", b"spruce")
    return AuthResult(success=known, handled=known)


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


@contextmanager
def server(mailbox: Mailbox, **options: Any) -> Iterator[int]:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    controller = Controller(mailbox, hostname="127.0.0.1", port=port, **options)
    controller.start()
    try:
        yield port
    finally:
        controller.stop()


@contextmanager
def protected(mailbox: Mailbox, authority: trustme.CA) -> Iterator[int]:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    with server(mailbox, tls_context=context, authenticator=_knows, auth_required=True) as port:
        yield port


def channel(port: int, **changes: Any) -> EmailChannel:
    values = {"channel_id": "chan_1", "name": "me", "host": "127.0.0.1", "port": port, "security": "none"}
    return EmailChannel(**{**values, "sender": "luthier@example.org", "to": ("maker@example.org",), **changes})


def mail(port: int, authority: trustme.CA | None = None, **options: Any) -> Mail:
    def trust() -> ssl.SSLContext:
        context = ssl.create_default_context()
        if authority is not None:
            authority.configure_trust(context)
        return context

    return Mail([f"smtp://127.0.0.1:{port}"], trust=trust, **options)


def test_a_letter_arrives_with_an_id_that_a_repetition_shares() -> None:
    mailbox = Mailbox()
    with server(mailbox) as port:
        for _ in range(2):
            notice = a_notice(urgency=Urgency.URGENT, sentence="Größe: 3 µm.")
            mail(port).send(notice, channel(port, to=("a@example.org", "b@example.org")), None)
    (recipients, letter), (_, again) = mailbox.letters
    assert recipients == ["a@example.org", "b@example.org"]
    assert "Subject: orders: 50 %" in letter and "Importance: high" in letter
    assert "Message-ID: <note_1@example.org>" in letter and "Message-ID: <note_1@example.org>" in again


def test_a_title_cannot_add_a_header() -> None:
    mailbox = Mailbox()
    with server(mailbox) as port:
        mail(port).send(a_notice(title="x\nBcc: thief@example.org"), channel(port), None)
    ((recipients, letter),) = mailbox.letters
    assert recipients == ["maker@example.org"] and "\nBcc:" not in letter


def test_one_signs_in_over_a_protected_connection(authority: trustme.CA) -> None:
    mailbox = Mailbox()
    with protected(mailbox, authority) as port:
        signed_in = channel(port, security="starttls", username="maker")
        mail(port, authority).send(a_notice(), signed_in, "spruce")
        with pytest.raises(NoticeNotDelivered, match="does not take the user name and password") as raised:
            mail(port, authority).send(a_notice(), signed_in, "maple-secret")
    assert len(mailbox.letters) == 1
    assert "maple-secret" not in raised.value.problem.model_dump_json()


def test_a_server_with_a_strange_certificate_gets_neither_password_nor_letter(authority: trustme.CA) -> None:
    mailbox = Mailbox()
    with protected(mailbox, authority) as port, pytest.raises(NoticeNotDelivered, match="certificate"):
        mail(port).send(a_notice(), channel(port, security="starttls", username="maker"), "spruce")
    assert mailbox.letters == []


def test_protection_that_the_server_does_not_offer_is_not_done_without() -> None:
    mailbox = Mailbox()
    with server(mailbox) as port, pytest.raises(NoticeNotDelivered, match="does not offer"):
        mail(port).send(a_notice(), channel(port, security="starttls"), None)
    assert mailbox.letters == []


def test_a_password_for_an_unprotected_connection_is_refused_before_anything_is_sent() -> None:
    with pytest.raises(ValueError, match="unprotected"):
        channel(25, username="maker")


def test_recipients_whom_the_server_refuses_are_the_reason() -> None:
    mailbox = Mailbox()
    mailbox.refuses = True
    with server(mailbox) as port, pytest.raises(NoticeNotDelivered, match="no message for these recipients"):
        mail(port).send(a_notice(), channel(port), None)


def test_a_server_that_is_not_there_is_a_failure_that_may_pass() -> None:
    with server(Mailbox()) as port:
        pass
    with pytest.raises(NoticeNotDelivered, match=r"127\.0\.0\.1"):
        mail(port).send(a_notice(), channel(port), None)


def test_a_mail_server_in_the_own_network_has_to_be_allowed() -> None:
    with server(Mailbox()) as port, pytest.raises(TargetRefused):
        Mail([]).send(a_notice(), channel(port), None)

"""Webhooks: signed, sent only where they may go, and never with more of the address in a message than its origin."""

import hashlib
import hmac
import json
from collections.abc import Iterator

import pytest

from luthier.connectors.webhook import Webhook
from luthier.domain.notifications import NoticeNotDelivered, TargetRefused, WebhookChannel
from luthier.kit.outgoing import is_public
from tests.builders.notices import a_notice
from tests.kit.clocks import PatientClock
from tests.kit.loopback import Exchange, Loopback, loopback


def channel(url: str) -> WebhookChannel:
    return WebhookChannel(channel_id="chan_1", name="team", url=url)


@pytest.fixture
def receiver() -> Iterator[Loopback]:
    with loopback(lambda exchange: exchange.answer(200)) as server:
        yield server


def allowed(receiver: Loopback, *, offline: bool = False) -> Webhook:
    return Webhook(PatientClock(), [receiver.address], offline=offline)


def test_a_message_says_what_happened_and_its_signature_holds(receiver: Loopback) -> None:
    bodies: list[bytes] = []

    def take(exchange: Exchange) -> None:
        bodies.append(exchange.rfile.read(int(exchange.headers["Content-Length"])))
        exchange.answer(204)

    receiver.script = take
    allowed(receiver).send(a_notice(), channel(f"{receiver.address}/hooks/secret-path"), "the secret")
    ((path, headers),) = receiver.seen
    moment, given = (part.split("=")[1] for part in headers["Luthier-Signature"].split(","))
    expected = hmac.new(b"the secret", f"{moment}.".encode() + bodies[0], hashlib.sha256).hexdigest()
    assert (path, given, headers["Luthier-Notice"]) == ("/hooks/secret-path", expected, "note_1")
    body = json.loads(bodies[0])
    assert (body["title"], body["run"], body["urgency"]) == ("orders: 50 %", "orders", "low")
    assert body["text"] == "orders: 50 %. Step 30 of 60, loss 0.1234."


@pytest.mark.parametrize("status", [400, 404, 500, 503])
def test_an_answer_that_is_no_yes_is_a_failure_that_names_the_origin_only(receiver: Loopback, status: int) -> None:
    receiver.script = lambda exchange: exchange.answer(status)
    with pytest.raises(NoticeNotDelivered) as raised:
        allowed(receiver).send(a_notice(), channel(f"{receiver.address}/hooks/secret-path"), "s")
    assert f"answers {status}" in str(raised.value)
    assert "secret-path" not in raised.value.problem.model_dump_json()


def test_a_redirect_is_not_followed(receiver: Loopback) -> None:
    receiver.script = lambda exchange: exchange.answer(302, Location="http://169.254.169.254/latest")
    with pytest.raises(NoticeNotDelivered, match="points elsewhere"):
        allowed(receiver).send(a_notice(), channel(receiver.address), "s")
    assert len(receiver.seen) == 1


@pytest.mark.parametrize(
    "url",
    [
        "http://169.254.169.254/latest/meta-data",
        "http://[fd00:ec2::254]/",
        "http://127.0.0.1:9/",
        "http://localhost:9/",
        "http://10.0.0.7/",
        "http://[::ffff:169.254.169.254]/",
        "http://0.0.0.0:9/",
        "http://2130706433/",
        "http://0x7f.1/",
    ],
)
def test_nothing_is_sent_inside_the_own_network_unless_that_is_allowed(url: str) -> None:
    with pytest.raises(TargetRefused):
        Webhook(PatientClock(), []).send(a_notice(), channel(url), "s")


def test_allowing_one_port_allows_no_other(receiver: Loopback) -> None:
    webhook = Webhook(PatientClock(), ["http://127.0.0.1:1"])
    with pytest.raises(TargetRefused):
        webhook.send(a_notice(), channel(receiver.address), "s")
    assert receiver.seen == []


def test_offline_means_that_no_other_machine_is_asked(receiver: Loopback) -> None:
    with pytest.raises(TargetRefused, match="stay offline"):
        allowed(receiver, offline=True).send(a_notice(), channel("https://192.0.43.8/"), "s")
    allowed(receiver, offline=True).send(a_notice(), channel(receiver.address), "s")
    assert len(receiver.seen) == 1


@pytest.mark.parametrize(
    ("address", "public"),
    [
        ("8.8.8.8", True),
        ("100.64.0.1", False),
        ("192.168.1.1", False),
        ("::1", False),
        ("fe80::1%eth0", False),
        ("2001:4860:4860::8888", True),
        ("64:ff9b::a9fe:a9fe", False),
        ("2002:a9fe:a9fe::1", False),
        ("224.0.0.1", False),
    ],
)
def test_an_address_is_judged_by_what_it_leads_to(address: str, public: bool) -> None:
    assert is_public(address) == public

"""Notices to a web address: JSON, signed, with an id by which the receiver knows a repetition."""

import hashlib
import hmac
from collections.abc import Collection

import orjson

from luthier.domain.notices import Notice
from luthier.domain.notifications import NoticeNotDelivered, TargetRefused, WebhookChannel
from luthier.kit.clock import Clock, rfc3339
from luthier.kit.http import HttpFailed
from luthier.kit.outgoing import NotAllowedThere, target_of
from luthier.kit.posting import post


class Webhook:
    def __init__(self, clock: Clock, allowed: Collection[str], *, offline: bool = False) -> None:
        self._clock = clock
        self._allowed = allowed
        self._offline = offline

    def send(self, notice: Notice, channel: WebhookChannel, secret: str | None) -> None:
        """Raises TargetRefused and NoticeNotDelivered. Neither names more of the address than its origin."""
        body = body_of(notice)
        moment = str(int(self._clock.now().timestamp()))
        headers = {
            "Content-Type": "application/json",
            "Luthier-Notice": notice.notice_id,
            "Luthier-Signature": f"t={moment},v1={signature(secret or '', moment, body)}",
        }
        try:
            target = target_of(channel.target, self._allowed, offline=self._offline)
            post(channel.url, target, body, headers)
        except NotAllowedThere as refusal:
            raise TargetRefused(target=channel.target, reason=refusal) from refusal
        except OSError as error:
            raise NoticeNotDelivered(target=channel.target, reason="its name cannot be looked up") from error
        except HttpFailed as failure:
            raise NoticeNotDelivered(target=channel.target, reason=failure) from failure


def body_of(notice: Notice) -> bytes:
    """`text` is what chat services show; the other fields are for programs."""
    return orjson.dumps(
        {
            "text": f"{notice.title}. {notice.sentence}",
            "id": notice.notice_id,
            "at": rfc3339(notice.at),
            "kind": notice.kind,
            "urgency": notice.urgency.value,
            "title": notice.title,
            "sentence": notice.sentence,
            "run_id": notice.run_id,
            "run": notice.run_name,
        }
    )


def signature(secret: str, moment: str, body: bytes) -> str:
    """HMAC-SHA256 over `<moment>.<body>`, so that neither can be changed and an old message cannot pass as new."""
    return hmac.new(secret.encode(), moment.encode() + b"." + body, hashlib.sha256).hexdigest()

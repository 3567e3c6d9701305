"""Notices by e-mail, through the user's own server. A password only ever travels over a protected connection."""

import smtplib
import ssl
from collections.abc import Callable, Collection
from email.message import EmailMessage
from email.utils import format_datetime, parseaddr

from luthier.domain.notices import Notice, Urgency
from luthier.domain.notifications import EmailChannel, NoticeNotDelivered, TargetRefused
from luthier.kit.outgoing import NotAllowedThere, Target, target_of

_SECONDS = 20.0
_GREETING = "[127.0.0.1]"  # as mail programs do: the name of this machine is nobody's business


class Mail:
    def __init__(
        self,
        allowed: Collection[str],
        *,
        offline: bool = False,
        trust: Callable[[], ssl.SSLContext] = ssl.create_default_context,
    ) -> None:
        self._allowed = allowed
        self._offline = offline
        self._trust = trust

    def send(self, notice: Notice, channel: EmailChannel, password: str | None) -> None:
        """Raises TargetRefused and NoticeNotDelivered."""
        origin = f"smtp://{channel.host}:{channel.port}"
        try:
            target = target_of(origin, self._allowed, offline=self._offline)
            with self._connected(channel, target) as server:
                if channel.username:
                    server.login(channel.username, password or "")
                server.send_message(message_of(notice, channel))
        except NotAllowedThere as refusal:
            raise TargetRefused(target=origin, reason=refusal) from refusal
        except (OSError, smtplib.SMTPException) as error:
            raise NoticeNotDelivered(target=f"{channel.host}:{channel.port}", reason=_words(error)) from error

    def _connected(self, channel: EmailChannel, target: Target) -> smtplib.SMTP:
        if channel.security == "tls":
            return smtplib.SMTP_SSL(
                channel.host, channel.port, local_hostname=_GREETING, timeout=_SECONDS, context=self._trust()
            )
        server = smtplib.SMTP(channel.host, channel.port, local_hostname=_GREETING, timeout=_SECONDS)
        if channel.security == "starttls":
            try:
                server.starttls(context=self._trust())
            except BaseException:
                server.close()
                raise
        return server


def message_of(notice: Notice, channel: EmailChannel) -> EmailMessage:
    """Its Message-ID follows from the notice, by which mail programs know a repetition."""
    message = EmailMessage()
    message["Subject"] = notice.title.replace("\n", " ")
    message["From"] = channel.sender
    message["To"] = ", ".join(channel.to)
    message["Date"] = format_datetime(notice.at)
    message["Message-ID"] = f"<{notice.notice_id}@{parseaddr(channel.sender)[1].partition('@')[2]}>"
    message["Auto-Submitted"] = "auto-generated"
    if notice.urgency is Urgency.URGENT:
        message["Importance"] = "high"
    lines = [notice.sentence]
    if notice.run_id:
        lines += ["", f"See it: luthier runs show {notice.run_id}"]
    message.set_content("\n".join(lines))
    return message


def _words(error: Exception) -> str:
    """Without what the server repeats of a sign-in."""
    match error:
        case smtplib.SMTPAuthenticationError():
            return "it does not take the user name and password"
        case smtplib.SMTPRecipientsRefused():
            return "it takes no message for these recipients"
        case smtplib.SMTPResponseException():
            answer = error.smtp_error
            text = answer.decode(errors="replace") if isinstance(answer, bytes) else str(answer)
            return f"it answers {error.smtp_code} {text}".strip()
        case smtplib.SMTPNotSupportedError():
            return "it does not offer what the channel asks for (a protected connection, or a sign-in)"
        case ssl.SSLCertVerificationError():
            return "its certificate is not one that this machine trusts"
        case _:
            return (str(error).strip() or type(error).__name__).lower()

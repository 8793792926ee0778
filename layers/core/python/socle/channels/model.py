"""What becomes of one attempt to send: it was taken, it surely was not, or nobody can tell.

    Taken       the provider has it
    NotSent     it surely was not sent: another attempt does no harm
    Ambiguous   it may have been sent: another attempt could be a second message
"""

from __future__ import annotations

from typing import NamedTuple

from socle.errors import SocleError


class Taken(NamedTuple):
    """The provider has it. `size`: bytes of what was sent (a mail's MIME); `parts`: of an SMS, each is paid for."""

    provider_id: str
    size: int = 0
    parts: int = 0


class NotSent(SocleError):
    """It surely was not sent. `code` is stable:

    throttled, unreachable           `again`: it may be tried in this run
    daily_quota, sending_paused, account_suspended, sender_not_verified, not_allowed, misconfigured, bad_file,
    application_disabled
                                     `stop`: nothing can be sent over this channel, until somebody does what `message` says
    invalid_address, smtputf8_needed, invalid_sender, no_unsubscribe_link, too_large, too_many_parts, opted_out, rejected
                                     this message can't be sent, whoever tries
    endpoint_disabled                the device's app was removed or its token replaced: as good as a bounce
    """

    status = 422

    def __init__(self, code: str, message: str, again: bool = False, stop: bool = False) -> None:
        super().__init__(code, message)
        self.again = again
        self.stop = stop


class Ambiguous(SocleError):
    """It may have been sent: no answer came, or one that does not say. `code`: no_answer, server_error."""

    status = 502

    def __init__(self, code: str, message: str = "no answer says whether it was sent: it is not sent again") -> None:
        super().__init__(code, message)


class Quota(NamedTuple):
    """What a channel may send. rate: messages a second; left: messages in the next 24 hours, None without a limit."""

    rate: float
    left: int | None = None

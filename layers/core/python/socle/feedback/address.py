"""An address as SES reports it -> as it is known here. Pure."""

from __future__ import annotations

from email.utils import parseaddr

from socle.errors import Rejected
from socle.messages.address import checked_email


def written_to(text: str) -> str:
    """The address in `text`, which may have a name beside it, as messages are addressed; as it is, if it can't be one."""
    address = parseaddr(text)[1] or text
    try:
        return checked_email(address)
    except Rejected:
        return address.strip().lower()

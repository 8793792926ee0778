"""What became of one person of a batch, and how it is written down for reports and for those who ask why. Pure."""

from __future__ import annotations

from typing import Any, NamedTuple

from socle.messages.model import BOUNCED, CLAIMED, COMPLAINED, DELAYED, DELIVERED, FAILED, REJECTED, SENT, Message
from socle.messages.units import Units

WAS_SENT, WAS_UNKNOWN, WAS_FAILED, WAS_HELD, WAS_SKIPPED = "sent", "unknown", "failed", "held", "skipped"
WOULD_SEND = "would_send"
"""Of a forecast."""
AGAIN = "again"
"""The channel took no more: this one comes again within the run, and is never written down so."""
_OF_STATE = {CLAIMED: WAS_UNKNOWN, FAILED: WAS_FAILED, SENT: WAS_SENT, DELAYED: WAS_SENT, DELIVERED: WAS_SENT,
             BOUNCED: WAS_SENT, REJECTED: WAS_SENT, COMPLAINED: WAS_SENT}


class Outcome(NamedTuple):
    """One person of a run.

    outcome  WAS_SENT, WAS_UNKNOWN (it may have been), WAS_FAILED (it surely was not), WAS_HELD, WAS_SKIPPED, WOULD_SEND, AGAIN
    reason   of a skip, a failure or a hold; `detail` says more to people
    at       when it was claimed, epoch ms
    until    of a hold, epoch ms
    parts    SMS segments; size: bytes of the e-mail as it is sent
    message  the row of the ledger, of those that have one
    units    of a forecast: what AWS would count for this person; of an SMS that was sent: its price (socle.messages.units)
    """

    profile: str
    outcome: str
    variant: str = ""
    reason: str = ""
    detail: str = ""
    at: int = 0
    until: int = 0
    parts: int = 0
    size: int = 0
    message: Message | None = None
    units: Units | None = None

    def taking(self, units: Units) -> Outcome:
        """With these units, too."""
        return self._replace(units=units if self.units is None else self.units.plus(units))

    def to_row(self) -> dict[str, Any]:
        """Compact JSON for the files of a run; what is 0 or "" is left out."""
        row = {"p": self.profile, "o": self.outcome, "v": self.variant, "r": self.reason, "d": self.detail[:200], "at": self.at,
               "until": self.until, "n": self.parts, "b": self.size, "u": self.units}
        return {name: value for name, value in row.items() if value}

    @classmethod
    def from_row(cls, row: dict[str, Any]) -> Outcome:
        """Inverse of `to_row`, without the message and units."""
        return cls(row["p"], row["o"], row.get("v", ""), row.get("r", ""), row.get("d", ""), row.get("at", 0),
                   row.get("until", 0), row.get("n", 0), row.get("b", 0))


def of_row(profile: str, message: Message) -> Outcome:
    """What the ledger says of somebody whose message has been dealt with."""
    return Outcome(profile, _OF_STATE[message.state], message.variant, message.reason, at=message.at, message=message)

"""Messages, and answers of AWS, as the tests of the channels send and get them."""

from __future__ import annotations

from socle.messages.model import CLAIMED, EMAIL, Message, Sender

AT = 1_763_800_000_000
SENDER = Sender("news@shop.example", "Léa & Söhne", "help@shop.example")


class Links:
    """The links of one message."""

    unsubscribe = "https://socle.example/unsubscribe/" + "t" * 120
    preferences = "https://socle.example/preferences/t"
    pixel = "https://socle.example/o/t"

    def click(self, url: str, number: int) -> str:
        return f"https://socle.example/c/{number}"

    def survey(self, name: str) -> str:
        return f"https://socle.example/surveys/{name}"


def message(channel: str = EMAIL, campaign: str = "autumn") -> Message:
    """A claimed message."""
    return Message("p2abcdefghijklmnopq", "0123456789abcdef0123", 1, CLAIMED, AT, ("user_id", "42"), channel, "d" * 32,
                   topic="news", campaign=campaign, run="r1" if campaign else "", variant="a" if campaign else "")

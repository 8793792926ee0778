"""What a run or a single message is sent with: its templates compiled, its links, what templates may ask for, its channel."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple, Protocol

from socle.assets.store import AssetStore
from socle.channels.model import Taken
from socle.coupons.service import Coupons
from socle.errors import Rejected
from socle.links.message import Links
from socle.links.token import Keys
from socle.messages.model import Address, Message, Rendered, Sender
from socle.messages.service.sending import Around, Book, Sending, Stream
from socle.profiles.model import Aggregate
from socle.templates.compile import Compiled
from socle.templates.model import Lookups, MessageLinks
from socle.templates.person import person_view
from socle.templates.service.lookups import Catalogue, ForLooking, ForSending
from socle.templates.service.ready import ready


class Channels(Protocol):
    """Where messages leave (socle.channels.store)."""

    def send(self, message: Message, address: Address, rendered: Rendered, sender: Sender, links: MessageLinks | None = ...,
             purpose: str = ..., template: str = ...) -> Taken: ...

    def measure(self, message: Message, address: Address, rendered: Rendered, sender: Sender,
                links: MessageLinks | None = ..., purpose: str = ...) -> tuple[int, int]: ...


class Stand(NamedTuple):
    """What every sending stands on.

    keys      of signed links
    computed  an aggregate's computed traits, by name
    clock     answers epoch ms
    at_once   see Around
    """

    ledger: Book
    stream: Stream
    channels: Channels
    keys: Callable[[], Keys]
    public_url: str
    assets: AssetStore
    catalogue: Catalogue
    coupons: Coupons
    computed: Callable[[Aggregate], Mapping[str, Any]]
    clock: Callable[[], int]
    at_once: Callable[[Sequence[Callable[[], Any]]], list[Any]]


class Prepared:
    """A template made ready, and in whose name it is sent."""

    def __init__(self, frozen: Mapping[str, Any], topic: Mapping[str, Any] | None, stand: Stand) -> None:
        """`topic`: the topic's document. Raises Rejected for what can't be rendered or sent, with the field."""
        self.compiled = ready(frozen, stand.public_url, stand.assets)
        self.url, self.name = self.compiled.url, self.compiled.name
        self.sender = sender_of(self.compiled, topic)
        self.wants_computed = "computed" in str(frozen)

    def render(self, person: Mapping[str, Any], links: MessageLinks, lookups: Lookups) -> Rendered:
        """As Compiled.render."""
        return self.compiled.render(person, links, lookups)


def sender_of(compiled: Compiled, topic: Mapping[str, Any] | None) -> Sender:
    """The template's own sender, else the topic's, else the brand's. Raises Rejected(`no_sender`) for an e-mail without any."""
    sender = compiled.sender
    if topic and not compiled.own_sender:
        chosen = topic.get("sender")
        if chosen:
            sender = Sender(chosen["address"], chosen.get("name") or (sender.name if sender else ""),
                            sender.reply_to if sender else "")
        if topic.get("reply_to") and sender:
            sender = sender._replace(reply_to=str(topic["reply_to"]))
    if sender is None:
        if compiled.channel == "email":
            raise Rejected("no_sender", "nobody says in whose name it is sent: give the brand a sender (PUT /api/brand/default), "
                           "or the topic, or the template", "sender")
        return Sender("")
    return sender


def prepare(stand: Stand, contents: Mapping[str, Prepared], purpose: str, campaign: Mapping[str, Any] | None = None,
            utm: Mapping[str, str] | None = None, event: Mapping[str, Any] | None = None, *, dry: bool = False,
            journey: Mapping[str, Any] | None = None) -> Sending:
    """What sends these templates (by variant).

    campaign  what templates see as `campaign`; utm: parameters of links; event: properties of the event that it is sent for;
              journey: what they see as `journey`, of which there is none in a campaign
    dry       nothing is sent: no coupon is taken
    """
    wants_computed = any(content.wants_computed for content in contents.values())
    names = {content.compiled.event for content in contents.values()} - {""}
    keys = stand.keys()

    def view(root: Aggregate, now: int) -> Mapping[str, Any]:
        shown = person_view(root, stand.computed(root) if wants_computed else {}, now, min(names, default=""))
        given = {"event": event, "journey": journey}
        return {**shown, "campaign": campaign or {}} | {name: value for name, value in given.items() if value is not None}

    def deliver(message: Message, address: Address, rendered: Rendered, sender: Sender, links: MessageLinks) -> Taken:
        return stand.channels.send(message, address, rendered, sender, links, purpose, contents[message.variant].name)

    def measure(message: Message, address: Address, rendered: Rendered, sender: Sender,
                links: MessageLinks) -> tuple[int, int]:
        return stand.channels.measure(message, address, rendered, sender, links, purpose)

    around = Around(lambda message: Links(keys, stand.public_url, message, utm=utm), view,
                    lambda profile: ForLooking(stand.catalogue) if dry
                    else ForSending(stand.catalogue, stand.coupons, profile), measure, deliver, stand.at_once)
    return Sending(stand.ledger, stand.stream, around, stand.clock)


"""A row of a catalogue -> an item. Pure."""

from __future__ import annotations

from socle.imports.model import Send
from socle.items.model import Item


def to_item(send: Send) -> Item:
    """The item that a message of a catalogue's mapping holds."""
    message = send.message
    return Item(message["item"], message["id"], message["properties"])

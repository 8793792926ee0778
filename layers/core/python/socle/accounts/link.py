"""Which account an event is about: the groupId of a group call, or of another call's context. Pure."""

from __future__ import annotations

from socle.accounts.model import MAX_ID_BYTES
from socle.errors import Rejected
from socle.events.model import Event
from socle.identity.normalise import id_text


def group_of(event: Event) -> str | None:
    """The group id that an event links its person to, or None. A context's groupId that is no id links to nothing."""
    if event.type == "group":
        value, field = event.body.get("groupId"), "groupId"
    else:
        context = event.body.get("context")
        if not context or "groupId" not in context:
            return None
        value, field = context["groupId"], "context.groupId"
    try:
        group = id_text(value, field)
        return group if group and len(group.encode()) <= MAX_ID_BYTES else None
    except (Rejected, UnicodeEncodeError):
        return None

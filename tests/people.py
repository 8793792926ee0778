"""Events to test with: a short way to write one down, and hypothesis strategies for histories."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from socle.events.model import Event

T0 = 1_700_000_000_000
SECOND = 1_000

USER = ("user_id", "42")
ANONYMOUS = ("anonymous_id", "anon-1")


def event(number: int, *ids: tuple[str, str], name: str = "Product Viewed", type: str = "track", ts: int | None = None,
          at: int | None = None, received: int | None = None, revision: int = 0, **body: Any) -> Event:
    """Event `number`: at T0 plus that many seconds, received half a second later, unless said otherwise."""
    ts = T0 + number * SECOND if ts is None else ts
    at = ts if at is None else at
    received = max(at, ts) + 500 if received is None else received
    return Event(ts, f"m-{number}", revision, at, received, "shop", type, name, ids or (USER,), body)


def identify(number: int, *ids: tuple[str, str], traits: dict[str, Any], **more: Any) -> Event:
    return event(number, *ids, name="$identify", type="identify", traits=traits, **more)


def order(number: int, *ids: tuple[str, str], order_id: str | None, name: str = "Order Completed", **properties: Any) -> Event:
    revision = properties.pop("revision", 0)
    if order_id is not None:
        properties["order_id"] = order_id
    return event(number, *ids, name=name, revision=revision, properties=properties)


def consent(number: int, state: str, channel: str = "email", topic: str | None = "news", **more: Any) -> Event:
    return event(number, name="Consent Updated", properties={"channel": channel, "topic": topic, "state": state}, **more)


_times = st.integers(0, 30).map(lambda seconds: T0 + seconds * SECOND)
_values = st.one_of(st.none(), st.booleans(), st.integers(-5, 5), st.text(max_size=3), st.lists(st.integers(0, 3), max_size=2))
_contexts = st.one_of(st.just({}), st.fixed_dictionaries({}, optional={
    "userAgent": st.sampled_from(["Firefox", "Safari"]), "locale": st.sampled_from(["fr-FR", "en-GB"]),
    "timezone": st.sampled_from(["Europe/Paris", "Asia/Tokyo"]),
    "campaign": st.fixed_dictionaries({"source": st.sampled_from(["a", "b"]), "name": st.sampled_from(["x", "y"])}),
    "page": st.fixed_dictionaries({"url": st.sampled_from(["https://s.test/?gclid=1", "https://s.test/b"]),
                                   "referrer": st.sampled_from(["", "https://g.test/"])})}))


Ids = st.SearchStrategy[tuple[tuple[str, str], ...]]
_ALWAYS_USER: Ids = st.just((USER,))


@st.composite
def events(draw: st.DrawFn, ids: Ids = _ALWAYS_USER) -> Event:
    """Any event: few ids, times and names, so that everything that can collide does."""
    kind = draw(st.sampled_from(["track", "track", "identify", "page", "order", "order", "refund", "consent"]))
    ts = draw(_times)
    received = draw(_times)
    at = min(ts, received)
    body: dict[str, Any] = {"context": draw(_contexts)}
    name, type_ = "Product Viewed", "track"
    if kind == "identify":
        name = type_ = "identify"
        name, body["traits"] = "$identify", draw(st.dictionaries(st.sampled_from(["a", "b", "c"]), _values, max_size=3))
    elif kind == "page":
        name, type_ = "$page", "page"
    elif kind in ("order", "refund"):
        name = "Order Completed" if kind == "order" else "Order Refunded"
        body["properties"] = {key: value for key, value in {
            "order_id": draw(st.sampled_from([None, "o1", "o2", "o3"])), "currency": draw(st.sampled_from([None, "EUR", "JPY"])),
            "revenue": draw(st.sampled_from([None, 1, 2.5, "3.335"]))}.items() if value is not None}
    elif kind == "consent":
        name = "Consent Updated"
        body["properties"] = {"channel": draw(st.sampled_from(["email", "sms"])), "topic": draw(st.sampled_from(["", "news"])),
                              "state": draw(st.sampled_from(["subscribed", "unsubscribed", "pending"]))}
    return Event(ts, "m" + str(draw(st.integers(0, 12))), draw(st.sampled_from([0, 0, 0, 0, 1, 2])), at, received,
                 "shop", type_, name, draw(ids), body)


def histories(ids: Ids = _ALWAYS_USER, max_size: int = 25):
    """Lists of events without two of the same key and revision."""
    return st.lists(events(ids), max_size=max_size, unique_by=lambda one: (one.key, one.revision))


def cut(draw: Any, items: list) -> list[list]:
    """`items` in a random order, cut into batches at random places."""
    items = draw(st.permutations(items))
    cuts = sorted(draw(st.sets(st.integers(0, len(items)), max_size=6)))
    return [items[start:end] for start, end in zip([0, *cuts], [*cuts, len(items)], strict=True) if start < end]

"""Stories of who enters and how often, who leaves, the goal, and odd data."""

from __future__ import annotations

from tests.journeys.story import AGREED, Did, Story, Went, hold, journey, send, wait

ADDED, ORDERED = "Product Added", "Order Completed"
EVENT = {"type": "event", "event": ADDED}
ORDER = {"order_id": "o1", "revenue": 10}
WAITED = (wait("An hour", "1h"), send("Remind"))
WENT = Went(["An hour: waiting", "Remind: sent"])
GOLD = {"type": "trait", "trait": "plan", "test": {"op": "eq", "value": "gold"}}
SEGMENT = {"segments": {"gold": {"when": GOLD}}}

ENTRIES = (
    Story("once in a life", journey(EVENT, *WAITED), [*AGREED, Did("5m", ADDED), Did("2d", ADDED)], [WENT], ["reminder"]),
    Story("every time but not twice at a time", journey(ADDED, *WAITED),
          [*AGREED, Did("5m", ADDED), Did("30m", ADDED), Did("2h", ADDED)],
          [WENT, WENT], ["reminder", "reminder"]),
    Story("once for each cart", journey(EVENT, *WAITED, entry={"again": "per_key", "key": "cart_id"}),
          [*AGREED, Did("5m", ADDED, {"cart_id": "a"}), Did("6m", ADDED, {"cart_id": "b"}), Did("3h", ADDED, {"cart_id": "a"})],
          [WENT._replace(key="a"), WENT._replace(key="b")], ["reminder", "reminder"]),
    Story("not again so soon", journey(EVENT, *WAITED, entry={"again": "always", "cool_down": "3h"}),
          [*AGREED, Did("5m", ADDED), Did("3h 4m", ADDED), Did("3h 5m", ADDED)], [WENT, WENT], ["reminder", "reminder"]),
    Story("twice a day at most", journey(EVENT, *WAITED, entry={"again": "always", "per_day": 2}),
          [*AGREED, *(Did(f"{hours}h", ADDED) for hours in (1, 3, 5, 7))], [WENT, WENT], ["reminder"] * 2),
    Story("twice a day and again the next day", journey(EVENT, *WAITED, entry={"again": "always", "per_day": 2}),
          [*AGREED, *(Did(f"{hours}h", ADDED) for hours in (1, 3, 5, 26))], [WENT, WENT, WENT], ["reminder"] * 3, exact=True),
    Story("only who is asked for", journey(EVENT, *WAITED, audience=GOLD), [*AGREED, Did("5m", ADDED)], []),
    Story("who is asked for", journey(EVENT, *WAITED, audience=GOLD),
          [*AGREED, Did("1m", "$identify", {"plan": "gold"}), Did("5m", ADDED)],
          [WENT], ["reminder"]),
    Story("only dear ones", journey({**EVENT, "where": [{"property": "price", "test": {"op": "gt", "value": 50}}]}, *WAITED),
          [*AGREED, Did("5m", ADDED, {"price": 50}), Did("1d", ADDED, {"price": "50.01"})], [WENT], ["reminder"]),
    Story("by a segment", journey({"type": "segment", "segment": "gold"}, *WAITED),
          [*AGREED, Did("5m", "$identify", {"plan": "gold"})], [WENT], ["reminder"], also=SEGMENT),
    Story("by leaving a segment", journey({"type": "segment", "segment": "gold", "change": "left"}, *WAITED),
          [*AGREED, Did("5m", "$identify", {"plan": "gold"}), Did("1d", "$identify", {"plan": "free"})], [WENT], ["reminder"],
          also=SEGMENT),
    Story("when time alone moves somebody", journey({"type": "segment", "segment": "quiet"}, *WAITED),
          [*AGREED, Did("5m", "Product Viewed")], [WENT], ["reminder"], also={"segments": {"quiet": {"when": {
              "type": "all", "of": [{"type": "event", "event": "Product Viewed"}, {"type": "not", "of": {
                  "type": "event", "event": "Product Viewed", "window": {"within": "7d"}}}]}}}}),
    Story("on a birthday", journey({"type": "date", "trait": "birthday", "yearly": True}, *WAITED, entry={"again": "always"}),
          [*AGREED, Did("5m", "$identify", {"birthday": "1990-12-05"})], [WENT._replace(key="2026-12-05")], ["reminder"]),
    Story("a week before it ends", journey({"type": "date", "trait": "renews_at", "before": "7d", "at": "10:00"}, *WAITED),
          [*AGREED, Did("5m", "$identify", {"renews_at": "2026-12-12"})], [Went(["An hour: waiting"], "", "2026-12-12")],
          until="5d 2h 30m"),
    Story("on the first Monday", journey({"type": "schedule", "every": "cron(0 9 ? * MON *)", "segment": "gold"}, *WAITED,
                                         entry={"again": "always"}),
          [*AGREED, Did("5m", "$identify", {"plan": "gold"})], [WENT, WENT], ["reminder", "reminder"], also=SEGMENT, until="8d"),
    Story("near a shop", journey({"type": "geofence", "geofence": "shops"}, *WAITED, entry={"again": "always"}),
          [*AGREED, Did("5m", "Location Updated", {"latitude": 48.0, "longitude": 2.0}),
           Did("1h", "Location Updated", {"latitude": 47.2184, "longitude": -1.5536}),
           Did("2h", "Location Updated", {"latitude": 47.2185, "longitude": -1.5536})], [WENT._replace(key="nantes")],
          ["reminder"],
          also={"geofences": {"shops": {"places": [
              {"name": "nantes", "latitude": 47.2184, "longitude": -1.5536, "radius_m": 200}]}}}),
)
LEFT = journey(ADDED, wait("An hour", "1h"), send("Remind"), wait("A day", "1d"), send("Offer", "offer"),
               exits=[{"name": "bought", "event": ORDERED, "match": "cart_id"}], entry={"again": "always", "key": "cart_id"})
LEAVING = (
    Story("left by an order", LEFT, [*AGREED, Did("5m", ADDED, {"cart_id": "c"}), Did("3h", ORDERED, {**ORDER, "cart_id": "c"})],
          [Went(["An hour: waiting", "Remind: sent", "A day: waiting"], "exit:bought", "c")], ["reminder"]),
    Story("not left by another order", LEFT,
          [*AGREED, Did("5m", ADDED, {"cart_id": "c"}), Did("3h", ORDERED, {**ORDER, "cart_id": "d"})],
          [Went(["An hour: waiting", "Remind: sent", "A day: waiting", "Offer: sent"], key="c")], ["reminder", "offer"]),
    Story("left while held", journey(ADDED, hold("Comes back?", "1d", {"event": "Cart Viewed"}), send("Remind"),
                                     exits=[{"name": "bought", "event": ORDERED}]),
          [*AGREED, Did("5m", ADDED), Did("1h", ORDERED, ORDER)], [Went(["Comes back?: holding"], "exit:bought")]),
    Story("left by a segment", journey(ADDED, *WAITED, exits=[{"name": "gold", "segment": "gold"}]),
          [*AGREED, Did("5m", ADDED), Did("30m", "$identify", {"plan": "gold"})], [Went(["An hour: waiting"], "exit:gold")],
          also=SEGMENT),
    Story("an end with a reason", journey(
        ADDED, hold("Bought?", "1h", {"event": ORDERED, "next": "Bought"}), send("Remind", next="end"),
        {"type": "exit", "name": "Bought", "reason": "bought"}),
          [*AGREED, Did("5m", ADDED), Did("30m", ORDERED, ORDER)], [Went(["Bought?: Order Completed"], "bought")]),
    Story("longer than it lasts", journey(ADDED, wait("Two days", "2d"), send("Remind"), lasts="1d"),
          [*AGREED, Did("5m", ADDED)], [Went(["Two days: waiting"], "over")]),
)
SOLD = journey(ADDED, *WAITED, goal={"event": ORDERED, "within": "2d"})
GOALS = (
    Story("the goal after the end", SOLD, [*AGREED, Did("5m", ADDED), Did("1d", ORDERED, ORDER)], [WENT._replace(goal=True)],
          ["reminder"]),
    Story("the goal too late", SOLD, [*AGREED, Did("5m", ADDED), Did("2d 5m", ORDERED, ORDER)], [WENT], ["reminder"]),
    Story("the goal on the way", SOLD, [*AGREED, Did("5m", ADDED), Did("20m", ORDERED, ORDER)], [WENT._replace(goal=True)],
          ["reminder"]),
)
ODD = (
    Story("keys of all kinds", journey(EVENT, *WAITED, entry={"again": "per_key", "key": "cart_id"}),
          [*AGREED, Did("1m", ADDED, {"cart_id": 7}), Did("2m", ADDED, {"cart_id": "7"}), Did("3m", ADDED, {"cart_id": ["x"]}),
           Did("4m", ADDED, {"cart_id": None}), Did("5m", ADDED)],
          [WENT._replace(key="7"), WENT], ["reminder", "reminder"]),
    Story("a storm of carts", journey(EVENT, *WAITED, entry={"again": "per_key", "key": "cart_id", "per_day": 3}),
          [*AGREED, *(Did(f"{minute}m", ADDED, {"cart_id": f"c{minute}"}) for minute in range(1, 41))],
          [WENT._replace(key=f"c{number}") for number in (1, 2, 3)], ["reminder"] * 3),
    Story("a time zone of nowhere", journey(ADDED, send("Text", "text", quiet_hours="skip")),
          [*AGREED, Did("12h", ADDED, timezone="Mars/Base")], [Went(["Text: sent"])], ["text"]),
)

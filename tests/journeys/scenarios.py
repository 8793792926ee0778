"""Stories of every kind of step: what somebody does, and the way through the journey that must follow (story.py has the form)."""

from __future__ import annotations

from tests.journeys.scenarios_entry import ENTRIES, GOALS, LEAVING, ODD
from tests.journeys.scenarios_ways import BRANCHES, DOING, WAITS
from tests.journeys.story import AGREED, KNOWN, Did, Story, Went, hold, journey, send, wait

ADDED, ORDERED = "Product Added", "Order Completed"
BOUGHT = {"event": ORDERED, "next": "end"}
CART = journey(ADDED, hold("Has bought", "1h", BOUGHT), send("Remind"), hold("Bought after that", "23h", BOUGHT),
               send("Offer", "offer"))
ORDER = {"order_id": "o1", "revenue": 10}
HELD = journey(ADDED, hold("Bought?", "1h", {"event": ORDERED}), send("Thank", "thanks"))
GOLD = {"segments": {"gold": {"when": {"type": "trait", "trait": "plan", "test": {"op": "eq", "value": "gold"}}}}}

HOLDS = (
    Story("nobody buys", CART, [*AGREED, Did("5m", ADDED, {"cart_id": "c1"})],
          [Went(["Has bought: timed out", "Remind: sent", "Bought after that: timed out", "Offer: sent"])],
          ["reminder", "offer"]),
    Story("bought in time", CART, [*AGREED, Did("5m", ADDED), Did("35m", ORDERED, ORDER)],
          [Went(["Has bought: Order Completed"])]),
    Story("bought after the reminder", CART, [*AGREED, Did("5m", ADDED), Did("2h", ORDERED, ORDER)],
          [Went(["Has bought: timed out", "Remind: sent", "Bought after that: Order Completed"])], ["reminder"]),
    Story("bought shortly before it is held", journey(ADDED, wait("Breathe", "2m"), *HELD["steps"]),
          [*AGREED, Did("5m", ADDED), Did("6m", ORDERED, ORDER)],
          [Went(["Breathe: waiting", "Bought?: Order Completed", "Thank: sent"])], ["thanks"]),
    Story("bought long before it is held", journey(ADDED, wait("Breathe", "1h"), *HELD["steps"]),
          [*AGREED, Did("5m", ADDED), Did("30m", ORDERED, ORDER)],
          [Went(["Breathe: waiting", "Bought?: timed out", "Thank: sent"])], ["thanks"]),
    Story("one order ends one hold", journey(
        ADDED, hold("First", "1h", {"event": ORDERED}), hold("Second", "1h", {"event": ORDERED})),
          [*AGREED, Did("5m", ADDED), Did("10m", ORDERED, ORDER)], [Went(["First: Order Completed", "Second: timed out"])]),
    Story("a small order ends nothing", journey(ADDED, hold("Bought?", "1h", {**BOUGHT, "where": [
        {"property": "revenue", "test": {"op": "gte", "value": 50}}]}), send("Remind")),
          [*AGREED, Did("5m", ADDED), Did("10m", ORDERED, ORDER), Did("20m", ORDERED, {"order_id": "o2", "revenue": "49.99"})],
          [Went(["Bought?: timed out", "Remind: sent"])], ["reminder"]),
    Story("another cart was bought", journey(
        {"type": "event", "event": ADDED}, hold("Bought?", "1h", {**BOUGHT, "match": "cart_id"}), send("Remind"),
        entry={"again": "per_key", "key": "cart_id"}),
          [*AGREED, Did("5m", ADDED, {"cart_id": "c1"}), Did("6m", ADDED, {"cart_id": "c2"}),
           Did("20m", ORDERED, {**ORDER, "cart_id": "c2"})],
          [Went(["Bought?: timed out", "Remind: sent"], key="c1"), Went(["Bought?: Order Completed"], key="c2")], ["reminder"]),
    Story("the first of several ways", journey(
        ADDED, hold("Comes back?", "1d", {"event": "Cart Viewed", "name": "looks", "next": "Remind"},
                    {"event": ORDERED, "name": "buys", "next": "Thank"}, next="end"),
        send("Remind", next="end"), send("Thank", "thanks")),
          [*AGREED, Did("5m", ADDED), Did("3h", "Cart Viewed"), Did("4h", ORDERED, ORDER)],
          [Went(["Comes back?: looks", "Remind: sent"])], ["reminder"]),
    Story("every product begins the hour anew", journey(ADDED, hold("Bought?", "1h", BOUGHT, reset_on=[{"event": ADDED}]),
                                                        send("Remind"), entry={"again": "never"}),
          [*AGREED, Did("5m", ADDED), Did("50m", ADDED), Did("1h 40m", ADDED), Did("2h 30m", ORDERED, ORDER)],
          [Went(["Bought?: Order Completed"])]),
    Story("the hour begins anew and ends", journey(ADDED, hold("Bought?", "1h", BOUGHT, reset_on=[{"event": ADDED}]),
                                                   send("Remind"), entry={"again": "never"}),
          [*AGREED, Did("5m", ADDED), Did("50m", ADDED), Did("1h 40m", ADDED), Did("2h 41m", ORDERED, ORDER)],
          [Went(["Bought?: timed out", "Remind: sent"])], ["reminder"]),
    Story("a segment is entered", journey(ADDED, hold("Gold?", "2d", {"segment": "gold"}), send("Thank", "thanks")),
          [*AGREED, Did("5m", ADDED), Did("1d", "$identify", {"plan": "gold"})],
          [Went(["Gold?: gold entered", "Thank: sent"])], ["thanks"], also=GOLD),
    Story("who is in already is not held", journey(
        ADDED, hold("Gold?", "2d", {"segment": "gold", "next": "end"}), send("Remind")),
          [*AGREED, Did("2m", "$identify", {"plan": "gold"}), Did("30m", ADDED)], [Went(["Gold?: gold entered"])], also=GOLD),
    Story("still held at the end", HELD, [*AGREED, Did("5m", ADDED)], [Went(["Bought?: holding"], "")], until="30m"),
    Story("round and round until it is bought", journey(
        ADDED, hold("Bought?", "1d", BOUGHT, next="Remind"), send("Remind", purpose="transactional", next="Bought?")),
          [*AGREED, Did("5m", ADDED), Did("2d 12h", ORDERED, ORDER)],
          [Went(["Bought?: timed out", "Remind: sent", "Bought?: timed out", "Remind: sent", "Bought?: Order Completed"])],
          ["reminder", "reminder"]),
    Story("bought one millisecond before the end", HELD, [*AGREED, Did("5m", ADDED), Did("1h 4m 59s 999ms", ORDERED, ORDER)],
          [Went(["Bought?: Order Completed", "Thank: sent"])], ["thanks"], exact=True),
    Story("bought at the very end", HELD, [*AGREED, Did("5m", ADDED), Did("1h 5m", ORDERED, ORDER)],
          [Went(["Bought?: timed out", "Thank: sent"])], ["thanks"], exact=True),
    Story("bought in the millisecond of entering", HELD, [*AGREED, Did("5m", ADDED), Did("5m", ORDERED, ORDER)],
          [Went(["Bought?: Order Completed", "Thank: sent"])], ["thanks"], exact=True),
)
TEXT = journey(ADDED, send("Text", "text"))
UNSUBSCRIBED = ("Consent Updated", {"channel": "email", "topic": "stories", "state": "unsubscribed"})
BEST = {"type": "send", "name": "Remind", "best_of": ["reminder", "text"]}
SENDS = (
    Story("no consent", journey("Signed Up", send("Greet"), wait("A day", "1d"), send("Again", purpose="transactional")),
          [*KNOWN, Did("1m", "Signed Up")], [Went(["Greet: skipped no_consent", "A day: waiting", "Again: sent"])], ["reminder"]),
    Story("no address", journey(ADDED, send("Remind"), send("Text", "text")), [Did("5m", ADDED)],
          [Went(["Remind: skipped no_address", "Text: skipped no_address"])]),
    Story("unsubscribed on the way", journey(ADDED, send("Remind"), wait("A day", "1d"), send("Offer", "offer")),
          [*AGREED, Did("5m", ADDED), Did("2h", *UNSUBSCRIBED)],
          [Went(["Remind: sent", "A day: waiting", "Offer: skipped unsubscribed"])], ["reminder"]),
    Story("a text where mails are not wanted", journey(ADDED, BEST), [*AGREED, Did("2m", *UNSUBSCRIBED), Did("5m", ADDED)],
          [Went(["Remind: sent"])], ["text"]),
    Story("neither mail nor text", journey(ADDED, BEST), [*KNOWN, Did("5m", ADDED)],
          [Went(["Remind: skipped no_consent"])]),
    Story("a fourth mail in a day is one too many", journey(ADDED, *(
        step for number in "1234" for step in (send(f"Mail {number}"), wait(f"Hour {number}", "1h")))),
          [*AGREED, Did("5m", ADDED)],
          [Went(["Mail 1: sent", "Hour 1: waiting", "Mail 2: sent", "Hour 2: waiting", "Mail 3: sent", "Hour 3: waiting",
                 "Mail 4: skipped frequency_cap", "Hour 4: waiting"])], ["reminder"] * 3),
    Story("a text waits for the morning", TEXT, [*AGREED, Did("14h", ADDED)], [Went(["Text: sent"])], ["text"]),
    Story("in the night of Athens it is evening here", journey(ADDED, send("Text", "text", quiet_hours="skip")),
          [*AGREED, Did("11h 30m", ADDED, timezone="Europe/Athens")], [Went(["Text: skipped quiet_hours"])]),
    Story("in the evening of Athens it is day here", journey(ADDED, send("Text", "text", quiet_hours="skip")),
          [*AGREED, Did("10h 30m", ADDED, timezone="Europe/Athens")], [Went(["Text: sent"])], ["text"]),
    Story("a text that may wake people", journey(ADDED, send("Text", "text", quiet_hours="ignore")),
          [*AGREED, Did("14h", ADDED)], [Went(["Text: sent"])], ["text"]),
    Story("held over night and bought meanwhile", journey(
        ADDED, send("Text", "text"), exits=[{"name": "bought", "event": ORDERED}]),
          [*AGREED, Did("14h", ADDED), Did("20h", ORDERED, ORDER)], [Went(["Text: held"], "exit:bought")]),
)

STORIES = (*HOLDS, *SENDS, *WAITS, *BRANCHES, *DOING, *ENTRIES, *LEAVING, *GOALS, *ODD)

"""Stories of every kind of step: what somebody does, and the way through the journey that must follow (story.py has the form)."""

from __future__ import annotations

from tests.journeys.story import AGREED, KNOWN, Did, Story, Went, hold, journey, send, wait

ADDED, ORDERED = "Product Added", "Order Completed"
BOUGHT = {"event": ORDERED, "next": "end"}
CART = journey(ADDED, hold("Has bought", "1h", BOUGHT), send("Remind"), hold("Bought after that", "23h", BOUGHT),
               send("Offer", "offer"))

HOLDS = (
    Story("nobody buys", CART, [*AGREED, Did("5m", ADDED, {"cart_id": "c1"})],
          [Went(["Has bought: timed out", "Remind: sent", "Bought after that: timed out", "Offer: sent"])],
          ["reminder", "offer"]),
    Story("bought in time", CART, [*AGREED, Did("5m", ADDED), Did("35m", ORDERED, {"order_id": "o1", "revenue": 10})],
          [Went(["Has bought: Order Completed"])]),
    Story("bought after the reminder", CART, [*AGREED, Did("5m", ADDED), Did("2h", ORDERED, {"order_id": "o2", "revenue": 10})],
          [Went(["Has bought: timed out", "Remind: sent", "Bought after that: Order Completed"])], ["reminder"]),
)
SENDS = (
    Story("no consent", journey("Signed Up", send("Greet"), wait("A day", "1d"), send("Again", purpose="transactional")),
          [*KNOWN, Did("1m", "Signed Up")], [Went(["Greet: skipped no_consent", "A day: waiting", "Again: sent"])], ["reminder"]),
)

STORIES = (*HOLDS, *SENDS)

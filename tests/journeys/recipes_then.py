"""Stories of the recipes from the birthday to the account at risk: how the message comes, and why it does not."""

from __future__ import annotations

from typing import Any

from tests.journeys.recipe_story import EXTRAS, REMINDED, agreed, order, story
from tests.journeys.story import Did, Story, Went


def born(day: str) -> Did:
    return Did("1m", "$identify", {"birthday": day}, "Europe/Paris")


BIRTHDAYS = (
    story("birthday", "present and reminder",
          [*EXTRAS, born("1990-12-03")],
          [Went(["Present: sent", "Five days to use it: timed out", "Reminder: sent"], "completed", "2026-12-03")],
          ["birthday-mail", "birthday-last-days"]),
    story("birthday", "present used",
          [*EXTRAS, born("1990-12-03"), order("4d")],
          [Went(["Present: sent", "Five days to use it: Order Completed"], "completed", "2026-12-03", goal=True)],
          ["birthday-mail"]),
    story("birthday", "another month",
          [*EXTRAS, born("1990-03-12")],
          []),
)


def points(at: str, count: int, number: int = 0) -> Did:
    return Did(at, "Points Earned", {"points": count, "number": number})


LOYALTY = (
    story("loyalty-tiers", "a large order",
          [*EXTRAS, order("5m", total=180)],
          [Went(["How large?: 150 or more", "100 points: done"], "completed", "o1")],
          journey="loyalty-points"),
    story("loyalty-tiers", "a small order",
          [*EXTRAS, order("5m", total=20)],
          [Went(["How large?: otherwise", "10 points: done"], "completed", "o1")],
          journey="loyalty-points"),
    story("loyalty-tiers", "becomes silver",
          [*EXTRAS, points("5m", 50), points("2h", 50, 1)],
          [Went(["Silver: done", "Congratulate: sent"])],
          ["loyalty-silver"], journey="loyalty-silver"),
    story("loyalty-tiers", "not yet silver",
          [*EXTRAS, points("5m", 50), points("2h", 10, 1)],
          [],
          journey="loyalty-silver"),
    story("loyalty-tiers", "becomes gold",
          [*EXTRAS, points("5m", 600)],
          [Went(["Gold: done", "Reward: sent", "A month to use it: timed out", "Reminder: sent"])],
          ["loyalty-gold", "loyalty-gold-reminder"], journey="loyalty-gold", until="40d"),
    story("loyalty-tiers", "gold and used",
          [*EXTRAS, points("5m", 600), order("3d")],
          [Went(["Gold: done", "Reward: sent", "A month to use it: Order Completed"], goal=True)],
          ["loyalty-gold"], journey="loyalty-gold"),
)
WANTED = {"product_id": "p1", "name": "Hill pack 22", "price": 89.9, "currency": "EUR"}
STOCK = (
    story("back-in-stock", "is back",
          [*REMINDED, Did("5m", "Stock Alert Requested", WANTED), Did("8d", "Product Restocked", {"product_id": "p1"})],
          [Went(["Until it is back: back", "Tell them: sent"], "completed", "p1")],
          ["stock-mail"]),
    story("back-in-stock", "another is back",
          [*REMINDED, Did("5m", "Stock Alert Requested", WANTED), Did("8d", "Product Restocked", {"product_id": "p2"})],
          [Went(["Until it is back: holding"], "", "p1")]),
    story("back-in-stock", "by sms",
          [*agreed("reminders", "sms"), Did("5m", "Stock Alert Requested", WANTED), Did("1h", "Product Restocked",
           {"product_id": "p1"})],
          [Went(["Until it is back: back", "Tell them: sent"], "completed", "p1")],
          ["stock-sms"]),
    story("back-in-stock", "never back",
          [*REMINDED, Did("5m", "Stock Alert Requested", WANTED)],
          [Went(["Until it is back: timed out"], "not back in time", "p1")],
          until="125d"),
    story("back-in-stock", "costs less",
          [*REMINDED, Did("5m", "Product Added to Wishlist", WANTED), Did("3d", "Price Dropped", {**WANTED, "price": 69.9,
           "old_price": 89.9})],
          [Went(["Tell them: sent"], "completed", "p1")],
          ["price-drop"], journey="price-drop"),
    story("back-in-stock", "not on the list",
          [*REMINDED, Did("3d", "Price Dropped", {**WANTED, "price": 69.9})],
          [],
          journey="price-drop"),
)
def renews(day: str, **more: Any) -> Did:
    return Did("1m", "$identify", {"renews_at": day, **more})


RENEWALS = (
    story("subscription-renewal", "lets it end",
          [*REMINDED, renews("2027-01-10")],
          [Went(["A month before: sent", "Until a week before: waiting", "A week before: sent",
           "Until the day: waiting", "Morning of the day: waiting", "On the day: sent",
           "Three days of grace: timed out", "Ended: done"], "completed", "2027-01-10")],
          ["renewal-month", "renewal-week", "renewal-day-mail"], until="50d"),
    story("subscription-renewal", "renewed",
          [*REMINDED, renews("2027-01-01"), Did("4d", "Subscription Renewed", {"revenue": 60, "currency": "EUR"})],
          [Went(["A month before: sent", "Until a week before: waiting"], "exit:renewed", "2027-01-01", goal=True)],
          ["renewal-month"]),
    story("subscription-renewal", "renews itself",
          [*REMINDED, renews("2027-01-01", auto_renew=True)],
          []),
)
AWAY, NEAR = {"latitude": 47.3, "longitude": -1.5}, {"latitude": 47.2174, "longitude": -1.5535}


def seen(at: str, place: dict[str, float]) -> Did:
    return Did(at, "Location Updated", place, "Europe/Paris")


NEARBY = agreed("extras", "sms")
STORES = (
    story("geofence-offer", "comes in",
          [*NEARBY, seen("5m", AWAY), seen("1h", NEAR), Did("90m", "Store Visited")],
          [Went(["Offer: sent", "Do they come in?: came in", "Remember the store: done"], "completed", "Nantes", goal=True)],
          ["store-sms"]),
    story("geofence-offer", "walks by",
          [*NEARBY, seen("5m", AWAY), seen("1h", NEAR), seen("3d", AWAY), seen("4d", NEAR)],
          [Went(["Offer: sent", "Do they come in?: timed out"], "completed", "Nantes")],
          ["store-sms"]),
    story("geofence-offer", "at night",
          [*NEARBY, seen("5m", AWAY), seen("14h", NEAR)],
          [Went(["Offer: skipped quiet_hours", "Do they come in?: timed out"], "completed", "Nantes")]),
    story("geofence-offer", "has just ordered",
          [*NEARBY, order("5m"), seen("10m", AWAY), seen("1h", NEAR)],
          []),
)


def watched(*at: str) -> list[Did]:
    return [Did(one, "Video Content Completed", {"asset_id": f"v{number}"}) for number, one in enumerate(at)]


VIEWERS = (
    story("binge-viewers", "three in a row",
          [*EXTRAS, *watched("10h", "11h", "12h")],
          [Went(["While they watch: skipped no_address", "Until the next evening: waiting", "In the evening: waiting",
           "Which reason: no advertising", "No advertising: sent"])],
          ["binge-no-ads"], way="no advertising"),
    story("binge-viewers", "upgraded",
          [*EXTRAS, *watched("10h", "11h", "12h"), Did("13h", "Subscription Upgraded", {"revenue": 10, "currency": "EUR"})],
          [Went(["While they watch: skipped no_address", "Until the next evening: waiting"], "exit:upgraded", "",
           goal=True)]),
    story("binge-viewers", "premium already",
          [*EXTRAS, Did("1m", "$identify", {"plan": "premium"}), *watched("10h", "11h", "12h")],
          []),
    story("binge-viewers", "one a day",
          [*EXTRAS, *watched("10h", "34h", "58h")],
          []),
)
def at_risk(name: str, *more: Any, **other: Any) -> Story:
    """Without the condition on accounts, which stories have none of."""
    told = story("at-risk-account", name, *more, **other)
    segment = told.also["segments"]["account-owners-at-risk"]
    persons = {**segment, "when": {"type": "all", "of": [one for one in segment["when"]["of"] if one["type"] != "account"]}}
    return told._replace(also={**told.also, "segments": {"account-owners-at-risk": persons}})


USED = (*agreed("feedback"), Did("1m", "$identify", {"role": "owner"}), Did("2m", "Signed In"))
OWNERS = (
    at_risk("nobody cares",
          USED,
          [Went(["Tell sales: done", "Does somebody care?: otherwise", "Office hours: waiting", "Offer help: sent",
           "Two weeks: timed out", "Tag: done", "Tell sales again: done"])],
          ["at-risk-help"], until="60d"),
    at_risk("in use again",
          [*USED, Did("16d", "Signed In")],
          [Went(["Tell sales: done", "Does somebody care?: otherwise", "Office hours: waiting", "Offer help: sent",
           "Two weeks: in use again"], "completed", "", goal=True)],
          ["at-risk-help"], until="30d"),
    at_risk("in use all the time",
          [*USED, Did("10d", "Signed In"), Did("20d", "Signed In")],
          []),
)
THEN = (*BIRTHDAYS, *LOYALTY, *STOCK, *RENEWALS, *STORES, *VIEWERS, *OWNERS)

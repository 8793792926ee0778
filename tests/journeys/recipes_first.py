"""Stories of the recipes from the cart to the win-back: how the message comes, and why it does not (story.py has the form)."""

from __future__ import annotations

from tests.journeys.recipe_story import ADDED, CART, CONSENT, EXTRAS, REMINDED, VIEWED, agreed, order, story
from tests.journeys.story import KNOWN, Did, Went

CARTS = (
    story("abandoned-cart", "reminder and offer",
          [*REMINDED, Did("5m", ADDED, CART)],
          [Went(["An hour to order: timed out", "Reminder: sent", "A day to order: timed out", "Offer: sent"], "completed",
           "c1")],
          ["cart-reminder", "cart-offer"]),
    story("abandoned-cart", "ordered in time",
          [*REMINDED, Did("5m", ADDED, CART), order("50m")],
          [Went(["An hour to order: Order Completed"], "completed", "c1", goal=True)]),
    story("abandoned-cart", "one more product",
          [*REMINDED, Did("5m", ADDED, CART), Did("50m", ADDED, CART), order("100m")],
          [Went(["An hour to order: Order Completed"], "completed", "c1", goal=True)]),
    story("abandoned-cart", "ordered after the reminder",
          [*REMINDED, Did("5m", ADDED, CART), order("3h")],
          [Went(["An hour to order: timed out", "Reminder: sent", "A day to order: Order Completed"],
                "completed", "c1", goal=True)],
          ["cart-reminder"]),
    story("abandoned-cart", "no consent",
          [*KNOWN, Did("5m", ADDED, CART)],
          [Went(["An hour to order: timed out", "Reminder: skipped no_consent", "A day to order: timed out",
           "Offer: skipped no_consent"], "completed", "c1")]),
)
BROWSING = (
    story("browse-abandonment", "two looks",
          [*REMINDED, Did("5m", VIEWED, CART), Did("20m", VIEWED, CART)],
          [Went(["Still looking: timed out", "Show it again: sent"])],
          ["browse-reminder"]),
    story("browse-abandonment", "a glance",
          [*REMINDED, Did("5m", VIEWED, CART)],
          []),
    story("browse-abandonment", "into the cart",
          [*REMINDED, Did("5m", VIEWED, CART), Did("20m", VIEWED, CART), Did("25m", ADDED, CART)],
          [Went(["Still looking: Product Added"])]),
    story("browse-abandonment", "ordered last week",
          [*REMINDED, order("1m"), Did("2h", VIEWED, CART), Did("3h", VIEWED, CART)],
          []),
)


def news(at: str, state: str) -> Did:
    return Did(at, CONSENT, {"channel": "email", "topic": "news", "state": state, "source": "form"})


WELCOME = (
    story("welcome", "confirmed",
          [*KNOWN, news("1m", "pending"), news("3h", "subscribed")],
          [Went(["Must they confirm?: yes", "Wait for the click: confirmed", "Welcome: sent", "Two days: waiting",
           "Show around: sent", "Customer already?: otherwise",
           "Time for a first order: timed out", "First order: sent"])],
          ["welcome-hello", "welcome-tour", "welcome-offer"]),
    story("welcome", "never confirmed",
          [*KNOWN, news("1m", "pending")],
          [Went(["Must they confirm?: yes", "Wait for the click: timed out"], "not confirmed")]),
    story("welcome", "customers get no first code",
          [*KNOWN, news("1m", "subscribed"), order("1d")],
          [Went(["Must they confirm?: otherwise", "Welcome: sent", "Two days: waiting",
           "Show around: sent", "Customer already?: has ordered"], goal=True)],
          ["welcome-hello", "welcome-tour"]),
    story("welcome", "unsubscribed",
          [*KNOWN, news("1m", "subscribed"), news("1d", "unsubscribed")],
          [Went(["Must they confirm?: otherwise", "Welcome: sent", "Two days: waiting"], "exit:unsubscribed")],
          ["welcome-hello"]),
)


def answer(at: str, score: int) -> Did:
    return Did(at, "Survey Answered", {"survey": "after-purchase", "kind": "nps", "score": score})


ASKED = agreed("feedback")
PURCHASES = (
    story("post-purchase", "promoter",
          [*ASKED, order("5m"), Did("3d", "Order Delivered", {"order_id": "o1"}), answer("8d", 10)],
          [Went(["Until it has come: Order Delivered", "Try it out: waiting", "In the daytime: waiting", "The question: sent",
           "Their answer: promoter (9-10)", "Ask for a review: sent"], "completed", "o1", goal=True)],
          ["purchase-question", "purchase-review"]),
    story("post-purchase", "detractor",
          [*ASKED, order("5m"), Did("3d", "Order Delivered", {"order_id": "o1"}), answer("8d", 3)],
          [Went(["Until it has come: Order Delivered", "Try it out: waiting", "In the daytime: waiting", "The question: sent",
           "Their answer: detractor (0-6)", "Tell the team: done", "An honest word: sent"], "completed", "o1", goal=True)],
          ["purchase-question", "purchase-sorry"]),
    story("post-purchase", "passive",
          [*ASKED, order("5m"), answer("12d", 7)],
          [Went(["Until it has come: timed out", "In the daytime: waiting", "The question: sent", "Their answer: passive (7-8)"],
           "completed", "o1", goal=True)],
          ["purchase-question"], until="20d"),
    story("post-purchase", "sent back",
          [*ASKED, order("5m"), Did("3d", "Order Delivered", {"order_id": "o1"}), Did("4d", "Order Refunded",
           {"order_id": "o1", "total": 89.9, "currency": "EUR"})],
          [Went(["Until it has come: Order Delivered", "Try it out: waiting"], "exit:sent-back", "o1")]),
    story("post-purchase", "second order",
          [*ASKED, order("5m"), order("2d", order_id="o2")],
          [Went(["Until it has come: timed out", "In the daytime: waiting", "The question: sent", "Their answer: timed out"],
           "completed", "o1")],
          ["purchase-question"], until="30d"),
)
OPENED = Did("2s", "Email Opened", {"campaign": "letter-1"})
READER = (*KNOWN, news("1s", "subscribed"), OPENED)
SILENT = (
    story("re-engagement", "sunset",
          READER,
          [Went(["On a good morning: waiting", "A good letter: sent", "Do they read it?: timed out", "Shall we go on?: sent",
           "Two weeks to say so: timed out", "Sunset: done"])],
          ["quiet-letter", "quiet-question"], until="120d"),
    story("re-engagement", "reads again",
          [*READER, Did("65d", "Email Opened", {"campaign": "letter-9"})],
          [Went(["On a good morning: waiting", "A good letter: sent", "Do they read it?: reads again",
           "They are back: done"])],
          ["quiet-letter"], until="100d"),
    story("re-engagement", "stays a reader",
          [*READER, Did("40d", "Email Opened", {"campaign": "letter-5"})],
          [],
          until="90d"),
    story("re-engagement", "awake after the sunset",
          [*READER, Did("60d", "$identify", {"tags": ["sunset"]}), Did("90d", "Email Opened", {"campaign": "letter-9"})],
          [Went(["Awake: done"])],
          journey="reader-awake", until="100d"),
)
LAPSED = (
    story("win-back", "nothing helps",
          [*EXTRAS, order("1m")],
          [Went(["On a good morning: waiting", "Which letter: what is new", "What is new: sent",
           "Ten days to look: timed out", "A code of their own: sent", "Two weeks to use it: timed out",
           "Let them rest: done"])],
          ["win-back-new", "win-back-code"], until="230d", way="what is new"),
    story("win-back", "ordered after the letter",
          [*EXTRAS, order("1m"), order("185d", order_id="o2")],
          [Went(["On a good morning: waiting", "Which letter: a story", "A story: sent", "Ten days to look: Order Completed"],
           "completed", "", goal=True)],
          ["win-back-story"], until="220d", way="a story"),
    story("win-back", "ordered before",
          [*EXTRAS, order("1m"), order("100d", order_id="o2")],
          [],
          until="230d"),
)
FIRST = (*CARTS, *BROWSING, *WELCOME, *PURCHASES, *SILENT, *LAPSED)

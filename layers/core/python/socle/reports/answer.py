"""A run's numbers as people read them: totals and parts with their rates, revenue, lift, cost, and the same as CSV. Pure."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping
from itertools import product
from typing import Any

from socle.campaigns.statistics import Rate, difference, wilson
from socle.profiles.money import exponent
from socle.reports.model import BY, CLICKED, COUNTED, OPENED, REPEATED, Found, Goal, Group, Outcomes, Report

SHOWN = 200
"""Parts of one kind, the largest; what is left of them is one more part, `other`."""
_DAY = 86_400_000
_RATES = {"delivered": "sent", "bounced": "sent", "opened": "delivered", "clicked": "delivered", "unsubscribed": "delivered",
          "complained": "delivered", "converted": "delivered"}
"""Rate → of what it is a part."""
SENT_BY = ("variant", "domain")
"""Parts that every message belongs to."""
_FIRST_COLUMNS = ("by", "name", "url")


def answer(outcomes: Outcomes, found: Found, goal: Goal) -> Report:
    """Everything but cost and what depends on it: those are `with_cost`."""
    return {
        "recipients": {"people": sum(outcomes.by.values()), "outcomes": dict(outcomes.by), "skipped": dict(outcomes.skipped),
                       "sms_micro_usd": outcomes.micro_usd},
        "goal": {"event": goal.event, "days": goal.within / _DAY if goal.within % _DAY else goal.within // _DAY},
        "totals": _part(found, [("", "")]),
        **{f"by_{by}": _parts(found, by) for by in BY},
        "lift": lift(found.groups.get(False), found.groups.get(True)),
    }


def lift(treated: Group | None, held: Group | None) -> dict[str, Any] | None:
    """How much more of those who were to get the message converted than of those who were held out, whether they got it in the
    end or not (intention to treat); None without both."""
    if not treated or not held or not treated.people or not held.people:
        return None
    rates = Rate(treated.converted, treated.people), Rate(held.converted, held.people)
    found = difference(*rates)
    return {
        "sent_to": _side(treated), "held_out": _side(held),
        "difference": round(found.value, 6), "interval": [round(found.low, 6), round(found.high, 6)], "confidence": 0.95,
        "p": float(f"{found.p:.4g}"), "significant": not found.low <= 0 <= found.high,
        "more_conversions": round(found.value * treated.people),
        "more_conversions_interval": [round(found.low * treated.people), round(found.high * treated.people)],
    }


def with_cost(report: Report, usd: Mapping[str, float], rates: Mapping[str, float], other: Mapping[str, int]) -> Report:
    """The same with what it cost and what came back.

    usd    service → US dollars
    rates  currency → how much of it a dollar is worth; revenue in others is not compared with the cost
    other  currency → what else the campaign cost, minor units
    """
    total, totals = sum(usd.values()), report["totals"]
    known = {currency: rate * 10 ** exponent(currency) for currency, rate in {"USD": 1.0, **rates}.items()}
    told = {*totals["revenue"], *other, *rates} & known.keys()
    shown = sorted(told or {"USD"})
    # What came back in other currencies is no loss in dollars, and a cost in one that has no rate is in none of the sums.
    comparable = bool(told or not totals["revenue"]) and not other.keys() - known.keys()
    costs = {currency: total * known[currency] + other.get(currency, 0) for currency in shown}
    # What a part cost: as much of it as it had of the messages. Links and devices had none of their own.
    parts = {f"by_{by}": [{**part, "returns": _returns(part, costs, part["sent"] / max(totals["sent"], 1), comparable)}
                          for part in report[f"by_{by}"]] for by in SENT_BY}
    return {**report, **parts, "returns": _returns(totals, costs, 1.0, comparable),
            "cost": {"usd": round(total, 6), "services": {name: round(value, 6) for name, value in usd.items()},
                     "other": dict(other)}}


def _returns(part: Mapping[str, Any], costs: Mapping[str, float], share: float, comparable: bool) -> dict[str, Any]:
    """Currency → cost, what came back, how much of the cost that is, and what one who converted cost."""
    found = {}
    for currency, whole in costs.items():
        cost, converted = whole * share, part["converted"]
        net = part["revenue"].get(currency, 0) - part["refunded"].get(currency, 0)
        found[currency] = {"cost": round(cost), "net_revenue": net,
                           "roi": round((net - cost) / cost, 4) if cost and comparable else None,
                           "per_conversion": round(cost / converted) if converted else None}
    return found


def to_csv(report: Report) -> str:
    """A row for the whole, then one for each part; money in minor units, a column for each currency. RFC 4180."""
    parts = [("total", {**report["totals"], "returns": report["returns"]}),
             *((by, part) for by in BY for part in report[f"by_{by}"])]
    currencies = sorted({currency for _, part in parts for currency in (*part["revenue"], *part["refunded"])})
    plain = [name for name, value in report["totals"].items() if not isinstance(value, dict)]
    money = [(what, currency) for currency in currencies for what in ("revenue", "refunded")]
    returned = [(what, currency) for currency in report["returns"] for what in ("cost", "roi", "per_conversion")]
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow([*_FIRST_COLUMNS, *plain, *(f"{name}_rate" for name in _RATES),
                     *(f"{what}_{currency}" for what, currency in (*money, *returned))])
    for by, part in parts:
        back = part.get("returns", {})
        # None, where there is nothing to tell, is an empty cell.
        writer.writerow([by, _safe(part.get("name", "")), _safe(part.get("url", "")), *(part[name] for name in plain),
                         *(part["rates"][name] for name in _RATES), *(part[what].get(currency, 0) for what, currency in money),
                         *(back.get(currency, {}).get(what) for what, currency in returned)])
    return out.getvalue()


def _parts(found: Found, by: str) -> list[dict[str, Any]]:
    """By name, the largest first."""
    sizes: dict[str, int] = {}
    for (kind, name, _), count in found.messages.items():
        if kind == by and name:
            sizes[name] = max(sizes.get(name, 0), count)
    names = sorted(sizes, key=lambda name: (-sizes[name], name))
    shown = [{"name": name, **_url(by, found.urls.get(name, "")), **_part(found, [(by, name)])} for name in names[:SHOWN]]
    if names[SHOWN:]:
        shown.append({"name": "other", **_url(by, ""), **_part(found, [(by, name) for name in names[SHOWN:]])})
    return shown


def _url(by: str, url: str) -> dict[str, str]:
    return {"url": url} if by == "link" else {}


def _part(found: Found, places: Iterable[tuple[str, str]]) -> dict[str, Any]:
    """The numbers of one or several (by, name) together."""
    places = list(places)
    counts = {what: sum(found.messages.get((*place, what), 0) for place in places) for what in (*COUNTED, "bounced")}
    for what in REPEATED:
        counts[f"{what}_total"] = sum(found.events.get((*place, what), 0) for place in places)
    counts["converted"] = sum(found.converted.get(place, 0) for place in places)
    counts["conversions"] = sum(found.conversions.get(place, 0) for place in places)
    money: dict[str, dict[str, int]] = {"revenue": {}, "refunded": {}}
    for place, currency in product(places, found.currencies):
        for what, sum_ in zip(money, found.orders.get((*place, currency), ()), strict=False):
            money[what][currency] = money[what].get(currency, 0) + sum_
    return {**counts, **money, "rates": {**_rates(counts), "click_to_open": _rate(counts[CLICKED], counts[OPENED])}}


def _rates(counts: Mapping[str, int]) -> dict[str, float | None]:
    return {name: _rate(counts[name], counts[whole]) for name, whole in _RATES.items()}


def _rate(count: int, among: int) -> float | None:
    """None of nothing. What was opened may not have been reported as delivered: never more than all."""
    return round(min(1.0, count / among), 6) if among else None


def _side(group: Group) -> dict[str, Any]:
    low, high = wilson(Rate(group.converted, group.people))
    return {"people": group.people, "converted": group.converted, "rate": round(group.converted / group.people, 6),
            "interval": [round(low, 6), round(high, 6)], "revenue": dict(group.revenue)}


def _safe(text: str) -> str:
    """What a spreadsheet would take for a formula is kept a text (OWASP, "CSV Injection")."""
    return "'" + text if text[:1] in ("=", "+", "-", "@", "\t", "\r") else text

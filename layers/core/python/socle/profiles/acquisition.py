"""Acquisition: where a visit came from, read from an event's context (utm campaign, click ids, referrer). Pure."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qsl, urlsplit

CLICK_IDS = ("gclid", "gbraid", "wbraid", "dclid", "fbclid", "msclkid", "ttclid", "twclid", "li_fat_id", "epik", "rdt_cid")
"""Click ids of Google, Meta, Microsoft, TikTok, X, LinkedIn, Pinterest and Reddit ads."""

_UTM = {"utm_source": "source", "utm_medium": "medium", "utm_campaign": "campaign", "utm_term": "term",
        "utm_content": "content"}
_CAMPAIGN = {"source": "source", "medium": "medium", "name": "campaign", "term": "term", "content": "content"}


def touch(context: dict[str, Any]) -> dict[str, Any] | None:
    """The touch that brought this person, or None: {source, medium, campaign, term, content, click_ids, referrer, landing}.

    A referrer counts when it is another host than the page's own.
    """
    page = context.get("page")
    page = page if isinstance(page, dict) else {}
    url, referrer = page.get("url"), page.get("referrer")
    campaign = context.get("campaign")
    found: dict[str, Any] = {}
    if isinstance(campaign, dict):
        found = {ours: campaign[theirs] for theirs, ours in _CAMPAIGN.items()
                 if isinstance(campaign.get(theirs), str) and campaign[theirs]}
    query = page.get("search") or (url.partition("?")[2] if isinstance(url, str) else "")
    if isinstance(query, str) and query:
        found = _from_query(query) | found
    if isinstance(referrer, str) and referrer and _host(referrer) not in ("", _host(url)):
        found["referrer"] = referrer
    if found and isinstance(url, str):
        found["landing"] = url.partition("?")[0]
    return found or None


def _from_query(query: str) -> dict[str, Any]:
    found: dict[str, Any] = {}
    clicks: dict[str, str] = {}
    for name, value in parse_qsl(query.lstrip("?").partition("#")[0]):
        if name in _UTM:
            found[_UTM[name]] = value
        elif name in CLICK_IDS:
            clicks[name] = value
    if clicks:
        found["click_ids"] = clicks
    return found


def _host(url: Any) -> str:
    if not isinstance(url, str):
        return ""
    try:
        return (urlsplit(url).hostname or "").removeprefix("www.")
    except ValueError:
        return ""

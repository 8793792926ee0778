"""Pages as answers: with the headers that keep them to the person who asked, and in that person's language."""

from __future__ import annotations

from collections.abc import Mapping

from socle.consent.service import people
from socle.errors import SocleError, Unavailable
from socle.links.model import Claims
from socle.pages.consent import problem
from socle.pages.model import Look, Page, language_of

from . import collaborators
from .http import Answer, Request

PRIVATE: Mapping[str, str] = {
    "Cache-Control": "no-store", "Referrer-Policy": "no-referrer", "X-Robots-Tag": "noindex, nofollow",
    "X-Content-Type-Options": "nosniff",
}
"""The address of a page holds a token: no cache keeps it, no other site hears of it, no search engine lists it."""


def shown(page: Page, status: int = 200) -> Answer:
    """A page."""
    headers = {**PRIVATE, "Content-Type": "text/html; charset=utf-8", "Content-Security-Policy": page.policy}
    return Answer(status, headers, page.html)


def language(request: Request, *known: str) -> str:
    """What the person reads: what is known of them, then what their browser says, then the brand's language."""
    return language_of(*known, request.headers.get("accept-language", ""), collaborators.get().look().language)


def language_of_reader(request: Request, claims: Claims) -> str:
    """Of whoever a link was made for, as far as that is known: a page is shown without it too."""
    site = collaborators.get()
    try:
        somebody = people.find(site.profiles, claims.profile, (claims.channel, claims.address))
    except Unavailable:
        somebody = None
    return language(request, people.language(somebody.root.snapshot) if somebody else "")


def refused(error: SocleError, accept: str) -> Answer:
    """The page that says what went wrong, and what to do. `accept`: the Accept-Language header."""
    try:
        look = collaborators.get().look()
    except SocleError:
        look = Look()
    kind = error.code if error.code in ("bad_link", "expired_link", "gone", "not_found") else "refused"
    if isinstance(error, Unavailable):
        kind = "unavailable"
    answer = shown(problem(look, language_of(accept, look.language), kind), error.status)
    if isinstance(error, Unavailable):
        return answer._replace(headers={**answer.headers, "Retry-After": str(error.retry_after)})
    return answer

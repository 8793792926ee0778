"""The pages on which people decide what they get. GET and HEAD show, and change nothing: mail scanners follow every link."""

from __future__ import annotations

from socle.consent.model import ALL
from socle.consent.service import people
from socle.consent.service.choices import Seen
from socle.errors import Rejected
from socle.links.model import CONFIRM, PATHS, PREFERENCES, UNSUBSCRIBE
from socle.links.token import sign, verify
from socle.pages import consent as pages
from socle.pages.words import say

from . import collaborators
from .answers import PRIVATE, language, language_of_reader, shown
from .http import Answer, Request

_ONE_CLICK = "List-Unsubscribe"
"""Field by which mail programs say that a person pressed their button (RFC 8058)."""


def unsubscribe(request: Request) -> Answer:
    """`/unsubscribe/{token}`. Whatever is posted unsubscribes: RFC 8058 lets the body come in two forms."""
    site = collaborators.get()
    claims = verify(site.keys(), request.token, request.now, UNSUBSCRIBE)
    if request.method == "POST":
        one_click = _ONE_CLICK in request.form or "multipart/" in request.headers.get("content-type", "")
        site.choices.unsubscribe(claims, "one_click" if one_click else "unsubscribe_page", request.now)
        if one_click:
            return Answer(200, {**PRIVATE, "Content-Type": "text/plain; charset=utf-8"}, "unsubscribed\n")
    spoken = language_of_reader(request, claims)
    render = pages.unsubscribed if request.method == "POST" else pages.ask_unsubscribe
    other = sign(site.keys(), claims._replace(kind=PREFERENCES, topic=ALL))
    return shown(render(site.look(), spoken, _title(claims.topic, spoken), f"../{PATHS[PREFERENCES]}/{other}"))


def preferences(request: Request) -> Answer:
    """`/preferences/{token}`: what the address gets, to be changed."""
    site = collaborators.get()
    claims = verify(site.keys(), request.token, request.now, PREFERENCES)
    said = ""
    if request.method != "POST":
        seen = site.choices.see(claims)
    elif request.form.get("do") == "leave":
        seen, said = site.choices.leave(claims, request.now), "preferences_left"
    else:
        seen, changed = site.choices.choose(claims, request.lists.get("topic", ()), request.lists.get("shown", ()), request.now)
        said = "preferences_saved" if changed else "preferences_same"
    if seen.somebody is None and not said == "preferences_left":
        raise Rejected("gone", "we no longer have anything about this address", "token", 410)
    spoken = language(request, people.language(seen.somebody.root.snapshot) if seen.somebody else "")
    return shown(pages.preferences(site.look(), spoken, _masked(seen), _choices(seen, spoken), said, seen.suppressed))


def confirm(request: Request) -> Answer:
    """`/confirm/{token}`: the second step of double opt-in."""
    site = collaborators.get()
    claims = verify(site.keys(), request.token, request.now, CONFIRM)
    spoken = language_of_reader(request, claims)
    if request.method == "POST":
        site.choices.confirm(claims, request.now)
        return shown(pages.confirmed(site.look(), spoken, _title(claims.topic, spoken)))
    topic = site.topics().get(claims.topic)
    words = topic.shown(spoken).text if topic else ""
    return shown(pages.ask_confirm(site.look(), spoken, _title(claims.topic, spoken), words))


def _title(topic: str, spoken: str) -> str:
    known = collaborators.get().topics().get(topic)
    return known.shown(spoken).title if known else topic or say(spoken, "topic_all")


def _choices(seen: Seen, spoken: str) -> list[pages.Choice]:
    topics = collaborators.get().topics()
    words = {name: topics[name].shown(spoken) for name in seen.states}
    return [pages.Choice(name, words[name].title, words[name].description, state) for name, state in seen.states.items()]


def _masked(seen: Seen) -> str:
    """The address as its owner knows it again, and whoever the mail was forwarded to does not learn it."""
    address = seen.somebody.address if seen.somebody else ""
    name, at, domain = address.rpartition("@")
    if at:
        return f"{name[:1]}•••@{domain}"
    return f"•••{address[-3:]}" if address else ""

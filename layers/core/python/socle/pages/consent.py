"""The pages on which people decide what they get. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from socle.consent.model import PENDING, SUBSCRIBED
from socle.pages.html import choice, note, page, paragraph, post, text
from socle.pages.model import Look, Page
from socle.pages.words import say


class Choice(NamedTuple):
    """A topic as a person sees it; `state` as in socle.consent.model."""

    name: str
    title: str
    description: str
    state: str


def ask_unsubscribe(look: Look, language: str, topic: str, preferences: str) -> Page:
    """Whether they mean it. `topic` is its title, `preferences` the URL of the page with all of them."""
    return page(look, language, say(language, "unsubscribe_title"), "".join((
        paragraph(say(language, "unsubscribe_text", topic=topic)),
        post((), (say(language, "unsubscribe_button"), "do", "unsubscribe")), _link(language, "choose_instead", preferences))))


def unsubscribed(look: Look, language: str, topic: str, preferences: str) -> Page:
    """That it is done."""
    return page(look, language, say(language, "unsubscribed_title"), "".join((
        paragraph(say(language, "unsubscribed_text", topic=topic)), _link(language, "by_mistake", preferences))))


def preferences(look: Look, language: str, address: str, choices: Sequence[Choice], said: str = "",
                suppressed: bool = False) -> Page:
    """What they get, to be changed. `said`: key of what just happened."""
    rows = [choice("topic", one.name, one.title, _detail(language, one), checked=one.state == SUBSCRIBED, id_=f"t-{one.name}")
            for one in choices]
    # What was shown is sent back: a topic that came since was not refused by somebody who never saw it.
    shown = [f'<input type="hidden" name="shown" value="{text(one.name)}">' for one in choices]
    body = [note(say(language, said)) if said else "",
            note(say(language, "preferences_suppressed"), fault=True) if suppressed else "",
            paragraph(say(language, "preferences_of", address=address), "quiet") if address else ""]
    leave = (say(language, "preferences_leave"), "do", "leave")
    if rows:
        legend = f"<fieldset><legend>{text(say(language, 'preferences_legend'))}</legend>{''.join(rows)}</fieldset>"
        body.append(post((*shown, legend), (say(language, "preferences_save"), "do", "save"), leave))
    else:
        body += [paragraph(say(language, "preferences_none")), post((), leave)]
    return page(look, language, say(language, "preferences_title"), "".join(body))


def ask_confirm(look: Look, language: str, topic: str, words: str) -> Page:
    """Whether they want it. `words` is what they agreed to."""
    return page(look, language, say(language, "confirm_title"), "".join((
        paragraph(say(language, "confirm_text", topic=topic)), paragraph(words, "quiet") if words else "",
        post((), (say(language, "confirm_button"), "do", "confirm")))))


def confirmed(look: Look, language: str, topic: str) -> Page:
    """That it counts."""
    return page(look, language, say(language, "confirmed_title"), paragraph(say(language, "confirmed_text", topic=topic)))


def problem(look: Look, language: str, kind: str) -> Page:
    """What can't be done, and what to do. `kind`: gone, bad_link, expired_link, not_found, refused, unavailable."""
    body = paragraph(say(language, f"{kind}_text"))
    if look.contact and kind in ("bad_link", "expired_link"):
        body += paragraph(say(language, "contact", contact=look.contact))
    return page(look, language, say(language, f"{kind}_title"), body)


def _detail(language: str, one: Choice) -> str:
    return say(language, "preferences_pending") if one.state == PENDING else one.description


def _link(language: str, words: str, url: str) -> str:
    return f'<p class="quiet"><a href="{text(url)}">{text(say(language, words))}</a></p>'

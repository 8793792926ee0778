"""A template as one person would get it, before anybody does: its parts, what is odd, and what was missing."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from socle.channels import sms
from socle.definitions.store import DefinitionStore
from socle.errors import Rejected
from socle.messages.model import Hook, Mail, Push, Rendered, Text
from socle.profiles.model import Aggregate
from socle.templates.checks import oddities, oddities_of
from socle.templates.compile import Compiled
from socle.templates.freeze import frozen
from socle.templates.lenient import noting
from socle.templates.model import Lookups, Unrenderable
from socle.templates.person import person_view
from socle.templates.service import finder, freeze
from socle.templates.service.sample import sampled


class Asked(NamedTuple):
    """What is to be previewed.

    name      of the template; `document` in its place if given, `version` of it if given
    profile   for whom; None for the template's own sample
    event     properties of the event that it is sent for
    """

    name: str
    document: dict[str, Any] | None = None
    version: int | None = None
    profile: str | None = None
    event: dict[str, Any] | None = None


class Previews:
    """Previews. Nothing is sent, counted, or taken.

    known    profile → (the person, computed traits by name); raises NotFound
    lookups  the catalogue, and no coupons
    now      answers epoch ms
    """

    def __init__(self, definitions: DefinitionStore, known: Callable[[str], tuple[Aggregate, Mapping[str, Any]]],
                 lookups: Lookups, now: Callable[[], int], public_url: str = "") -> None:
        self._definitions, self._known, self._lookups = definitions, known, lookups
        self._now, self._public_url = now, public_url

    def show(self, asked: Asked) -> dict[str, Any]:
        """The message in parts, `undefined`, `warnings`, `problem`: why this person would get nothing, or null.

        Raises NotFound, Rejected when the template can't be rendered for anybody.
        """
        made = (freeze(self._definitions, asked.name, asked.version) if asked.document is None
                else frozen(asked.name, 0, asked.document, finder(self._definitions)))
        strict = Compiled(made, self._public_url)
        person = self._person(made["document"], asked, strict.event)
        problem: Unrenderable | None = None
        missing: list[str] = []
        rendered: Rendered | None
        try:
            rendered = strict.render(person, None, self._lookups)
        except Unrenderable as error:
            problem = error
            rendered, missing = self._leniently(made, person)
        return {
            "channel": strict.channel, "profile": asked.profile, "version": made["version"],
            "sender": strict.sender._asdict() if strict.sender else None, "parts": _parts(rendered), "undefined": missing,
            "problem": problem.to_json()["error"] if problem else None,
            "links": [{"number": number, "url": source} for number, source in strict.links],
            "warnings": [odd._asdict() for odd in (*oddities(strict), *(oddities_of(rendered) if rendered else ()))]}

    def _person(self, document: dict[str, Any], asked: Asked, event: str) -> dict[str, Any]:
        if asked.profile is None:
            return sampled(document, self._now(), asked.event)
        aggregate, computed = self._known(asked.profile)
        person = person_view(aggregate, computed, self._now(), event)
        return person | ({"event": asked.event} if asked.event is not None else {})

    def _leniently(self, made: dict[str, Any], person: dict[str, Any]) -> tuple[Rendered | None, list[str]]:
        environments, notes = noting()
        try:
            rendered: Rendered | None = Compiled(made, self._public_url, environments).render(person, None, self._lookups)
        except (Unrenderable, Rejected):
            rendered = None
        return rendered, list(dict.fromkeys(notes))


def _parts(rendered: Rendered | None) -> dict[str, Any] | None:
    if isinstance(rendered, Mail):
        return {"subject": rendered.subject, "html": rendered.html, "text": rendered.text,
                "html_bytes": len(rendered.html.encode())}
    if isinstance(rendered, Text):
        measured = sms.measure(rendered.text)
        return {"text": rendered.text, "characters": len(rendered.text), "segments": measured.parts}
    if isinstance(rendered, Push):
        return rendered._asdict()
    return rendered.body if isinstance(rendered, Hook) else None

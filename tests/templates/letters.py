"""Templates to test with: a short way to freeze and render one."""

from __future__ import annotations

from typing import Any

from socle.messages.model import Mail
from socle.templates.compile import Compiled, compile_frozen
from socle.templates.document import TemplateDocument

ZOE: dict[str, Any] = {"traits": {"firstName": "Zoé"}, "segments": ["vip"], "locale": "fr-FR", "timezone": "Europe/Paris"}


def frozen(document: dict[str, Any], blocks: dict[str, str] | None = None, layout: dict[str, Any] | None = None,
           brand: dict[str, Any] | None = None) -> dict[str, Any]:
    checked = TemplateDocument.model_validate(document).model_dump(mode="json")
    return {"name": "letter", "version": 1, "document": checked, "blocks": blocks or {}, "layout": layout, "brand": brand or {}}


def email(**parts: Any) -> Compiled:
    """A compiled e-mail; `blocks`, `layout` (a document) and `brand` are put beside the document."""
    beside = {name: parts.pop(name) for name in ("blocks", "brand") if name in parts}
    if isinstance(parts.get("layout"), dict):
        beside["layout"] = parts["layout"]
        parts["layout"] = "layout"
    return compile_frozen(frozen({"channel": "email", "subject": "Hello", **parts}, **beside), "https://p.example")


def letter(person: dict[str, Any] | None = None, links: Any = None, **parts: Any) -> Mail:
    """An e-mail for somebody."""
    rendered = email(**parts).render(ZOE if person is None else person, links)
    assert isinstance(rendered, Mail)
    return rendered


def text(source: str, person: dict[str, Any] | None = None, **lookups: Any) -> str:
    """What a source makes as plain text."""
    compiled = compile_frozen(frozen({"channel": "sms", "text": source}), "https://p.example")
    rendered: Any = compiled.render(ZOE if person is None else person, **lookups)
    return str(rendered.text)


class Links:
    """Links that show what they were asked."""

    unsubscribe, preferences, confirm, pixel = "https://s/u?a=1&b=2", "https://s/p", "https://s/y", "https://s/o"

    def click(self, url: str, number: int) -> str:
        return f"https://s/c/{number}?to={url}"

    def survey(self, name: str) -> str:
        return f"https://s/surveys/{name}"

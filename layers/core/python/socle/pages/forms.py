"""The page of a form. Pure."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from socle.consent.topics import TopicDocument
from socle.forms.document import MAX_TEXT, FormDocument, FormField
from socle.pages.html import choice, field, note, page, paragraph, post, text
from socle.pages.model import Look, Page
from socle.pages.words import say

TRAP = "company_website"
"""A field that people do not see, and programs fill in."""
_TYPES = {"email": ("email", "email"), "phone": ("tel", "tel"), "number": ("text", "off"), "date": ("date", "off")}
"""Type of a field → type of its control, and what browsers may fill in."""


def form(look: Look, language: str, document: FormDocument, topics: Mapping[str, TopicDocument], once: str,
         sent: Mapping[str, str], ticked: Collection[str] = (), faults: Mapping[str, str] | None = None) -> Page:
    """The form, with what was sent and what is wrong with it; `faults` as in socle.forms.check."""
    faults = faults or {}
    said = {name: say(language, key, count=MAX_TEXT) for name, key in faults.items()}
    trap = (f'<div class="hp" aria-hidden="true"><label>{text(say(language, "hp"))}<input type="text" name="{TRAP}" '
            'tabindex="-1" autocomplete="off"></label></div>')
    inside = [f'<input type="hidden" name="once" value="{text(once)}">', trap]
    inside += [_field(one, language, sent.get(one.name, ""), said.get(one.name, "")) for one in document.fields]
    for box in document.topics:
        if box.topic in topics:
            words, name = topics[box.topic].shown(language), f"{box.topic}/{box.channel}"
            inside.append(choice("topics", name, words.text or words.title, "" if words.text else words.description,
                                 checked=name in ticked, id_=f"t-{box.topic}-{box.channel}", error=said.get(name, "")))
    body = [note(say(language, "errors"), fault=True) if faults else "", paragraph(document.intro) if document.intro else "",
            post(inside, (document.button or say(language, "send"), "do", "send"))]
    return page(look, language, document.title, "".join(body))


def thanks(look: Look, language: str, document: FormDocument, confirms: bool) -> Page:
    """That it has arrived, and whether a mail is on its way."""
    body = paragraph(document.thanks or say(language, "thanks_text"))
    return page(look, language, say(language, "thanks"), body + (paragraph(say(language, "check_mail")) if confirms else ""))


def _field(one: FormField, language: str, value: str, error: str) -> str:
    if one.type == "checkbox":
        return choice(one.name, "1", one.label, checked=bool(value), id_=f"f-{one.name}", error=error)
    if one.type == "long_text":
        control = f'<textarea {{}} maxlength="{MAX_TEXT}">{text(value)}</textarea>'
    elif one.type == "choice":
        options = "".join(f'<option{" selected" if option == value else ""}>{text(option)}</option>' for option in one.options)
        control = f'<select {{}}><option value="">{text(say(language, "choose"))}</option>{options}</select>'
    else:
        kind, known = _TYPES.get(one.type, ("text", "on"))
        numeric = ' inputmode="decimal"' if one.type == "number" else ""
        control = f'<input {{}} type="{kind}" autocomplete="{known}"{numeric} maxlength="{MAX_TEXT}" value="{text(value)}">'
    return field(one.name, one.label, control, language, required=one.required, error=error)

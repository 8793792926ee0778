"""A frozen template compiled: parsed once, rendered for many people. Pure.

An e-mail has its links numbered here, in the order of their first appearance, and its pixel and preheader put in; MJML becomes
HTML with the Liquid still in it; a missing text part is made from the HTML.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from liquid import Environment

from socle.errors import Rejected
from socle.messages.model import EMAIL, PUSH, SMS, File, Rendered, Sender
from socle.templates import assemble, body, mjml
from socle.templates.context import GAPS, LINKS, LOOKUPS, PUBLIC_URL, URLS
from socle.templates.document import EmailTemplate, PushTemplate, SmsTemplate, TemplateDocument, WebhookTemplate
from socle.templates.liquid import HTML, PLAIN
from socle.templates.markup import Marks
from socle.templates.model import Lookups, MessageLinks
from socle.templates.parts import Part, Values, parsed
from socle.templates.render import NO_LOOKUPS, LinkNames, NoLinks, mail, push, sms, webhook
from socle.templates.shared import BrandDocument

Frozen = Mapping[str, Any]
"""What `freeze` made: {"name", "version", "document", "blocks": {name: content}, "layout": document or null, "brand": …}."""


class Compiled:
    """One version of a template, as it may be rendered from several threads.

    channel      email, sms, push or webhook
    sender       in whose name, as the template or else the brand says; None when neither does
    own_sender   whether the template itself says it: then it goes before the topic's
    event        name of the event whose latest properties are wanted as `event`; "" for none
    links        (number, source of the URL) of all that are followed
    inline       names of the assets that its HTML shows as cid:
    attachments  names of the assets that it carries
    files        those two with their bytes, once somebody has read them (socle.templates.service.ready)
    url          of a webhook; else ""
    parts        by field, parsed
    html, text   sources of these two of an e-mail, before links were numbered; "" for a part that it has not
    """

    def __init__(self, frozen: Frozen, public_url: str = "",
                 environments: tuple[Environment, Environment] = (HTML, PLAIN)) -> None:
        document = TemplateDocument.model_validate(frozen["document"]).root
        brand = BrandDocument.model_validate(frozen.get("brand") or {})
        self.name, self.channel, self.event = str(frozen["name"]), document.channel, document.event
        self.links: list[tuple[int, str]] = []
        self.inline: tuple[str, ...] = ()
        self.attachments: tuple[str, ...] = ()
        self.files: tuple[File, ...] = ()
        self.url = self.html = self.text = ""
        self.own_sender = False
        self.sender = _sender(document if isinstance(document, EmailTemplate) else None, brand)
        self._blocks: Mapping[str, str] = frozen.get("blocks") or {}
        self._html, self._plain = environments
        self._scope: dict[str, Any] = {
            "brand": brand.model_dump(mode="json"), "locale": brand.locale, "timezone": brand.timezone, "campaign": {},
            PUBLIC_URL: public_url.rstrip("/")}
        if environments != (HTML, PLAIN):  # a preview that shows what is missing, instead of failing on it
            self._scope[GAPS] = True
        if isinstance(document, EmailTemplate):
            self.own_sender = document.sender is not None
            self.attachments = tuple(document.attachments)
            self._email(document, frozen.get("layout"))
        else:
            self._other(document)

    def render(self, person: Mapping[str, Any], links: MessageLinks | None = None, lookups: Lookups = NO_LOOKUPS) -> Rendered:
        """The message for one person.

        person  as person_view makes it; with `event`, the properties of the event that it is sent for, and `campaign`
        links   None for a look at it: links then lead where they lead, and nothing is followed
        Raises Unrenderable: undefined, liquid, too_long, empty, bad_link, no_coupon…; its field is the part.
        """
        shown = links or NoLinks()
        scope = {**self._scope, **person, "links": LinkNames(shown), LINKS: shown, LOOKUPS: lookups, URLS: self._urls}
        if self.channel == EMAIL:
            return mail(self.parts, scope, self._squeeze)._replace(files=self.files)
        if self.channel == SMS:
            return sms(self.parts["text"], scope)
        return push(self.parts, self._values, scope) if self.channel == PUSH else webhook(self._values, scope)

    def _email(self, document: EmailTemplate, layout: Mapping[str, Any] | None) -> None:
        html = self._whole(document, layout)
        given = {field: self._source(field, getattr(document, field) or "") for field in ("subject", "preheader", "text")}
        marks = Marks("".join((html, *given.values())))
        table = body.LinkTable(marks)
        self.html, self.text = html, given["text"]
        html, text = marks.hide(html), marks.hide(given["text"])
        if html:
            html = body.with_tracked_links(html, table)
            self.inline = body.inline_images(html)
        self._squeeze = bool(html) and not text
        text = body.text_of(html, marks) if self._squeeze else body.text_links(text, table)
        if html:
            html = body.with_pixel(body.with_preheader(html, marks.hide(given["preheader"])), marks.put(body.PIXEL))
        self.parts: dict[str, Part] = {"subject": parsed(self._plain, given["subject"], "subject"),
                                        "html": parsed(self._html, marks.show(html), "mjml" if document.mjml else "html"),
                                        "text": parsed(self._plain, marks.show(text), "text")}
        self._numbered(table)

    def _whole(self, document: EmailTemplate, layout: Mapping[str, Any] | None) -> str:
        kind = "mjml" if document.mjml is not None else "html"
        source = self._source(kind, document.mjml or document.html or "")
        if document.layout:
            around = (layout or {}).get(kind)
            if not around:
                raise Rejected("bad_layout", f"layout {document.layout!r} is not for {kind}: choose another, or none", "layout")
            source = assemble.in_layout(self._source("layout", around), source)
        return mjml.to_html(source) if document.mjml is not None else source

    def _other(self, document: SmsTemplate | PushTemplate | WebhookTemplate) -> None:
        self.parts, self._values = {}, Values(self._plain, {}, "data")
        table = body.LinkTable(Marks(""))
        if isinstance(document, SmsTemplate):
            source = self._source("text", document.text)
            marks = Marks(source)
            table = body.LinkTable(marks)
            self.parts["text"] = parsed(self._plain, marks.show(body.text_links(marks.hide(source), table)), "text")
        elif isinstance(document, PushTemplate):
            source = self._source("link", document.link)
            marks = Marks(source)
            table = body.LinkTable(marks)
            followed = table.tracked(marks.hide(source))
            self.parts = {field: parsed(self._plain, self._source(field, getattr(document, field)), field)
                           for field in ("title", "body")}
            self.parts["link"] = parsed(self._plain, marks.show(followed) if followed else source, "link")
            self._values = Values(self._plain, document.data, "data", self._assembled)
        else:
            self.url = document.url
            self._values = Values(self._plain, document.body, "body", self._assembled)
        self._numbered(table)

    def _numbered(self, table: body.LinkTable) -> None:
        self.links = list(enumerate(table.sources, 1))
        self._urls: list[Part] = [parsed(self._plain, source, f"link {number}") for number, source in self.links]

    def _assembled(self, source: str, field: str) -> str:
        return self._source(field, source)

    def _source(self, field: str, source: str) -> str:
        return assemble.with_blocks(source, self._blocks, field)


def compile_frozen(frozen: Frozen, public_url: str = "") -> Compiled:
    """A frozen template, ready to be rendered. `public_url`: where assets are served.

    Raises Rejected(`bad_liquid`, `bad_mjml`, `bad_layout`, `unknown_block`, `circle`, `too_large`) with the field.
    """
    return Compiled(frozen, public_url)


def _sender(email: EmailTemplate | None, brand: BrandDocument) -> Sender | None:
    chosen = (email and email.sender) or brand.sender
    if chosen is None:
        return None
    return Sender(chosen.address, chosen.name or brand.name, str((email and email.reply_to) or brand.reply_to or ""))

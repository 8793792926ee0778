"""MJML with Liquid in it -> HTML with Liquid in it, by mrml. Pure.

mrml never sees Liquid, nor the HTML within texts: it reads both as the XML that they are not. Marks stand for them. Between
elements, where MJML knows no text, a mark becomes an mj-raw; so Liquid may go around sections, columns and texts.
"""

from __future__ import annotations

import re

import mrml

from socle.errors import Rejected
from socle.templates.markup import Marks

MAX_DEPTH = 30
_WITH_HTML = frozenset(("mj-text", "mj-button", "mj-table", "mj-raw", "mj-social-element", "mj-navbar-link", "mj-title",
                        "mj-preview", "mj-accordion-title", "mj-accordion-text"))
"""Elements that hold HTML or text, not MJML."""
_HEAD = frozenset(("mjml", "mj-head", "mj-attributes", "mj-style", "mj-font", "mj-breakpoint", "mj-all", "mj-class",
                   "mj-html-attributes", "mj-selector", "mj-html-attribute", "mj-spacer", "mj-divider", "mj-image"))
"""Elements in which nothing is written: Liquid between their children has no place."""
_BODY = frozenset(("mj-body", "mj-wrapper", "mj-section", "mj-group", "mj-column", "mj-hero", "mj-social", "mj-navbar",
                   "mj-accordion", "mj-accordion-element", "mj-carousel", "mj-carousel-image"))
_ALL = _WITH_HTML | _HEAD | _BODY
_TAG = re.compile(r"<!--.*?-->|<(/?)([A-Za-z][\w:-]*)((?:\"[^\"]*\"|'[^']*'|[^\"'<>])*?)(/?)>", re.DOTALL)
_ATTRIBUTE = re.compile(r"([A-Za-z_:][\w:.-]*)\s*=\s*(?:\"([^\"]*)\"|'([^']*)')")
_NO_FONTS: dict[str, str] = {}
"""mrml would have mails fetch theirs from Google, who so hears of each that is opened. Who wants one names it by mj-font."""
_ODD = re.compile(r"[^ !#-;=?-\[\]-~]+")
"""What mrml would write into an attribute in Rust's spelling, not in HTML's."""


def to_html(source: str, field: str = "mjml") -> str:
    """The HTML of an MJML document. Raises Rejected(`bad_mjml`) with the line."""
    marks = Marks(source)
    prepared = _Reader(source, marks, field).read()
    try:
        html: str = mrml.to_html(prepared, mrml.ParserOptions(include_loader=mrml.noop_loader()),
                                 mrml.RenderOptions(fonts=_NO_FONTS)).content
    except OSError as error:
        raise Rejected("bad_mjml", f"{field} is no MJML that can be rendered: {marks.show(str(error))}", field) from error
    return marks.show(html)


class _Reader:
    """Goes through a document once, and leaves out what mrml must not see."""

    def __init__(self, source: str, marks: Marks, field: str) -> None:
        self._marks, self._field = marks, field
        self._text = marks.hide(source)
        self._open: list[str] = []
        self._out: list[str] = []

    def read(self) -> str:
        at, html_from = 0, -1
        for tag in _TAG.finditer(self._text):
            closing, name, attributes, alone = tag[1], tag[2], tag[3], tag[4]
            inside = self._open[-1] if self._open else ""
            if inside in _WITH_HTML:
                if not (closing and name == inside):
                    continue
                content = self._text[html_from:tag.start()]
                self._out.append(self._marks.put(_quoted(content) if inside == "mj-title" else content))
                self._close(name, tag)
            else:
                self._between(self._text[at:tag.start()], inside, at)
                if name is None:  # a comment
                    pass
                elif closing:
                    self._close(name, tag)
                else:
                    self._opened(name, attributes, bool(alone), tag)
            at = html_from = tag.end()
        if self._open:
            raise self._wrong(f"<{self._open[-1]}> is never closed", len(self._text))
        self._between(self._text[at:], "", at)
        return "".join(self._out)

    def _opened(self, name: str, attributes: str, alone: bool, tag: re.Match[str]) -> None:
        if name == "mj-include":
            raise self._wrong("mj-include reads files, which there are none of: use {% render 'block' %}", tag.start())
        if name not in _ALL and not name.startswith("mj-") and "mj-style" not in self._open:
            raise self._wrong(f"<{name}> is HTML: put it into mj-text, mj-table or mj-raw", tag.start())
        if name not in _ALL:
            raise self._wrong(f"there is no element <{name}> in MJML", tag.start())
        if not self._open and name != "mjml":
            raise self._wrong("it begins with <mjml>, or gets a layout that does", tag.start())
        written = "".join(f' {found[1]}="{self._value(found[2] if found[2] is not None else found[3])}"'
                          for found in _ATTRIBUTE.finditer(attributes))
        left = _ATTRIBUTE.sub("", attributes).strip()
        if left:
            raise self._wrong(f"an attribute of <{name}> is not written as name=\"value\": {self._marks.show(left)[:60]}",
                              tag.start())
        self._out.append(f"<{name}{written}{' /' if alone else ''}>")
        if not alone:
            self._open.append(name)
            if len(self._open) > MAX_DEPTH:
                raise self._wrong(f"elements are nested more than {MAX_DEPTH} deep", tag.start())

    def _close(self, name: str, tag: re.Match[str]) -> None:
        if not self._open or self._open[-1] != name:
            expected = f"</{self._open[-1]}>" if self._open else "nothing"
            raise self._wrong(f"</{name}> stands where {expected} is expected", tag.start())
        self._open.pop()
        self._out.append(f"</{name}>")

    def _between(self, text: str, inside: str, at: int) -> None:
        if inside == "mj-style":
            self._out.append(text)
            return
        rest = self._marks.pattern.sub("", text).strip()
        if rest:
            place = f"in <{inside}>" if inside else "outside of all elements"
            raise self._wrong(f"{place} there is a text: {rest[:40]!r}. Put it into mj-text", at + text.index(rest.split()[0]))
        for found in self._marks.pattern.finditer(text):
            if inside in _BODY:
                self._out.append(f"<mj-raw>{found[0]}</mj-raw>")
            elif not self._marks.piece(found[0]).startswith(("{% comment", "{%- comment", "{% #", "{%- #")):
                raise self._wrong(f"Liquid has no place {f'in <{inside}>' if inside else 'outside of <mjml>'}: "
                                  f"{self._marks.piece(found[0])[:60]}", at)

    def _value(self, value: str) -> str:
        return _ODD.sub(lambda odd: self._marks.put(_quoted(odd[0])), value)

    def _wrong(self, what: str, at: int) -> Rejected:
        line = self._marks.show(self._text[:at]).count("\n") + 1
        return Rejected("bad_mjml", f"{self._field} line {line}: {what}", self._field)


def _quoted(text: str) -> str:
    return text.replace('"', "&quot;").replace("<", "&lt;")

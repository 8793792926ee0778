"""The HTML of an e-mail made ready: links that are followed, the preheader, the pixel; and the text made from it. Pure.

All Liquid stands behind marks here.
"""

from __future__ import annotations

import re
from html import escape, unescape
from html.parser import HTMLParser
from urllib.parse import urlsplit

from socle.templates.liquid import TRACKED
from socle.templates.markup import Marks

_LINK = re.compile(r"(<(?:a|area)\b(?:[^>\"']|\"[^\"]*\"|'[^']*')*?\shref\s*=\s*)"
                   r"(?:\"([^\"]*)\"|'([^']*)'|([^\s\"'>]+))", re.IGNORECASE)
_OWN = re.compile(r"\{\{-?\s*links\.|\{\{-?[^|}]*\|\s*survey_url\b")
_BODY, _END = re.compile(r"<body\b[^>]*>", re.IGNORECASE), re.compile(r"</body\s*>", re.IGNORECASE)
_CID = re.compile(r"\bsrc\s*=\s*[\"']?cid:([^\s\"'>]+)", re.IGNORECASE)
PIXEL = '<img src="{{ links.pixel }}" width="1" height="1" alt="" style="display:block;border:0">'


class LinkTable:
    """The links of one template by number: sources of URLs, Liquid still in them."""

    def __init__(self, marks: Marks) -> None:
        self._marks = marks
        self.sources: list[str] = []

    def tracked(self, url: str, again: bool = False) -> str | None:
        """The mark of a link that is followed, None for one that is not. `again`: the first to that URL keeps its number."""
        url = url.strip()
        source = self._marks.show(url)
        if _OWN.match(source) or not _may_be_tracked(url, source):
            return None
        if not (again and source in self.sources):
            self.sources.append(source)
            return self._marks.put(f"{{% {TRACKED} {len(self.sources)} %}}")
        return self._marks.put(f"{{% {TRACKED} {self.sources.index(source) + 1} %}}")


def _may_be_tracked(url: str, source: str) -> bool:
    return source.startswith(("{{", "{%")) or (url.lower().startswith(("http://", "https://")) and not broken(url))


def broken(url: str) -> bool:
    """Whether a literal address is none."""
    try:
        parts = urlsplit(url)
        parts.port  # noqa: B018 (raises when it is none)
        return parts.scheme in ("http", "https") and (not parts.hostname or bool(re.search(r"[\s<>\"]", url)))
    except ValueError:
        return True


def with_tracked_links(html: str, links: LinkTable) -> str:
    """The HTML with a mark in the place of every address that is followed; mailto:, tel: and # stay."""
    def follow(found: re.Match[str]) -> str:
        url = next(one for one in found.groups()[1:] if one is not None)
        mark = links.tracked(unescape(url))
        return found[0] if mark is None else f'{found[1]}"{mark}"'
    return _LINK.sub(follow, html)


def addresses(html: str) -> list[str]:
    """Every address that a link of the HTML leads to."""
    return [unescape(next(one for one in found.groups()[1:] if one is not None)) for found in _LINK.finditer(html)]


def inline_images(html: str) -> tuple[str, ...]:
    """Names of the assets that are shown as `cid:name`."""
    return tuple(dict.fromkeys(found[1] for found in _CID.finditer(html)))


def with_preheader(html: str, preheader: str) -> str:
    """The HTML with a text that inboxes show and mails hide."""
    if not preheader:
        return html
    hidden = ('<div style="display:none;font-size:1px;line-height:1px;max-height:0;max-width:0;opacity:0;overflow:hidden;'
              f'mso-hide:all">{escape(preheader, quote=False)}{"&#8199;&#65279;&#847; " * 30}</div>')
    begins = _BODY.search(html)
    return html[:begins.end()] + hidden + html[begins.end():] if begins else hidden + html


def with_pixel(html: str, mark: str) -> str:
    """The HTML with the picture that tells that it was opened."""
    ends = [found.start() for found in _END.finditer(html)]
    return html[:ends[-1]] + mark + html[ends[-1]:] if ends else html + mark


def text_links(text: str, links: LinkTable) -> str:
    """A text with a mark in the place of every http(s) address in it."""
    def follow(found: re.Match[str]) -> str:
        url = found[0].rstrip(".,;:!?)]}'\"»")
        mark = links.tracked(url, again=True)
        return found[0] if mark is None else mark + found[0][len(url):]
    return re.sub(r"https?://[^\s<>\"]+", follow, text)


def text_of(html: str, marks: Marks) -> str:
    """The text of HTML with `marks` in the place of its Liquid, links as `text (address)`; empty lines are squeezed when it is
    rendered."""
    reader = _TextReader(marks)
    reader.feed(html)
    reader.close()
    return squeezed("".join(reader.out))


def squeezed(text: str) -> str:
    """Without white space at the ends of lines, and with one empty line where there were more."""
    text = "\n".join([line.strip() for line in text.split("\n")])
    while "\n\n\n" in text:
        text = text.replace("\n\n\n", "\n\n")
    return text.strip()


_SKIPPED = frozenset(("head", "style", "script", "title", "template"))
_LINES = frozenset(("p", "div", "tr", "table", "h1", "h2", "h3", "h4", "h5", "h6", "ul", "ol", "blockquote", "section", "header",
                    "footer", "article", "center"))
_APART = frozenset(("p", "table", "h1", "h2", "h3", "h4", "h5", "h6", "ul", "ol", "blockquote"))
_VOID = frozenset(("br", "img", "hr", "meta", "link", "input", "col", "area", "source", "wbr"))


class _TextReader(HTMLParser):
    def __init__(self, marks: Marks) -> None:
        super().__init__(convert_charrefs=True)
        self._marks = marks
        self.out: list[str] = []
        self._hidden: list[str] = []
        self._links: list[tuple[str, int]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag not in _VOID and (self._hidden or tag in _SKIPPED or "display:none" in given.get("style", "").replace(" ", "")):
            self._hidden.append(tag)
        if self._hidden:
            return
        if tag in _LINES:
            self.out.append("\n\n" if tag in _APART else "\n")
        elif tag == "br":
            self.out.append("\n")
        elif tag == "hr":
            self.out.append("\n---\n")
        elif tag == "li":
            self.out.append("\n- ")
        elif tag in ("td", "th"):
            self.out.append(" ")
        elif tag == "img":
            self.out.append(given.get("alt", ""))
        elif tag == "a":
            self._links.append((given.get("href", ""), len(self.out)))

    def handle_endtag(self, tag: str) -> None:
        if self._hidden:
            while tag in self._hidden and self._hidden.pop() != tag:
                pass
            return
        if tag in _LINES:
            self.out.append("\n\n" if tag in _APART else "\n")
        elif tag == "a" and self._links:
            address, at = self._links.pop()
            said = "".join(self.out[at:]).strip()
            self.out[at:] = [said] if said else []
            if address and not address.startswith("#") and address.removeprefix("mailto:").removeprefix("tel:") != said:
                self.out.append(f" ({address})" if said else address)

    def handle_comment(self, data: str) -> None:
        """A loop or a condition counts in a comment, too: those around sections of an mj-wrapper lie in what is for Outlook."""
        pieces = [(found[0], self._marks.piece(found[0])) for found in self._marks.pattern.finditer(data)]
        self.out += [mark for mark, piece in pieces if piece.startswith("{%") and "endraw" not in piece and not self._hidden]

    def handle_data(self, data: str) -> None:
        if not self._hidden:
            self.out.append(re.sub(r"[\s\u034f\ufeff\u200c]+", " ", _no_liquid(data)))


def _no_liquid(text: str) -> str:
    """Braces that were written as entities are no Liquid."""
    return re.sub(r"\{(?=[{%])", "{{ '{' }}", text)

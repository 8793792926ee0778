"""Text in a picture: how wide it is about, how it breaks into lines, and how it stands in XML. Pure.

Nobody knows the reader's fonts: widths are those of common sans-serif ones, rather too wide than too narrow.
"""

from __future__ import annotations

import re
import unicodedata
from xml.sax.saxutils import escape

_NOT_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""Characters that no XML document may hold (XML 1.0, 5th edition, 2.2), not even escaped."""
_NARROW, _BROAD = set("iljtfrI.,:;'|!()[] "), set("mwMW@%&")


def in_xml(text: str) -> str:
    """Text as content or as the value of an attribute."""
    return escape(_NOT_XML.sub("\ufffd", text), {'"': "&quot;", "'": "&#39;"})


def width(text: str, size: float) -> float:
    """About how wide a line is, in px, at a font size in px."""
    return size * sum(_em(character) for character in text)


def lines(text: str, size: float, most: float, at_most: int = 0) -> list[str]:
    """The text in lines of at most `most` px, broken between words where that can be; with `at_most` lines the last one may end
    in an ellipsis. At least one line."""
    found: list[str] = []
    line = ""
    for word in text.split():
        whole = f"{line} {word}" if line else word
        if width(whole, size) <= most:
            line = whole
            continue
        if line:
            found.append(line)
        *pieces, line = _pieces(word, size, most)
        found.extend(pieces)
    found.append(line)
    if at_most and len(found) > at_most:
        return [*found[:at_most - 1], _cut(found[at_most - 1], size, most)]
    return found


def _pieces(word: str, size: float, most: float) -> list[str]:
    found = [""]
    for character in word:
        if found[-1] and width(found[-1] + character, size) > most:
            found.append("")
        found[-1] += character
    return found


def _cut(line: str, size: float, most: float) -> str:
    while line and width(line + "…", size) > most:
        line = line[:-1]
    return line + "…"


def _em(character: str) -> float:
    if unicodedata.combining(character):
        return 0.0
    if unicodedata.east_asian_width(character) in "WF":
        return 1.02
    if character in _NARROW:
        return 0.34
    if character in _BROAD:
        return 0.92
    return 0.68 if character.isupper() else 0.57

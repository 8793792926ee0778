"""Languages as BCP 47 tags: `fr`, `fr-FR`, `zh-Hans-CN`. Pure."""

from __future__ import annotations

import re
from functools import cache, lru_cache

from socle.normalisation.countries import folded, is_country
from socle.normalisation.model import UNKNOWN_LANGUAGE, Reading

_RENAMED = {"iw": "he", "in": "id", "ji": "yi", "jw": "jv", "mo": "ro"}
_VARIANT = re.compile(r"[a-z0-9]{5,8}|[0-9][a-z0-9]{3}")


@lru_cache(1024)
def language(text: str) -> Reading:
    """The tag in its usual case, from a tag (`fr_fr`, `FRA`, `en_US.UTF-8`) or a name; flag `unknown_language`."""
    found = (_tag(text.strip()) or _languages().get(folded(text))) if len(text) <= 100 else None
    return Reading(found, "" if found else UNKNOWN_LANGUAGE)


def _tag(text: str) -> str | None:
    first, *rest = re.split(r"[-_]", re.split(r"[.@]", text)[0].lower())
    if not (first.isascii() and len(first) in (2, 3)):
        return None
    tag = _languages().get(_RENAMED.get(first, first))
    if tag is None:
        return None
    parts = [tag]
    if rest and re.fullmatch(r"[a-z]{4}", rest[0]):
        parts.append(rest.pop(0).capitalize())
    if rest and (is_country(rest[0].upper()) or re.fullmatch(r"[0-9]{3}", rest[0])):
        parts.append(rest.pop(0).upper())
    if not all(_VARIANT.fullmatch(part) for part in rest):
        return None
    return "-".join(parts + rest)


@cache
def _languages() -> dict[str, str]:
    from socle.normalisation.language_table import OTHERS, TABLE

    names: dict[str, str] = {}
    codes = {code: code for code in OTHERS.split()}
    for entry in TABLE.split(";"):
        short, long, written = entry.split(maxsplit=2)
        codes |= dict.fromkeys((short, *long.split(",")), short)
        names |= {folded(name): short for name in written.split("|")}
    return names | codes

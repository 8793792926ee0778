"""Where a link of a message leads: web addresses alone, as browsers and headers take them, with campaign parameters. Pure."""

from __future__ import annotations

import re
from functools import lru_cache
from urllib.parse import quote, urlsplit, urlunsplit

from socle.templates.model import Unrenderable

Utm = tuple[tuple[str, str], ...]
"""(name, value) of parameters, the names without `utm_`, in the order in which they are added."""

_UNTRACKED = ("mailto", "tel", "sms")
_CONTROLS = re.compile(r"[\x00-\x1f\x7f]")
_KEPT = "!#$%&'()*+,/:;=?@[]~"
"""What RFC 3986 allows in a path or query, and `%`: what is encoded already stays as it is."""


@lru_cache(maxsize=4_096)
def target(url: str, utm: Utm = ()) -> str | None:
    """`url` in ASCII, with the parameters of `utm` that it lacks; None for mail, phone and SMS links, which stay as they are.

    Raises Unrenderable(`bad_link`) for anything else that is no http or https address with a host.
    """
    url = url.strip()
    scheme = url.partition(":")[0].lower()
    if scheme in _UNTRACKED:
        return None
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError:
        raise _bad() from None
    if scheme not in ("http", "https") or not host or _CONTROLS.search(url) or "@" in parts.netloc:
        raise _bad()
    where = _host(host) + (f":{port}" if port is not None else "")
    query = quote(parts.query, safe=_KEPT)
    there = {pair.partition("=")[0] for pair in parts.query.split("&")}
    missing = "&".join(f"utm_{name}={quote(value, safe='')}" for name, value in utm if value and f"utm_{name}" not in there)
    return urlunsplit((scheme, where, quote(parts.path, safe=_KEPT), "&".join(filter(None, (query, missing))),
                       quote(parts.fragment, safe=_KEPT)))


def _host(host: str) -> str:
    if ":" in host:
        return f"[{host}]"
    try:
        found = host.encode("idna").decode()
    except UnicodeError:
        raise _bad() from None
    if not re.fullmatch(r"[A-Za-z0-9._-]+", found):
        raise _bad()
    return found


def _bad() -> Unrenderable:
    # Not what it is: a person's value may have become part of it, and who reads of a run need not know that.
    return Unrenderable("bad_link", "it is no link: write an address that begins with https:// or http:// and a domain", "url")

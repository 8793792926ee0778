"""People or machines: why a request for a pixel or a link is no person's doing. Pure.

Mail programs and gateways fetch what a message shows, and follow what it links to, before or without anybody reading it.

    code        what                                                              source
    head        a HEAD request: links are looked at, not followed                 Barracuda, Office
    prefetch    the browser says that nobody looks yet                            W3C Prefetch: `Sec-Purpose`; older: `X-Moz`…
    no_agent    no browser is without a name
    apple       Mail Privacy Protection fetches all images of all mails; its      help.socketlabs.com: Identifying Apple MPP
                proxy says `Mozilla/5.0` and nothing more
    gmail       Gmail fetches images of mails that arrive while it is open        sparkpost.com: Gmail is prefetching images
    scanner     security gateways, previews in chats, crawlers, libraries, by name
    too_soon    within 2 s of its sending, or of its delivery once that is known: nobody reads as fast
    many_links  another link of the message within a second: nobody clicks as fast

What is left is a person, as far as can be told: scanners exist that wait and call themselves Chrome. Opens through the image
proxies of Gmail (`GoogleImageProxy`) and Yahoo (`YahooMailProxy`) count as people's: these fetch when a mail is opened
(sparkpost.com, as above, who tell them from prefetches; help.yahoo.com SLN28749). A proxy of images clicks on nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from socle.messages.model import Message
from socle.tracking.model import CLICKED, OPENED, Asked, Visit

TOO_SOON = 2_000
"""Milliseconds after sending or delivery within which only machines are."""
AT_ONCE = 1_000
"""Milliseconds between two links of one message within which only machines follow both."""
MANY_LINKS, SOON = "many_links", "too_soon"

_PURPOSES = ("sec-purpose", "purpose", "x-purpose", "x-moz")
_SPECULATIVE = re.compile(r"prefetch|prerender|preview", re.IGNORECASE)
_GMAIL = "Chrome/42.0.2311.135 Safari/537.36 Edge/12.246 Mozilla/5.0"
_IMAGE_PROXIES = re.compile(r"GoogleImageProxy|YahooMailProxy|ggpht\.com")
_SCANNERS = re.compile(
    r"(?<!cu)bot(\b|[/;_-])|crawl|spider|scanner|preview|slurp|headless|phantomjs|"  # Cubot makes telephones
    r"barracuda|cudasvc|mimecast|proofpoint|urldefense|safelinks|microsoft office (existence|protocol) discovery|"
    r"ironport|cisco ?secure|trend ?micro|\btmes\b|forti(mail|net|guard)|sophos|symantec|messagelabs|forcepoint|websense|"
    r"fireeye|trellix|zscaler|check ?point|bitdefender|kaspersky|mcafee|virustotal|vade ?secure|hornetsecurity|"
    r"facebookexternalhit|whatsapp/|skypeuri|embedly|google-safety|google-read-aloud|"
    r"^(curl|wget|python|go-http-client|java|okhttp|apache-httpclient|libwww|lwp|ruby|php|axios|node|undici|aiohttp|httpx|"
    r"winhttp|scrapy|postman)\b", re.IGNORECASE)

_TABLET = re.compile(r"ipad|tablet|kindle|silk/|android(?!.*mobile)", re.IGNORECASE)
_MOBILE = re.compile(r"iphone|ipod|android|mobile|phone", re.IGNORECASE)
_DESKTOP = re.compile(r"windows nt|macintosh|x11|cros |linux|thunderbird|outlook|ms-?office", re.IGNORECASE)


def why_automated(what: str, asked: Asked, message: Message, at: int) -> str:
    """The code of the first reason why this visit is a machine's; "" for a person's. `at`: epoch ms."""
    if asked.method == "HEAD":
        return "head"
    if any(_SPECULATIVE.search(asked.headers.get(name, "")) for name in _PURPOSES):
        return "prefetch"
    agent = asked.agent.strip()
    if not agent:
        return "no_agent"
    if agent == "Mozilla/5.0":
        return "apple"
    if _GMAIL in agent:
        return "gmail"
    if _IMAGE_PROXIES.search(agent):
        if what == CLICKED:
            return "scanner"
    elif _SCANNERS.search(agent):
        return "scanner"
    return SOON if at < message.at + TOO_SOON else ""


def at_once(visit: Visit, others: Iterable[Visit]) -> list[Visit]:
    """The clicks on other links of the message that no person could have made beside this one."""
    return [one for one in others if one.what == visit.what == CLICKED and one.number != visit.number
            and abs(one.at - visit.at) < AT_ONCE]


def before_anybody(delivered: int, visits: Iterable[Visit]) -> list[Visit]:
    """Those of the visits that looked like a person's and came before anybody could have read what was `delivered` (epoch ms)."""
    return [one for one in visits if one.human and one.at < delivered + TOO_SOON]


def by_people(what: str, visits: Iterable[Visit], wrong: Iterable[Visit]) -> list[Visit]:
    """Those of the visits that are a person's as far as all of them tell, without `wrong`, the first one first."""
    known, not_these = list(visits), set(wrong)
    found = [one for one in known if one.what == what and one.human and one not in not_these and not at_once(one, known)]
    return sorted(found, key=lambda one: one.at)


def device_of(what: str, agent: str) -> str:
    """`mobile`, `tablet`, `desktop`; `proxy` where a mail provider stands between; "" when it can't be told."""
    if what == OPENED and _IMAGE_PROXIES.search(agent):
        return "proxy"
    for name, pattern in (("tablet", _TABLET), ("mobile", _MOBILE), ("desktop", _DESKTOP)):
        if pattern.search(agent):
            return name
    return ""

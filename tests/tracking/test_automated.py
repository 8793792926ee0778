"""People and machines, by what their requests say."""

from __future__ import annotations

import pytest

from socle.tracking.automated import device_of, why_automated
from socle.tracking.model import CLICKED, OPENED, Asked
from tests.tracking.world import AT, MESSAGE, SAFARI

LATER = AT + 60_000
CHROME = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0 Safari/537.36"
GMAIL = "Mozilla/5.0 (Windows NT 5.1; rv:11.0) Gecko Firefox/11.0 (via ggpht.com GoogleImageProxy)"
GMAIL_EARLY = ("Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/42.0.2311.135 "
               "Safari/537.36 Edge/12.246 Mozilla/5.0")
YAHOO = "YahooMailProxy; https://help.yahoo.com/kb/yahoo-mail-proxy-SLN28749.html"
PEOPLE = {
    SAFARI: "mobile", CHROME: "desktop",
    "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko)": "desktop",
    "Mozilla/5.0 (iPad; CPU OS 16_6 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Mobile/15E148": "tablet",
    "Mozilla/5.0 (Linux; Android 14; SM-X710) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0 Safari/537.36": "tablet",
    "Mozilla/5.0 (Linux; Android 14; Pixel 8) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0 Mobile Safari/537.36":
        "mobile",
    "Mozilla/5.0 (Linux; Android 7.0; CUBOT_NOTE_S) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/80 Mobile Safari/537.36":
        "mobile",
    "Mozilla/5.0 (Linux; Android 9; CUBOT) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/80 Mobile Safari/537.36": "mobile",
    "Mozilla/4.0 (compatible; ms-office; MSOffice 16)": "desktop",
    "Microsoft Office/16.0 (Windows NT 10.0; Microsoft Outlook 16.0.17328; Pro)": "desktop",
    "Mozilla/5.0 (X11; Linux x86_64; rv:115.0) Gecko/20100101 Thunderbird/115.4.2": "desktop",
}
SCANNERS = [
    "Barracuda Sentinel (EE)", "Mozilla/5.0 (compatible; Mimecast URL Protect)", "proofpoint-urldefense/1.0",
    "Microsoft Office Existence Discovery", "Microsoft Office Protocol Discovery", "curl/8.5.0", "Wget/1.21", "okhttp/4.12.0",
    "python-requests/2.31.0", "Go-http-client/2.0", "Java/17.0.1", "Googlebot/2.1 (+http://www.google.com/bot.html)",
    "Mozilla/5.0 (compatible; bingbot/2.0; +http://www.bing.com/bingbot.htm)", "Slackbot-LinkExpanding 1.0", "TelegramBot",
    "Mozilla/5.0 (Windows NT 6.1) AppleWebKit/534+ (KHTML, like Gecko) BingPreview/1.0b", "facebookexternalhit/1.1",
    "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) HeadlessChrome/126.0.0.0 Safari/537.36",
    "WhatsApp/2.23.20", "Mozilla/5.0 (compatible; Yahoo! Slurp)", "CiscoSecureEmail", "TMES link check", "FortiMail",
    "Mozilla/5.0 (compatible; ZScaler)", "SkypeUriPreview Preview/0.5", "Mozilla/5.0 (compatible; Google-Safety)",
]


def why(what: str, agent: str, method: str = "GET", at: int = LATER, **headers: str) -> str:
    named = {name.replace("_", "-"): text for name, text in headers.items()}
    return why_automated(what, Asked(method, agent, named), MESSAGE, at)


@pytest.mark.parametrize("what", [OPENED, CLICKED])
@pytest.mark.parametrize("agent", PEOPLE)
def test_browsers_and_mail_programs_are_people_s(agent, what):
    assert why(what, agent) == ""
    assert device_of(what, agent) == PEOPLE[agent]


@pytest.mark.parametrize("what", [OPENED, CLICKED])
@pytest.mark.parametrize("agent", SCANNERS)
def test_gateways_previews_crawlers_and_libraries_are_not(agent, what):
    assert why(what, agent) == "scanner"


@pytest.mark.parametrize("what", [OPENED, CLICKED])
def test_apple_s_proxy_says_no_more_than_mozilla(what):
    assert why(what, "Mozilla/5.0") == "apple"
    assert why(what, " Mozilla/5.0 ") == "apple"


@pytest.mark.parametrize("agent", [GMAIL, YAHOO])
def test_proxies_of_images_fetch_when_people_open_and_click_on_nothing(agent):
    assert why(OPENED, agent) == ""
    assert device_of(OPENED, agent) == "proxy"
    assert why(CLICKED, agent) == "scanner"
    assert why(OPENED, agent, at=AT + 1_999) == "too_soon"


def test_gmail_s_fetching_before_a_mail_is_opened_is_no_open():
    assert why(OPENED, GMAIL_EARLY) == "gmail"


@pytest.mark.parametrize("headers", [
    {"sec_purpose": "prefetch"}, {"sec_purpose": "prefetch;prerender"}, {"purpose": "prefetch"}, {"x_purpose": "preview"},
    {"x_moz": "prefetch"}, {"sec_purpose": "Prefetch;anonymous-client-ip"}])
def test_what_a_browser_fetches_ahead_nobody_looks_at(headers):
    assert why(CLICKED, CHROME, **headers) == "prefetch"
    assert why(CLICKED, CHROME, sec_fetch_mode="navigate", sec_fetch_dest="document") == ""


@pytest.mark.parametrize("what", [OPENED, CLICKED])
def test_nobody_reads_within_two_seconds(what):
    assert why(what, CHROME, at=AT) == why(what, CHROME, at=AT + 1_999) == "too_soon"
    assert why(what, CHROME, at=AT + 2_000) == ""


@pytest.mark.parametrize("what", [OPENED, CLICKED])
def test_head_and_the_nameless_are_machines(what):
    assert why(what, CHROME, method="HEAD") == "head"
    assert why(what, "") == why(what, "  ") == "no_agent"

"""What it takes to make one e-mail of its template: a letter in MJML of some 20 KB with products, a block for a segment, 8 links.

`python -m tests.benchmarks.templates` prints it alone.
"""

from __future__ import annotations

import sys
import time
from typing import Any, NamedTuple

from socle.messages.model import Mail
from socle.templates.compile import compile_frozen
from socle.templates.render import NoLinks

GOAL_US = 200
_PRODUCTS = 3
_SECTION = """
<mj-section background-color="#ffffff" padding="8px 0"><mj-column width="50%">
<mj-image src="{{ p.image }}" alt="{{ p.name }}" href="{{ p.url }}" /></mj-column><mj-column width="50%">
<mj-text font-size="18px"><b>{{ p.name }}</b></mj-text><mj-text>{{ p.price | money: 'EUR' }}</mj-text>
<mj-button href="{{ p.url }}" background-color="{{ brand.colors.primary }}">Have a look</mj-button></mj-column></mj-section>"""
_MJML = f"""<mjml><mj-head><mj-title>{{{{ brand.name }}}}</mj-title><mj-attributes><mj-all font-family="Georgia, serif" />
</mj-attributes></mj-head><mj-body background-color="#f4efe8">
<mj-section><mj-column><mj-image src="https://example.com/logo.png" alt="logo" width="120px" href="https://example.com/" />
<mj-text font-size="24px">Dear {{{{ traits.firstName | default: 'reader' }}}},</mj-text>
<mj-text>{"Autumn is the time of long evenings and of letters. " * 12}</mj-text></mj-column></mj-section>
{{% for p in event.products %}}{_SECTION}{{% endfor %}}
{{% if segments contains 'vip' %}}<mj-section><mj-column><mj-text>Your order of {{{{ orders.EUR.last | date: 'long' }}}} was the
{{{{ orders.EUR.count | plural: one: 'first', other: '#th' }}}}.</mj-text>
<mj-button href="https://example.com/vip?n={{{{ profile.id | url_encode }}}}">For you</mj-button></mj-column></mj-section>
{{% endif %}}
<mj-section><mj-column><mj-text>{"Sincerely yours, as every month. " * 6}</mj-text>
<mj-social><mj-social-element name="github" href="https://example.com/one">One</mj-social-element></mj-social>
<mj-text><a href="https://example.com/about">About</a> <a href="https://example.com/terms">Terms</a> {{{{ brand.address }}}}<br>
<a href="{{{{ links.preferences }}}}">Preferences</a> <a href="{{{{ links.unsubscribe }}}}">Unsubscribe</a></mj-text>
</mj-column></mj-section></mj-body></mjml>"""
FROZEN: dict[str, Any] = {
    "name": "letter", "version": 1, "blocks": {}, "layout": None,
    "brand": {"name": "Café Zoé", "address": "1 rue de Paris, 75001 Paris", "colors": {"primary": "#7a1f3d"}},
    "document": {"channel": "email", "subject": "{{ traits.firstName }}, your letter", "preheader": "Three things for autumn",
                 "mjml": _MJML}}
PERSON: dict[str, Any] = {
    "traits": {"firstName": "Zoé"}, "segments": ["vip"], "locale": "fr-FR", "timezone": "Europe/Paris",
    "profile": {"id": "p000001"}, "orders": {"EUR": {"count": 4, "last": "2026-10-02T08:00:00Z"}},
    "event": {"products": [{"name": f"Thé & miel {number}", "price": 12.5 + number, "url": f"https://example.com/p/{number}",
                            "image": f"https://example.com/p/{number}.png"} for number in range(_PRODUCTS)]}}


class Rendering(NamedTuple):
    """Microseconds of CPU per mail, its size, its links, and milliseconds to compile the template once."""

    each_us: float
    html_bytes: int
    links: int
    compile_ms: float


def measure(rounds: int = 400) -> Rendering:
    """The best of five runs; the signing of links is not in it."""
    began = time.process_time()
    compiled = compile_frozen(FROZEN, "https://example.com")
    compile_ms = (time.process_time() - began) * 1000
    links, best = NoLinks(), float("inf")
    rendered = compiled.render(PERSON, links)
    for _ in range(5):
        began = time.process_time()
        for _ in range(rounds):
            rendered = compiled.render(PERSON, links)
        best = min(best, (time.process_time() - began) / rounds)
    size = len(rendered.html.encode()) if isinstance(rendered, Mail) else 0
    return Rendering(best * 1e6, size, len(compiled.links), compile_ms)


if __name__ == "__main__":
    found = measure()
    sys.stdout.write(f"{found.each_us:.0f} µs per mail of {found.html_bytes:,} bytes with {found.links} links (goal {GOAL_US}); "
                     f"compiled in {found.compile_ms:.0f} ms\n")

"""Templates of what Socle sends by itself. Whoever writes a template of the same name has theirs sent instead. Nouns only."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from socle.templates.document import TemplateDocument

CONFIRMATION = "confirmation"
"""The mail of double opt-in; `event` holds `topic` (its title) and `text` (what is agreed to), in the person's language."""

_FRENCH = "{% assign language = locale | slice: 0, 2 %}{% if language == 'fr' %}"
_HTML = """<!doctype html>
<html lang="LANGUAGEfr{% else %}en{% endif %}"><head><meta charset="utf-8">
<meta name="viewport" content="width=device-width,initial-scale=1"><title>{{ event.topic }}</title></head>
<body style="margin:0;padding:0;background:{{ brand.colors.background | default: '#f4f4f2' }}">
<table role="presentation" width="100%" cellpadding="0" cellspacing="0"><tr><td align="center" style="padding:24px 12px">
<table role="presentation" width="100%" cellpadding="0" cellspacing="0"
 style="max-width:560px;background:#ffffff;border-radius:12px">
<tr><td style="padding:32px;font-family:Helvetica,Arial,sans-serif;font-size:16px;line-height:1.55;color:#1c1c1c">
{% if brand.name != '' %}<p style="margin:0 0 20px;font-weight:bold">{{ brand.name }}</p>{% endif %}
LANGUAGE
<h1 style="margin:0 0 12px;font-size:22px;line-height:1.3">Merci de confirmer</h1>
<p style="margin:0 0 16px">Vous avez demandé à recevoir : <strong>{{ event.topic }}</strong>. Un clic et c'est fait.</p>
{% else %}
<h1 style="margin:0 0 12px;font-size:22px;line-height:1.3">Please confirm</h1>
<p style="margin:0 0 16px">You asked to receive: <strong>{{ event.topic }}</strong>. One click and it is done.</p>
{% endif %}
{% if event.text != '' %}<p style="margin:0 0 20px;color:#595959;font-size:14px">{{ event.text }}</p>{% endif %}
<p style="margin:0 0 24px"><a href="{{ links.confirm }}" style="display:inline-block;padding:14px 26px;border-radius:8px;
background:{{ brand.colors.primary | default: '#1f4e79' }};color:#ffffff;text-decoration:none;font-weight:bold">
{% if language == 'fr' %}Je confirme mon abonnement{% else %}Confirm my subscription{% endif %}</a></p>
<p style="margin:0;color:#595959;font-size:14px">{% if language == 'fr' %}Si ce n'était pas vous, ne faites rien :
sans confirmation, rien n'est envoyé.{% else %}
If this was not you, do nothing: without your confirmation nothing is sent.{% endif %}</p>
</td></tr></table>
{% if brand.address != '' %}<p style="margin:16px 0 0;font-family:Helvetica,Arial,sans-serif;font-size:12px;color:#595959">
{{ brand.address }}</p>{% endif %}
</td></tr></table></body></html>
""".replace("LANGUAGE", _FRENCH)

BUILT_IN: Mapping[str, dict[str, Any]] = {
    CONFIRMATION: TemplateDocument.model_validate({
        "channel": "email", "html": _HTML,
        "subject": _FRENCH + "Merci de confirmer : {{ event.topic }}{% else %}Please confirm: {{ event.topic }}{% endif %}",
        "description": "asks to confirm a subscription (double opt-in)",
    }).model_dump(mode="json"),
}

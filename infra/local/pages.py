"""The machine's two pages: what to open, and what was sent. Plain HTML and a few lines of script."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

_STYLE = """
:root { color-scheme: light dark; --ink: #1d2733; --soft: #5b6875; --line: #dde3e9; --paper: #fff; --ground: #f4f6f8;
  --accent: #0b6e63; }
@media (prefers-color-scheme: dark) { :root { --ink: #e6ebf0; --soft: #9aa7b4; --line: #2f3a45; --paper: #1b232b;
  --ground: #12181e; --accent: #4fc3b2; } }
* { box-sizing: border-box }
body { margin: 0; background: var(--ground); color: var(--ink); font: 16px/1.55 system-ui, sans-serif }
main { max-width: 860px; margin: 0 auto; padding: 40px 20px 64px }
h1 { font-size: 30px; margin: 0 0 4px; letter-spacing: -.02em }
h2 { font-size: 17px; margin: 32px 0 10px }
p.lead { color: var(--soft); margin: 0 0 28px }
a { color: var(--accent); text-decoration-thickness: 1px; text-underline-offset: 3px }
ul.cards { list-style: none; margin: 0; padding: 0; display: grid; gap: 12px;
  grid-template-columns: repeat(auto-fill, minmax(250px, 1fr)) }
.card { background: var(--paper); border: 1px solid var(--line); border-radius: 10px; padding: 16px 18px; margin: 0 }
.card p { margin: 4px 0 0; color: var(--soft); font-size: 14px }
.card a { font-weight: 600 }
#shown { margin-top: 14px; max-height: 420px; overflow: auto }
#shown td, #shown th { border-top: 1px solid var(--line) }
#shown td:not(:last-child) { overflow-wrap: normal }
pre { background: var(--paper); border: 1px solid var(--line); border-radius: 10px; padding: 14px 16px; white-space: pre-wrap;
  overflow-wrap: anywhere; font: 13px/1.6 ui-monospace, monospace; margin: 0 }
table { border-collapse: collapse; width: 100%; font-size: 14px }
td, th { text-align: left; padding: 5px 14px 5px 0; vertical-align: top; overflow-wrap: anywhere }
th { color: var(--soft); font-weight: 500; white-space: nowrap }
article th { width: 1%; padding-right: 28px }
article pre { max-height: 300px; overflow: auto; background: var(--ground); margin-top: 8px }
article { background: var(--paper); border: 1px solid var(--line); border-radius: 10px; margin: 0 0 16px;
  padding: 16px 18px }
article header { display: flex; flex-wrap: wrap; gap: 4px 12px; align-items: baseline; margin-bottom: 8px }
article header time { margin-left: auto; color: var(--soft); font-size: 13px }
.channel { font-size: 12px; font-weight: 600; color: var(--accent); border: 1px solid var(--accent);
  border-radius: 99px; padding: 0 9px }
iframe { width: 100%; height: 560px; resize: vertical; border: 1px solid var(--line); border-radius: 6px; background: #fff;
  margin-top: 10px }
details { margin-top: 10px; font-size: 14px } summary { cursor: pointer; color: var(--soft) }
button { font: inherit; font-size: 14px; color: inherit; background: var(--paper); border: 1px solid var(--line);
  border-radius: 8px; padding: 5px 14px; cursor: pointer } button:hover { border-color: var(--accent) }
input { font: inherit; font-size: 14px; color: inherit; background: var(--paper); border: 1px solid var(--line);
  border-radius: 8px; padding: 5px 12px; flex: 1 1 260px; max-width: 420px }
form.row { margin: 0 0 16px }
.row { display: flex; flex-wrap: wrap; gap: 10px; align-items: center }
"""

_START = """
async function show(event, path) {
  event.preventDefault();
  const answer = await fetch(path, {headers: {authorization: 'Bearer local-admin-token'}});
  const document_ = await answer.json(), shown = document.getElementById('shown');
  const refused = answer.ok && path === '/api/quarantine' && document_.items.length;
  shown.replaceChildren(refused ? table(document_.items) : JSON.stringify(document_, null, 2));
  shown.hidden = false;
  shown.scrollIntoView({behavior: 'smooth'});
}
function table(items) {
  const names = ['received', 'source', 'code', 'message', 'event'], made = document.createElement('table');
  for (const item of [Object.fromEntries(names.map(name => [name, name])), ...items]) {
    const row = made.insertRow();
    for (const name of names) {
      const cell = row.appendChild(document.createElement(made.rows.length > 1 ? 'td' : 'th'));
      cell.textContent = typeof item[name] === 'string' ? item[name] : JSON.stringify(item[name]);
    }
  }
  return made;
}
async function move(step) {
  const answer = await fetch('/local/clock', {method: 'POST', body: JSON.stringify({advance: step})});
  document.getElementById('now').textContent = answer.ok ? (await answer.json()).now : 'failed: see the terminal';
}
"""
_HEAD = re.compile(r"<head(?: [^>]*)?>", re.IGNORECASE)
SHOWN = 20
"""Messages on a page of the outbox: a browser makes a document of each."""
_EMPTY = "async function empty_() { await fetch('/local/outbox', {method: 'DELETE'}); location.reload(); }"

_COMMANDS = """curl -u local-write-key: {host}/v1/track -d '{{"userId": "42", "event": "Order Completed",
  "properties": {{"order_id": "A1", "revenue": 49.90, "currency": "EUR"}}}}'
curl -H 'Authorization: Bearer local-admin-token' '{host}/api/profiles?by=user_id:42'
curl {host}/local/clock -d '{{"advance": "3d"}}'"""

_LOOKUP = """<form class="row" onsubmit="show(event, '/api/profiles?by=' + encodeURIComponent(this.by.value.trim()))">
<input name="by" required placeholder="user_id:42, email:…, phone:+…, anonymous_id:…" aria-label="identifier of a person">
<button>Show the profile</button></form>"""


def _document(title: str, body: str, script: str) -> str:
    return (f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{escape(title)}</title>'
            f'<meta name="viewport" content="width=device-width"><style>{_STYLE}</style></head>'
            f"<body><main>{body}</main><script>{script}</script></body></html>")


def start(outputs: Mapping[str, str], now: str, sent: int, host: str) -> str:
    """The start page: what there is to open, how to send a first event, the clock, and the names in the stack."""
    cards = [
        ("/api/openapi.json", "OpenAPI", "every route of the admin API"),
        ("/api/sources", "Sources", "where events come from"),
        ("/api/segments/sizes", "Segments", "how many are in each, as last counted"),
        ("/api/quarantine", "Quarantine", "events that were refused, and why"),
        ("/local/outbox", "Outbox", f"{sent} sent: e-mail, SMS, push and webhooks"),
        ("/local/metrics", "Metrics", "what the functions have counted since the start"),
        ("/health", "Health", "200 when the machine is ready"),
    ]
    links = "".join(f'<li class="card"><a href="{link}"{_with_token(link)}>{escape(name)}</a><p>{escape(text)}</p></li>'
                    for link, name, text in cards)
    rows = "".join(f"<tr><th>{escape(key)}</th><td>{escape(value)}</td></tr>" for key, value in sorted(outputs.items())
                   if not key.endswith("Url"))  # they lead to AWS
    buttons = "".join(f"<button onclick=\"move('{step}')\">+ {text}</button>"
                      for step, text in (("1h", "1 hour"), ("1d", "1 day"), ("7d", "7 days")))
    return _document("Socle on this machine", (
        "<h1>Socle</h1><p class='lead'>The deployed stack, on this machine. What it sends stays on it: see the outbox.</p>"
        f"{_LOOKUP}<ul class='cards'>{links}</ul><pre id='shown' hidden></pre>"
        f"<h2>Try it</h2><pre>{escape(_COMMANDS.format(host=host))}</pre>"
        f"<h2>Clock</h2><div class='row'><span id='now'>{escape(now)}</span>{buttons}</div>"
        f"<h2>In the stack</h2><div class='card'><table>{rows}</table></div>"), _START)


def _with_token(link: str) -> str:
    """The admin API wants a token, which a plain link cannot send."""
    return f" onclick=\"show(event, '{link}')\"" if link.startswith("/api/") else ""


def outbox(items: Sequence[Mapping[str, Any]], skip: int = 0) -> str:
    """What was sent, newest first, for that is what a person wants to see, without the `skip` newest; `items` are newest last."""
    shown = items[:max(0, len(items) - skip)]
    body = "".join(_item(item) for item in reversed(shown[-SHOWN:])) or (
        "<p class='lead'>Nothing was sent yet. Mails, text messages, pushes and webhooks appear here.</p>")
    clear = "<button onclick='empty_()'>Empty</button>" if items else ""
    newer = f"<a href='/local/outbox?skip={max(0, skip - SHOWN)}'>Newer</a>" if skip else ""
    older = f"<a href='/local/outbox?skip={skip + SHOWN}'>Older</a>" if len(shown) > SHOWN else ""
    body += f"<div class='row'>{newer} {older}</div>" if newer or older else ""
    return _document(f"Outbox ({len(items)})", (
        f"<p><a href='/'>Socle</a></p><div class='row'><h1>Outbox</h1>{clear}</div>"
        f"<p class='lead'>{len(items)} sent, newest first. <code>curl</code> gets them as JSON, newest last.</p>{body}"),
        _EMPTY)


def _item(item: Mapping[str, Any]) -> str:
    head = (f"<span class='channel'>{escape(item['channel'])}</span><strong>{escape(item['subject'] or item['to'])}"
            f"</strong><time>{escape(item['sent_at'])}</time>")
    rows = [("To", item["subject"] and item["to"]), ("From", item["from"]), *item["tags"].items()]
    table = "".join(f"<tr><th>{escape(str(key))}</th><td>{escape(str(value))}</td></tr>" for key, value in rows if value)
    parts = [f"<header>{head}</header>", f"<table>{table}</table>" if table else ""]
    if item["html"]:
        # The sandbox allows no scripts and no forms; a link opens beside, as it does in a mail program.
        parts.append(f'<iframe sandbox="allow-popups allow-popups-to-escape-sandbox" title="mail" '
                     f'srcdoc="{escape(_with_images(item), quote=True)}"></iframe>')
    files = [file for file in item.get("attachments", ()) if not file["cid"]]
    if files:
        parts.append("<p>" + " · ".join(map(_attachment, files)) + "</p>")
    if item["text"]:
        shown = f"<pre>{escape(_indented(item['text']))}</pre>"
        parts.append(f"<details><summary>Text</summary>{shown}</details>" if item["html"] else shown)
    if item["headers"]:
        headers = escape("\n".join(f"{key}: {value}" for key, value in item["headers"].items()))
        parts.append(f"<details><summary>Headers</summary><pre>{headers}</pre></details>")
    return f"<article>{''.join(parts)}</article>"


def _attachment(file: Mapping[str, Any]) -> str:
    name = escape(file["name"] or "file", quote=True)
    return f'<a download="{name}" href="{file["url"]}">{name}</a> ({file["size"]:,} bytes)'


def _with_images(item: Mapping[str, Any]) -> str:
    """The HTML with the images that came with it, and with links that leave the frame."""
    html = str(item["html"])
    for file in item.get("attachments", ()):
        if file["cid"]:
            html = html.replace(f"cid:{file['cid']}", file["url"])
    return _HEAD.sub(r'\g<0><base target="_blank">', html, count=1)


def _indented(text: str) -> str:
    """JSON with a line for each field; any other text as it is."""
    try:
        document = json.loads(text)
    except (ValueError, RecursionError):
        return text
    return json.dumps(document, indent=2, ensure_ascii=False) if isinstance(document, dict | list) else text

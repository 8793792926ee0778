"""The frame of all public pages: one column, no script, nothing from elsewhere, readable on a phone and aloud. Pure.

Everything that comes from a definition or a person goes through `text`; only what this package writes itself is markup.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterable, Mapping
from html import escape

from socle.pages.model import Look, Page
from socle.pages.words import say

_PRIMARY, _TEXT, _BACKGROUND = "#1f4e79", "#1c1c1c", "#f4f4f2"
_SENTENCE = 60
"""Characters of a label from which it is a sentence, and no title."""
_DARK = 0.179
"""Relative luminance at which black and white stand out alike (WCAG 2.2, contrast ratio)."""

_STYLE = """
*{box-sizing:border-box}
html{-webkit-text-size-adjust:100%}
body{margin:0;background:var(--back);color:var(--text);font:17px/1.55 system-ui,-apple-system,"Segoe UI",Roboto,sans-serif}
main{max-width:34rem;margin:2rem auto;padding:2rem;background:#fff;border-radius:14px;box-shadow:0 1px 4px rgba(0,0,0,.12);
color:var(--ink)}
header{margin-bottom:1.5rem;font-weight:600;font-size:1.05rem}
header img{max-height:56px;max-width:60%;display:block}
h1{font-size:1.55rem;line-height:1.25;margin:0 0 .75rem;overflow-wrap:anywhere}
p{margin:0 0 1rem;overflow-wrap:anywhere}
.quiet{color:#595959;font-size:.93rem}
.note{border-left:5px solid var(--main);background:#f5f5f3;padding:.75rem 1rem;margin:0 0 1.25rem;border-radius:0 8px 8px 0}
.fault{border-left-color:#b3261e}
.error{color:#b3261e;font-size:.93rem;margin:.3rem 0 0}
fieldset{border:0;margin:0 0 1.25rem;padding:0;min-width:0}
legend{font-weight:600;padding:0;margin-bottom:.5rem}
.field{margin:0 0 1.15rem}
.field label{display:block;font-weight:600;margin-bottom:.3rem}
input[type=text],input[type=email],input[type=tel],input[type=number],input[type=date],select,textarea{width:100%;font:inherit;
color:inherit;background:#fff;padding:.65rem .75rem;border:1px solid #767676;border-radius:8px;min-height:46px}
textarea{min-height:7rem}
.choice{display:flex;gap:.8rem;align-items:flex-start;padding:.85rem 0;border-top:1px solid #e3e3e0}
.choice input{flex:none;width:1.45rem;height:1.45rem;margin:.12rem 0 0;accent-color:var(--main)}
.choice label{flex:1;min-width:0;overflow-wrap:anywhere}
.choice small{display:block;color:#595959;font-size:.9rem;font-weight:400}
.choice strong{font-weight:600}
button{font:inherit;font-weight:600;min-height:48px;padding:.7rem 1.4rem;border-radius:10px;border:2px solid var(--main);
background:var(--main);color:var(--on);cursor:pointer;width:100%}
button.second{background:#fff;color:var(--ink);border-color:#767676}
.buttons{display:flex;flex-wrap:wrap;gap:.75rem;margin:1.4rem 0 1rem}
.scale{display:grid;grid-template-columns:repeat(auto-fit,minmax(44px,1fr));gap:.4rem}
.scale.long{grid-template-columns:repeat(6,1fr)}
.scale label{display:flex;flex-direction:column;align-items:center;border:1px solid #767676;border-radius:8px;
padding:.45rem .2rem .6rem;min-height:64px;cursor:pointer}
.scale input{width:1.3rem;height:1.3rem;accent-color:var(--main);margin:.2rem}
.scale label:has(input:checked){outline:3px solid var(--main);outline-offset:-2px;font-weight:700}
.ends{display:flex;justify-content:space-between;gap:1rem;margin-top:.4rem}
.hp{position:absolute;left:-9999px;top:auto;width:1px;height:1px;overflow:hidden}
a{color:inherit}
:focus-visible{outline:3px solid #1a73e8;outline-offset:2px}
footer{max-width:34rem;margin:0 auto 2.5rem;padding:0 2rem;font-size:.88rem}
@media(max-width:600px){body{background:#fff;color:var(--ink)}main{margin:0;padding:1.35rem;border-radius:0;box-shadow:none}
footer{padding:0 1.35rem}}
@media(min-width:601px){button{width:auto}.scale.long{grid-template-columns:repeat(11,1fr);gap:.25rem}}
"""


def text(value: object) -> str:
    """As text or as the value of an attribute."""
    return escape(str(value), quote=True)


def page(look: Look, language: str, title: str, body: str) -> Page:
    """The document around `body`, which is markup; `title` is text, and the heading."""
    style = _colors(look.colors) + _STYLE
    brand = f'<img src="../assets/{text(look.logo)}" alt="{text(look.name)}">' if look.logo else text(look.name)
    home = f'<a href="{text(look.url)}" rel="noreferrer">{text(look.name or look.url)}</a>' if look.url else text(look.name)
    html = (
        f'<!doctype html><html lang="{language}"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width,initial-scale=1"><meta name="robots" content="noindex">'
        f"<title>{text(title)}{text(f' – {look.name}') if look.name else ''}</title><style>{style}</style></head><body>"
        f"<main>{f'<header>{brand}</header>' if brand else ''}<h1>{text(title)}</h1>{body}</main>"
        f"<footer>{home}</footer></body></html>")
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    # The style is ours, by its hash; images are the company's own; a form leads back to its own page.
    return Page(html, f"default-src 'none'; style-src 'sha256-{digest}'; img-src 'self'; form-action 'self'; base-uri 'none'; "
                      "frame-ancestors 'none'")


def paragraph(words: str, kind: str = "") -> str:
    """A paragraph of text; line breaks stay."""
    lines = "<br>".join(text(line) for line in words.splitlines())
    return f'<p class="{kind}">{lines}</p>' if kind else f"<p>{lines}</p>"


def note(words: str, fault: bool = False) -> str:
    """What just happened, read aloud at once."""
    return f'<div class="note{" fault" if fault else ""}" role="{"alert" if fault else "status"}">{text(words)}</div>'


def post(inside: Iterable[str], *buttons: tuple[str, str, str]) -> str:
    """A form that leads back to its own address. Buttons: (words, name, value); the first is the main one."""
    shown = "".join(f'<button type="submit"{" class=second" if place else ""} name="{text(name)}" value="{text(value)}">'
                    f"{text(words)}</button>" for place, (words, name, value) in enumerate(buttons))
    return f'<form method="post" action="">{"".join(inside)}<div class="buttons">{shown}</div></form>'


def choice(name: str, value: str, label: str, detail: str = "", *, checked: bool = False, id_: str, error: str = "") -> str:
    """A box to tick, with its words."""
    described, shown = _error(id_, error)
    small = f"<small>{text(detail)}</small>" if detail else ""
    words = text(label) if len(label) > _SENTENCE else f"<strong>{text(label)}</strong>"
    return (f'<div class="choice"><input type="checkbox" id="{text(id_)}" name="{text(name)}" value="{text(value)}"'
            f'{" checked" if checked else ""}{described}><label for="{text(id_)}">{words}{small}'
            f"{shown}</label></div>")


def field(name: str, label: str, control: str, language: str, *, required: bool = False, error: str = "") -> str:
    """A control with its label. `control` is markup in which {} stands for attributes of ours."""
    described, shown = _error(f"f-{name}", error)
    attributes = f'id="f-{text(name)}" name="{text(name)}"{" required" if required else ""}{described}'
    optional = "" if required else f' <span class="quiet">({text(say(language, "optional"))})</span>'
    return (f'<div class="field"><label for="f-{text(name)}">{text(label)}{optional}</label>'
            f"{control.replace('{}', attributes, 1)}{shown}</div>")


def _error(id_: str, error: str) -> tuple[str, str]:
    """Attributes of the control, and what stands under it."""
    if not error:
        return "", ""
    return (f' aria-invalid="true" aria-describedby="{text(id_)}-error"',
            f'<div class="error" id="{text(id_)}-error">{text(error)}</div>')


def _colors(colors: Mapping[str, str]) -> str:
    primary, ink = colors.get("primary", _PRIMARY), colors.get("text", _TEXT)
    back = colors.get("background", _BACKGROUND)
    # Text on the white card must be readable whatever the brand says; so must the footer on the background.
    ink = ink if _luminance(ink) < _DARK else _TEXT
    return (f":root{{--main:{primary};--on:{_on(primary)};--ink:{ink};--back:{back};"
            f"--text:{ink if _on(back) == '#000000' else '#ffffff'}}}")


def _on(color: str) -> str:
    """Black or white, whichever stands out from a colour."""
    return "#000000" if _luminance(color) > _DARK else "#ffffff"


def _luminance(color: str) -> float:
    """Relative luminance of #rrggbb, 0 to 1 (WCAG 2.2)."""
    parts = [int(color[place:place + 2], 16) / 255 for place in (1, 3, 5)]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue

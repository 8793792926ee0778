"""How the diagram of a journey looks: colours by light and dark, and a sign for each kind of step."""

from __future__ import annotations

_KINDS = {"send": ("#2563eb", "#7aa7ff"), "wait": ("#64748b", "#9fb0c6"), "wait_until_time": ("#64748b", "#9fb0c6"),
          "wait_until_date": ("#64748b", "#9fb0c6"), "hold": ("#b45309", "#f0b25b"), "branch": ("#7c3aed", "#b794ff"),
          "split": ("#7c3aed", "#b794ff"), "update": ("#0f766e", "#4fc7b8"), "webhook": ("#be185d", "#f38ab8"),
          "start": ("#15803d", "#6fd08c"), "exit": ("#475569", "#a3b1c4")}

_LIGHT = {"page": "#f7f8fa", "card": "#ffffff", "edge": "#d5dae2", "ink": "#17202e", "soft": "#56627a", "line": "#8a96aa",
          "accent": "#1d4ed8", "onaccent": "#ffffff"}
_DARK = {"page": "#12161d", "card": "#1c222c", "edge": "#364051", "ink": "#eef2f8", "soft": "#a7b3c6", "line": "#74829a",
         "accent": "#8ab4ff", "onaccent": "#0d1420"}


def _variables(colours: dict[str, str], place: int) -> str:
    kinds = {f"k-{kind}": pair[place] for kind, pair in _KINDS.items()}
    return "".join(f"--{name}:{value};" for name, value in {**colours, **kinds}.items())


STYLE = (
    f"svg{{{_variables(_LIGHT, 0)}color-scheme:light dark}}"
    f"@media(prefers-color-scheme:dark){{svg{{{_variables(_DARK, 1)}}}}}"
    "text{font-family:system-ui,-apple-system,'Segoe UI',Roboto,Helvetica,Arial,sans-serif;fill:var(--ink)}"
    ".page{fill:var(--page)}.head{font-size:16px;font-weight:600}"
    ".card{fill:var(--card);stroke:var(--edge)}.name{font-size:13.5px;font-weight:600}"
    ".small{font-size:11.5px;fill:var(--soft)}.says{fill:var(--ink)}"
    ".way{fill:none;stroke:var(--line);stroke-width:1.5}.back{stroke-dasharray:5 4}"
    ".arrow{fill:var(--line)}.halo{fill:var(--page)}.label{font-size:11.5px;text-anchor:middle;fill:var(--soft)}"
    ".begin{fill:var(--ink)}.onbegin{font-size:11.5px;text-anchor:middle;fill:var(--page);font-weight:600}"
    ".end circle{fill:none;stroke:var(--line);stroke-width:1.5}.end .dot{fill:var(--line);stroke:none}"
    ".badge rect{fill:var(--accent)}.badge text{font-size:11.5px;font-weight:600;text-anchor:middle;fill:var(--onaccent)}"
    ".icon circle{fill:var(--kind);stroke:none}.icon path{fill:none;stroke:var(--card);stroke-width:1.6;stroke-linecap:round;"
    "stroke-linejoin:round}"
    + "".join(f".{kind}{{--kind:var(--k-{kind})}}" for kind in _KINDS))
"""CSS of the whole picture."""

ARROW = ('<defs><marker id="arrow" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" orient="auto">'
         '<path class="arrow" d="M0 0.8L8 4L0 7.2z"/></marker></defs>')

_CLOCK = '<path d="M9 4.5V9l3 2M9 3a6 6 0 1 0 0 12a6 6 0 1 0 0-12"/>'
GLYPHS = {
    "send": '<path d="M3.5 5h11v8h-11zM3.5 5.5L9 10l5.5-4.5"/>',
    "wait": _CLOCK,
    "wait_until_time": _CLOCK,
    "wait_until_date": '<path d="M4 5h10v9H4zM4 8h10M6.5 3.5v3M11.5 3.5v3"/>',
    "hold": '<path d="M5.5 3.5h7M5.5 14.5h7M6 3.5c0 4 6 3 6 5.5s-6 1.5-6 5.5M12 3.5c0 4-6 3-6 5.5s6 1.5 6 5.5"/>',
    "branch": '<path d="M9 3.5v4M9 7.5L5 11v3.5M9 7.5L13 11v3.5"/>',
    "split": '<path d="M3.5 9h3L10 5h4M6.5 9L10 13h4M12.5 3.5L14.5 5L12.5 6.5M12.5 11.5L14.5 13L12.5 14.5"/>',
    "update": '<path d="M4 14l.8-3.2L11.5 4l2.5 2.5L7.2 13.2z"/>',
    "webhook": '<path d="M7.5 10.5L10.5 7.5M8 6L9.8 4.2a2.7 2.7 0 0 1 3.9 3.9L12 9.8'
               'M10 12L8.2 13.8a2.7 2.7 0 0 1-3.9-3.9L6 8.2"/>',
    "start": '<path d="M6.5 4.5L13 9L6.5 13.5z"/>',
    "exit": '<path d="M10 4H5v10h5M8 9h6M12 7l2 2l-2 2"/>',
}
"""Type of a step → its sign, 18 px square."""

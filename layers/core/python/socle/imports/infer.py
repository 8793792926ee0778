"""The mapping that a file seems to want, by its header and first rows. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

from socle.errors import Rejected
from socle.imports.model import Cell, Format, Mapping, Row
from socle.imports.named import named_columns
from socle.imports.names import ROLES, folded, trait
from socle.imports.ready import READY

_EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")
_FLOAT_ID = re.compile(r"[0-9]+\.0+")
_DAY_MONTH = re.compile(r"(\d{1,2})[/-](\d{1,2})[/-]\d{2,4}\b.*", re.ASCII)
_COMMA = re.compile(r"[+-]?[0-9][0-9 .\u00a0\u202f]*,[0-9]+")
_IDENTIFIERS = ("user_id", "crm_id", "loyalty_id", "email", "phone", "anonymous_id")
_NAMED = {"ticketid": "Support Ticket", "responseid": "Survey Answered"}
_MOST = 0.8
"""Share of values that must look alike."""
_FITS = 0.5
"""Share of a ready mapping's columns that a file must have, when some may be missing."""


class Inferred(NamedTuple):
    """A proposal. `ready` names the ready mapping it is made from, if one fits; `notes` say what was guessed and why."""

    mapping: Mapping
    ready: str | None
    notes: list[str]


def infer(columns: Sequence[str], rows: Sequence[Row]) -> Inferred:
    """Raises Rejected(`no_mapping`) when no column looks like an identifier, an account or an item."""
    values = {name: [row.cells[index] for row in rows if index < len(row.cells) and row.cells[index] not in (None, "")]
              for index, name in enumerate(columns)}
    notes: list[str] = []
    ready = _ready(columns)
    if ready is not None:
        notes.append(f"the columns are those of the ready mapping {ready}")
        mapping = READY[ready]
    else:
        mapping = _made(columns, values, notes)
    return Inferred(mapping.model_copy(update={"format": _format(mapping, values, notes)}), ready, notes)


def _ready(columns: Sequence[str]) -> str | None:
    there = {name.strip().casefold() for name in columns}
    best: tuple[float, str] | None = None
    for name, mapping in READY.items():
        wanted = [column.strip().casefold() for column in named_columns(mapping)]
        share = sum(column in there for column in wanted) / len(wanted)
        if share >= (_FITS if mapping.skip_missing else 1.0) and _essential(mapping) <= there:
            best = max(best or (0.0, ""), (share, name))
    return best[1] if best else None


def _essential(mapping: Mapping) -> set[str]:
    """Columns without which the mapping can't run."""
    fields = [mapping.id, mapping.timestamp, mapping.account, mapping.item and mapping.item.id,
              mapping.event if isinstance(mapping.event, Cell) else None]
    names = (field.column if isinstance(field, Cell) else field for field in fields)
    return {name.strip().casefold() for name in names if isinstance(name, str)}


def _made(columns: Sequence[str], values: dict[str, list[Any]], notes: list[str]) -> Mapping:
    roles = _roles(columns, values, notes)
    identifiers: dict[str, Any] = {kind: _identifier(kind, roles[kind], values, notes) for kind in _IDENTIFIERS if kind in roles}
    document: dict[str, Any]
    if "order_id" in roles and identifiers and ("price" in roles or "total" in roles):
        document = _orders(roles, notes)
    elif "event" in roles and identifiers:
        document = {"kind": "events", "event": {"column": roles["event"]}}
    elif identifiers and "id" in roles and "timestamp" in roles:
        name = _NAMED.get(folded(roles["id"]), "Imported")
        document = {"kind": "events", "event": name}
        notes.append(f"rows with an id and a time are taken for events, called {name!r}: change it in `event`")
    elif "account" in roles and not identifiers:
        document = {"kind": "accounts", "account": {"column": roles["account"], "type": "text"}}
    elif identifiers:
        document = {"kind": "people"}
    elif "store" in roles:
        document = {"kind": "catalog", "item": {"type": "stores", "id": {"column": roles["store"], "type": "text"}}}
    elif "sku" in roles:
        document = {"kind": "catalog", "item": {"type": "products", "id": {"column": roles["sku"], "type": "text"}}}
    else:
        raise Rejected("no_mapping", "no column looks like a person, an account or an item: name a mapping, or rename a "
                       f"column to user_id or email; there are {', '.join(list(columns)[:40])}", "mapping")
    kind = document["kind"]
    if kind != "catalog" and identifiers:
        document["identifiers"] = identifiers
    if kind in ("orders", "events") and "timestamp" in roles:
        document["timestamp"] = roles["timestamp"]
    if kind == "events" and "id" in roles:
        document["id"] = roles["id"]
    mapping = Mapping.model_validate(document)
    used = set(named_columns(mapping))
    named = _names(name for name in columns if name not in used)
    rest: dict[str, str | Cell] = dict(named)
    if "birthday" in rest:
        rest["birthday"] = Cell(column=named["birthday"], type="date")
    return mapping.model_copy(update={"traits" if kind in ("people", "accounts") else "properties": rest})


def _orders(roles: dict[str, str], notes: list[str]) -> dict[str, Any]:
    order: dict[str, Any] = {"order_id": {"column": roles["order_id"], "type": "text"}}
    for field in ("price", "quantity", "currency"):
        if field in roles:
            order[field] = roles[field]
    if "price" not in roles:
        order["total"] = roles["total"]
    products = {"sku": {"column": roles["sku"], "type": "text"}} if "sku" in roles else {}
    if "product" in roles:
        products["name"] = {"column": roles["product"]}
    order["products"] = products
    if "currency" not in roles:
        notes.append("no column says the currency: it will be USD unless you set `order.currency`, as in {\"value\": \"EUR\"}")
    if "status" in roles:
        notes.append(f"if {roles['status']!r} says which orders were cancelled, set `order.cancelled`")
    return {"kind": "orders", "order": order}


def _roles(columns: Sequence[str], values: dict[str, list[Any]], notes: list[str]) -> dict[str, str]:
    """Role -> column: the one whose name stands first in the list of the role, each column once."""
    by_name: dict[str, str] = {}
    for name in columns:
        by_name.setdefault(folded(name), name)
    roles: dict[str, str] = {}
    for role, names in ROLES.items():
        for name in names:
            column = by_name.get(name)
            if column is not None and column not in roles.values():
                roles[role] = column
                break
    if "email" not in roles:
        for name in columns:
            if name not in roles.values() and _share(values[name], _EMAIL) >= _MOST:
                roles["email"] = name
                notes.append(f"{name!r} holds e-mail addresses")
                break
    return roles


def _identifier(kind: str, column: str, values: dict[str, list[Any]], notes: list[str]) -> Any:
    if kind in ("email", "phone", "anonymous_id"):
        return column
    if _share(values[column], _FLOAT_ID) > 0:
        notes.append(f"{column!r} holds ids that were taken for numbers: 17850.0 becomes 17850")
    return {"column": column, "clean": "integer"}


def _format(mapping: Mapping, values: dict[str, list[Any]], notes: list[str]) -> Format:
    """The format, with what only the values tell: whether the day comes first, what separates decimals."""
    changes: dict[str, Any] = {}
    dates = [found for column in values.values() for cell in column if (found := _DAY_MONTH.fullmatch(str(cell).strip()))]
    if dates:
        firsts, seconds = (max(int(found[place]) for found in dates) for place in (1, 2))
        if (firsts > 12) != (seconds > 12):
            changes["day_first"] = firsts > 12
            notes.append(f"dates are read {'day' if firsts > 12 else 'month'} first, as some can't be read otherwise")
        elif firsts <= 12:
            notes.append("dates like 03/04/2026 are ambiguous: set `format.day_first`, or those rows are rejected")
    commas = [cell for column in values.values() for cell in column if isinstance(cell, str) and _COMMA.fullmatch(cell.strip())]
    if any(len(cell.strip().rsplit(",", 1)[1]) != 3 for cell in commas):
        changes["decimal"] = ","
        notes.append("numbers are read with a decimal comma")
    return mapping.format.model_copy(update=changes)


def _names(columns: Iterable[str]) -> dict[str, str]:
    found: dict[str, str] = {}
    for column in columns:
        name, count = trait(column), 1
        while name in found:
            count += 1
            name = f"{trait(column)}_{count}"
        found[name] = column
    return found


def _share(cells: Sequence[Any], pattern: re.Pattern[str]) -> float:
    return sum(pattern.fullmatch(str(cell).strip()) is not None for cell in cells) / len(cells) if cells else 0.0

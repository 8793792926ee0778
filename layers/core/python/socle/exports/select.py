"""Who is in and what of them, as DuckDB SQL over the views of the lake: members, consent, chosen fields.

    picked    profile, allowed, then the chosen fields (c0, c1…) or, for fixed layouts, identifiers and traits
"""

# ruff: noqa: S608 (the SQL is put together from this package's own constants, checked paths and quoted names)
from __future__ import annotations

from collections.abc import Sequence

from socle.exports.model.document import ExportDocument, Purpose
from socle.exports.model.fields import Column, Type

SQL_TYPES = {Type.JSON: "JSON", Type.TEXT: "VARCHAR", Type.INTEGER: "BIGINT", Type.NUMBER: "DOUBLE", Type.BOOLEAN: "BOOLEAN",
             Type.TIME: "TIMESTAMP"}


def literal(text: str) -> str:
    """A text as SQL writes it."""
    return "'" + text.replace("'", "''") + "'"


def picked_sql(document: ExportDocument, members: str) -> str:
    """The SELECT of `picked`; `members` is a SELECT of profiles over the same views."""
    if document.fields:
        cells = [f"{typed(field.path, field.column.type)} AS c{place}" for place, field in enumerate(document.fields)]
    else:
        cells = ["identifiers", "traits"]
    return (f"SELECT profile, {allowed_sql(document.purpose)} AS allowed, {', '.join(cells)} FROM profiles "
            f"WHERE profile IN (SELECT profile FROM ({members}))")


def allowed_sql(purpose: Purpose | None) -> str:
    """Whether somebody consented: subscribed to the topic (without one: to the channel), and not unsubscribed from the whole
    channel since."""
    if purpose is None:
        return "true"
    channel = f"json_extract_string(e, '$.channel') = {literal(purpose.channel)}"
    topic = "json_extract_string(e, '$.topic')"
    whole = _entry(f"{channel} AND {topic} IS NULL")
    asked = whole if purpose.topic is None else _entry(f"{channel} AND {topic} = {literal(purpose.topic)}")
    said = f"coalesce({asked}->>'$.state' = 'subscribed', false)"
    if purpose.topic is None:
        return said
    later = f"({whole}->>'$.at') >= ({asked}->>'$.at')"
    return f"({said} AND NOT coalesce(({whole}->>'$.state') = 'unsubscribed' AND {later}, false))"


def _entry(condition: str) -> str:
    return f"(list_filter(json_extract(consent, '$[*]'), lambda e: {condition})[1])"


def typed(path: str, type_: Type) -> str:
    """What stands at a path of a profile (socle.exports.model.fields), as that type."""
    root, _, rest = path.partition(".")
    if root == "id":
        return "profile"
    if root in ("locale", "timezone", "event_count"):
        return root
    if root in ("first_seen", "last_seen"):
        return f"epoch_ms(nullif({root}, 0))"
    if root == "accounts":
        return "to_json(accounts)"
    if root == "segments":
        return "to_json(list_sort(json_keys(segments)))"
    if root == "consent":
        return "consent::JSON"
    if root == "identifiers":
        values = _at("identifiers", rest.removesuffix("[]"))
        return values if rest.endswith("[]") else f"json_extract_string({values}, '$[0]')"
    value = _at(root, rest) if root == "events" else _walk(root, rest.split("."))
    return cast(value, type_)


def cast(value: str, type_: Type) -> str:
    """A JSON value as a type; NULL where it is of another."""
    text = f"json_extract_string({value}, '$')"
    if type_ is Type.JSON:
        return f"CASE WHEN json_type({value}) <> 'NULL' THEN {value} END"
    if type_ is Type.BOOLEAN:
        return f"CASE WHEN json_type({value}) = 'BOOLEAN' THEN {text} = 'true' END"
    if type_ is Type.NUMBER:
        return f"CASE WHEN isfinite(TRY_CAST({text} AS DOUBLE)) THEN TRY_CAST({text} AS DOUBLE) END"
    return text if type_ is Type.TEXT else f"TRY_CAST({text} AS {SQL_TYPES[type_]})"


def row_sql(columns: Sequence[Column]) -> str:
    """A row's cells c0, c1… as one JSON object by the columns' names."""
    cells = ", ".join(f"{literal(column.name)}, {shown(place, column)}" for place, column in enumerate(columns))
    return f"json_object({cells})"


def cells_of_row(row: str, columns: Sequence[Column]) -> str:
    """The inverse of `row_sql`: cells out of a row; NULL for columns that it did not have."""
    return ", ".join(f"{cast(_at(row, column.name), column.type)} AS c{place}" for place, column in enumerate(columns))


def shown(place: int, column: Column) -> str:
    """A cell as JSON has it: times in ISO 8601."""
    return f"strftime(c{place}, '%Y-%m-%dT%H:%M:%S.%gZ')" if column.type is Type.TIME else f"c{place}"


def as_text(place: int, column: Column) -> str:
    """A cell as text: what is no text as JSON writes it."""
    if column.type is Type.JSON:
        return f"json_extract_string(c{place}, '$')"
    return f"CAST({shown(place, column)} AS VARCHAR)"


def _walk(json: str, names: Sequence[str]) -> str:
    for name in names:
        json = _at(json, name)
    return json


def _at(json: str, name: str) -> str:
    """The value of a name; between quotes, or as a pointer where quotes would not hide what is in it."""
    if name and not set(name) & set('"*\\'):
        quoted = f'$."{name}"'
        return f"json_extract({json}, {literal(quoted)})"
    return f"json_extract({json}, {literal('/' + name.replace('~', '~0').replace('/', '~1'))})"

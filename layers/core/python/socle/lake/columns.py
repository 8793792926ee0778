"""Typed columns: what a definition looks at, taken out of the JSON of an event or a profile once, at compaction. Pure.

A column is a path of names and one kind; the kinds are those of socle.segments.values, of which these expressions are the SQL:

    x   BOOLEAN, never NULL: it is there, and not null (of a list: an element is)
    s   VARCHAR: a JSON string
    n   BIGINT in millionths: a JSON number, or a string that reads as one
    b   BOOLEAN: a JSON boolean
    di  BIGINT, epoch ms: an ISO 8601 string with a zone
    dc  BIGINT, epoch ms as if UTC: one without
    ls  VARCHAR[]: the strings among the elements of a list, in order
    ln  BIGINT[]: the numbers among them

All but x are NULL where the value is of another kind; ls and ln where there is no list.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import NamedTuple

EVENTS, TRAITS = "events", "traits"


class Column(NamedTuple):
    """A value in use: `table` is "events" (of their properties) or "traits" (of profiles)."""

    table: str
    path: str
    kind: str

    @property
    def name(self) -> str:
        """Its name in the lake."""
        return f"p:{self.path}:{self.kind}"

    @property
    def quoted(self) -> str:
        """Its name as an identifier of SQL."""
        return '"' + self.name.replace('"', '""') + '"'


def expression(column: Column, json_sql: str) -> str:
    """The value of a column, as DuckDB SQL over an expression of JSON text."""
    return _value(column, _at(json_sql, column.path.partition("[]")[0]))


def taken(columns: Collection[Column], json_sql: str) -> tuple[str, str]:
    """The values of several columns, the JSON read only once for all: what to select, and an expression to name `said` below it.

    What to select begins with a comma, if there is anything.
    """
    paths = list(dict.fromkeys(path for column in columns if (path := _path(column.path.partition("[]")[0]))))
    found = ""
    for column in columns:
        before = column.path.partition("[]")[0]
        path = _path(before)
        value = f"said[{paths.index(path) + 1}]" if path else _at(json_sql, before)
        found += f", {_value(column, value)} AS {column.quoted}"
    return found, f"json_extract({json_sql}, [{', '.join(map(_literal, paths))}])" if paths else "NULL"


def _value(column: Column, value: str) -> str:
    """The value of a column, of the JSON at its path (of a list: at the list)."""
    _, many, after = column.path.partition("[]")
    if not many:
        return _KINDS[column.kind](value)
    elements = f"json_extract({value}, '$[*]')"
    one = _at("e", after.removeprefix(".")) if after else "e"
    if column.kind == "x":
        return f"coalesce(list_bool_or([{_KINDS['x'](one)} FOR e IN {elements}]), false)"
    if column.kind not in ("ls", "ln"):
        raise ValueError(f"{column.kind} of a list: its elements have the kinds ls, ln and x")
    values = f"[{_KINDS[column.kind[1]](one)} FOR e IN {elements}]"
    return f"CASE WHEN {_type(value)} = 'ARRAY' THEN list_filter({values}, lambda v: v IS NOT NULL) END"


def _at(json: str, path: str) -> str:
    if whole := _path(path):
        return f"json_extract({json}, {_literal(whole)})"
    for name in path.split("."):
        json = f"json_extract({json}, {_step(name)})"
    return json


def _path(path: str) -> str:
    """A path in one piece, names between quotes; "" where a name holds what quotes would not hide."""
    names = path.split(".")
    return "$" + "".join(f'."{name}"' for name in names) if all(map(_hidden, names)) else ""


def _hidden(name: str) -> bool:
    return bool(name) and not set(name) & set('"*\\')


def _step(name: str) -> str:
    """A name as a path of DuckDB, as a pointer where quotes would not hide what it holds."""
    return _literal(f'$."{name}"' if _hidden(name) else "/" + name.replace("~", "~0").replace("/", "~1"))


def _literal(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def _type(value: str) -> str:
    return f"json_type({value})"


def _text(value: str) -> str:
    return f"json_extract_string({value}, '$')"


def _exists(value: str) -> str:
    return f"coalesce({_type(value)} <> 'NULL', false)"


def _string(value: str) -> str:
    return f"CASE WHEN {_type(value)} = 'VARCHAR' THEN {_text(value)} END"


def _truth(value: str) -> str:
    return f"CASE WHEN {_type(value)} = 'BOOLEAN' THEN {_text(value)} = 'true' END"


_NUMERIC = "'-?[0-9]{1,12}(\\.[0-9]{1,20})?'"
_CLOCK = "[T ]([01][0-9]|2[0-3]):[0-5][0-9](:[0-5][0-9](\\.[0-9]{1,9})?)?"
_ZONE = "(Z|[+-](0[0-9]|1[0-4]):?[0-5][0-9])"
_INSTANT = f"'[0-9]{{4}}-[0-9]{{2}}-[0-9]{{2}}{_CLOCK}{_ZONE}'"
_CIVIL = f"'[0-9]{{4}}-[0-9]{{2}}-[0-9]{{2}}({_CLOCK})?'"


def _number(value: str) -> str:
    double = f"TRY_CAST({_text(value)} AS DOUBLE)"
    return (f"CASE WHEN ({_type(value)} IN ('BIGINT', 'UBIGINT', 'HUGEINT', 'DOUBLE') OR ({_type(value)} = 'VARCHAR' "
            f"AND regexp_full_match({_text(value)}, {_NUMERIC}))) AND abs({double}) < 1e12 THEN ({double} * 1e6)::BIGINT END")


def _instant(value: str) -> str:
    text = _text(value)
    zone = f"regexp_extract({text}, '([+-])([0-9]{{2}}):?([0-9]{{2}})$', ['sign', 'hours', 'minutes'])"
    away = (f"CASE WHEN {text} LIKE '%Z' THEN 0 ELSE (({zone}).hours::BIGINT * 60 + ({zone}).minutes::BIGINT) * 60000 "
            f"* CASE ({zone}).sign WHEN '-' THEN -1 ELSE 1 END END")
    return f"CASE WHEN {_type(value)} = 'VARCHAR' AND regexp_full_match({text}, {_INSTANT}) THEN {_civil_ms(text)} - ({away}) END"


def _civil(value: str) -> str:
    text = _text(value)
    return f"CASE WHEN {_type(value)} = 'VARCHAR' AND regexp_full_match({text}, {_CIVIL}) THEN {_civil_ms(text)} END"


def _civil_ms(text: str) -> str:
    """Date and time of day without a zone, in ms; NULL for no real day. DuckDB has a year 0, we have not."""
    fraction = f"rpad(left(regexp_extract({text}, '\\.([0-9]+)', 1), 3), 3, '0')::BIGINT"
    seconds = f"CASE WHEN substr({text}, 17, 1) = ':' THEN substr({text}, 18, 2)::BIGINT * 1000 ELSE 0 END"
    clock = (f"CASE WHEN length({text}) = 10 THEN 0 ELSE substr({text}, 12, 2)::BIGINT * 3600000 "
             f"+ substr({text}, 15, 2)::BIGINT * 60000 + {seconds} + {fraction} END")
    return (f"CASE WHEN left({text}, 4) <> '0000' THEN epoch_ms(TRY_CAST(left({text}, 10) AS DATE)::TIMESTAMP) + ({clock}) END")


_KINDS: dict[str, Callable[[str], str]] = {
    "x": _exists, "s": _string, "n": _number, "b": _truth, "di": _instant, "dc": _civil}

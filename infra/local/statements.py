"""BatchExecuteStatement for moto: the two PartiQL write statements that the stores send, each with its condition.

moto's own PartiQL reads whole tables, overwrites what an INSERT meets and looks at no condition beyond the key. What is
none of the two forms is refused with a message, so that a new statement is noticed here and not on AWS.
"""

from __future__ import annotations

import re
from contextlib import ExitStack
from typing import Any

from moto.core.responses import ActionResult
from moto.dynamodb import responses
from moto.dynamodb.exceptions import MockValidationException
from moto.dynamodb.models.dynamo_type import DynamoType
from moto.dynamodb.models.table import Table

from infra.local.patching import replace

MAX_STATEMENTS = 25

_INSERT = re.compile(r"""INSERT INTO "([^"]+)" VALUE \{((?:'\w+': \?(?:, )?)+)\}""")
_UPDATE = re.compile(r"""UPDATE "([^"]+)" ((?:SET "\w+"=\? )+)WHERE ((?:"\w+"[=<]\?(?: AND )?)+)""")
_NAMES = re.compile(r"""['"](\w+)['"]""")
_CONDITION = re.compile(r""""(\w+)"([=<])\?""")


def install(stack: ExitStack) -> None:
    """Patch moto until `stack` closes."""
    replace(stack, responses.DynamoHandler, "batch_execute_statement", _batch_execute_statement)


def _batch_execute_statement(handler: Any) -> ActionResult:
    statements = handler.body.get("Statements", [])
    if not 1 <= len(statements) <= MAX_STATEMENTS:
        raise MockValidationException(f"Member must have length less than or equal to {MAX_STATEMENTS}")
    return responses.DynamoResult({"Responses": [_execute(handler.dynamodb_backend, statement) for statement in statements]})


def _execute(backend: Any, statement: dict[str, Any]) -> dict[str, Any]:
    text, parameters = statement["Statement"], statement.get("Parameters", [])
    if insert := _INSERT.fullmatch(text):
        table = backend.get_table(insert[1])
        item = dict(zip(_NAMES.findall(insert[2]), parameters, strict=True))
        if _find(table, item) is not None:
            return {"Error": {"Code": "DuplicateItem", "Message": "Duplicate primary key exists in table"}}
        table.put_item(item)
    elif update := _UPDATE.fullmatch(text):
        table = backend.get_table(update[1])
        settings, conditions = _NAMES.findall(update[2]), _CONDITION.findall(update[3])
        wanted = dict(zip(conditions, parameters[len(settings):], strict=True))
        found = _find(table, {name: value for (name, _), value in wanted.items()})
        if found is None or not all(_holds(found.get(name), sign, value) for (name, sign), value in wanted.items()):
            return {"Error": {"Code": "ConditionalCheckFailed", "Message": "The conditional request failed"}}
        table.put_item({**found, **dict(zip(settings, parameters[:len(settings)], strict=True))})
    else:
        raise MockValidationException(f"The local machine does not know this statement: {text}")
    return {"TableName": table.name}


def _holds(found: dict[str, Any] | None, sign: str, value: dict[str, Any]) -> bool:
    """`<` is for numbers only; what an item lacks is neither equal nor less."""
    if sign == "=":
        return found == value
    return found is not None and int(found["N"]) < int(value["N"])


def _find(table: Table, item: dict[str, Any]) -> dict[str, Any] | None:
    hash_key, range_key = (DynamoType(item[name]) for name in table.table_key_attrs)
    found = table.get_item(hash_key, range_key)
    attributes: dict[str, Any] | None = found.to_json()["Attributes"] if found else None
    return attributes

"""What each function may do, read from a synthesised template: for holding grants against what the code really calls."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple


class Grant(NamedTuple):
    """One statement of a function's role, as the template has it. `sid` is "" for what the function's own code calls.

    Of a statement for everything but some resources, `resources` are these with "not " before each.
    """

    function: str
    sid: str
    actions: frozenset[str]
    resources: tuple[Any, ...]
    conditions: Mapping[str, Any]


def grants(template: Mapping[str, Any]) -> Iterator[Grant]:
    """Every allowing statement of every function's role."""
    resources = template["Resources"]
    roles = {_logical_id(resource["Properties"]["Role"]): _name(resource["Properties"])
             for resource in resources.values() if resource["Type"] == "AWS::Lambda::Function"}
    for logical_id, resource in resources.items():
        properties = resource["Properties"]
        if resource["Type"] in ("AWS::IAM::Policy", "AWS::IAM::ManagedPolicy"):  # the second when the first grew too long
            holders = [_logical_id(role) for role in properties["Roles"]]
            documents = [properties["PolicyDocument"]]
        elif resource["Type"] == "AWS::IAM::Role":
            holders = [logical_id]
            documents = [policy["PolicyDocument"] for policy in properties.get("Policies", [])]
        else:
            continue
        for function in (roles[holder] for holder in holders if holder in roles):
            for document in documents:
                for statement in document["Statement"]:
                    yield Grant(function, statement.get("Sid", ""), frozenset(_listed(statement["Action"])),
                                _resources(statement), statement.get("Condition", {}))


def granted_actions(template: Mapping[str, Any]) -> dict[str, set[str]]:
    """IAM actions per function (`collect_events` → {`kinesis:PutRecords`, …}) that its own code is there to use.

    Left out is what AWS services do with the function's role: logs, decryption, polling for an event source mapping.
    """
    found: dict[str, set[str]] = defaultdict(set)
    for grant in grants(template):
        if not grant.sid:
            found[grant.function] |= grant.actions
    return dict(found)


def _name(function: Mapping[str, Any]) -> str:
    return str(function["Environment"]["Variables"]["POWERTOOLS_SERVICE_NAME"])


def _logical_id(reference: Mapping[str, Any]) -> str:
    return str(reference["Ref"] if "Ref" in reference else reference["Fn::GetAtt"][0])


def _resources(statement: Mapping[str, Any]) -> tuple[Any, ...]:
    if "NotResource" in statement:
        return tuple(f"not {resource}" for resource in _listed(statement["NotResource"]))
    return tuple(_listed(statement["Resource"]))


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]

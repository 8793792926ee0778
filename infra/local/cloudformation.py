"""Create a stack from its template in moto, whole or not at all: a type that nobody makes is an error, not silence."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from contextlib import ExitStack
from typing import Any

import boto3
from moto.awslambda.models import EventSourceMapping
from moto.cloudformation import parsing
from moto.dynamodb.models.table import Table
from moto.events.models import EventBus
from moto.s3.models import FakeBucket

from infra.local.cloud import REGION
from infra.local.patching import replace
from infra.local.resources import MADE, STUBS, Json, Make, table_extras


class UnknownType(Exception):
    """The template holds a type that is neither made nor a stub: add it to infra/local/resources.py."""


class StackFailed(Exception):
    """A resource of the template could not be made; the message names it."""


class Created:
    """One resource of a stack."""

    def __init__(self, type_name: str, physical_id: str, attributes: dict[str, str]) -> None:
        self.type = type_name
        self.physical_resource_id = physical_id
        self.attributes = attributes

    def get_cfn_attribute(self, attribute: str) -> str:
        """Fn::GetAtt."""
        if self.type in STUBS:
            return f"{self.physical_resource_id}.{attribute}"
        if attribute not in self.attributes:
            raise StackFailed(f"{self.type} has no attribute {attribute} here: add it to infra/local/resources.py")
        return self.attributes[attribute]

    def is_created(self) -> bool:
        """Everything is made at once."""
        return True


class Maker:
    """Stands where moto expects the class that models a CloudFormation type."""

    def __init__(self, type_name: str, make: Make | None) -> None:
        self.type = type_name
        self.make = make

    def cloudformation_type(self) -> str:
        """As in the template."""
        return self.type

    def cloudformation_name_type(self) -> str:
        """The property that names the resource, or nothing."""
        return self.make.name if self.make else ""

    def has_cfn_attr(self, _attribute: str) -> bool:
        """moto asks before it makes anything; whether it is there shows when it is read."""
        return True

    def create_from_cloudformation_json(self, resource_name: str, cloudformation_json: Json, account_id: str,
                                        region_name: str, **kwargs: Any) -> Created:
        """Make the resource with the AWS call of its type."""
        properties = cloudformation_json.get("Properties") or {}
        if self.make is None:
            return Created(self.type, resource_name, {})
        make = self.make
        request = make.prepare(properties, resource_name) if make.prepare else dict(properties)
        if make.name:
            request.setdefault(make.name, resource_name)
        try:
            response = call(make.service, make.operation, request)
            for further in make.finish(properties, resource_name) if make.finish else []:
                call(*further)
        except Exception as error:  # any refusal must name the resource: the call alone does not
            raise StackFailed(f"{self.type} {kwargs.get('LogicalId')}: {type(error).__name__}: {error}") from error
        return Created(self.type, make.ref(response, request, resource_name), {
            attribute: value for attribute, read in make.attributes.items()
            if (value := _read(read, response, request, resource_name)) is not None})


def _read(read: Callable[[Json, Json, str], str], response: Json, request: Json, name: str) -> str | None:
    try:
        return read(response, request, name)
    except KeyError:  # e.g. the stream ARN of a table without a stream
        return None


def call(service: str, operation: str, parameters: Json) -> Json:
    """One AWS call with CloudFormation's properties as parameters."""
    make: Any = boto3.client  # its type has one overload per literal name
    client = make(service, region_name=REGION)
    shape = client.meta.service_model.operation_model(client.meta.method_to_api_mapping[operation]).input_shape
    answer: Json = getattr(client, operation)(**fit(shape, parameters))
    return answer


def fit(shape: Any, value: Any) -> Any:
    """CloudFormation's JSON as boto3 wants it: unknown members dropped, case and numbers mended, tags as a map."""
    kind = shape.type_name
    if kind == "structure" and isinstance(value, dict):
        members = {member.lower(): member for member in shape.members}
        return {members[key.lower()]: fit(shape.members[members[key.lower()]], held)
                for key, held in value.items() if key.lower() in members}
    if kind == "list" and isinstance(value, list):
        return [fit(shape.member, held) for held in value]
    if kind == "list" and isinstance(value, dict) and {"Key", "Value"} <= set(getattr(shape.member, "members", ())):
        return [{"Key": key, "Value": held} for key, held in value.items()]
    if kind == "map" and isinstance(value, list):
        return {tag["Key"]: tag["Value"] for tag in value}
    if kind == "map" and isinstance(value, dict):
        return {key: fit(shape.value, held) for key, held in value.items()}
    if kind in ("integer", "long"):
        return int(value)
    if kind in ("double", "float"):
        return float(value)
    if kind == "boolean":
        return value if isinstance(value, bool) else str(value).lower() == "true"
    if kind == "string" and not isinstance(value, str):
        return json.dumps(value) if isinstance(value, dict | list) else str(value)
    return value


def install(stack: ExitStack) -> None:
    """Teach moto the types of infra.local.resources until `stack` closes."""
    makers = {name: Maker(name, make) for name, make in {**MADE, **dict.fromkeys(STUBS)}.items()}
    native_class, native_name = parsing.resource_class_from_type, parsing.resource_name_property_from_type

    def class_of(resource_type: str) -> Any:
        if resource_type in makers:
            return makers[resource_type]
        if resource_type not in parsing.get_model_map():
            raise UnknownType(f"{resource_type} is unknown to the local machine: "
                              f"make it, or list it as a stub with the reason, in infra/local/resources.py")
        return native_class(resource_type)

    def name_of(resource_type: str) -> str | None:
        return makers[resource_type].cloudformation_name_type() if resource_type in makers \
            else native_name(resource_type)

    replace(stack, parsing, "resource_class_from_type", class_of)
    replace(stack, parsing, "resource_name_property_from_type", name_of)
    # Without it a Ref to a bus is the object itself.
    replace(stack, EventBus, "physical_resource_id", property(lambda self: self.name))
    # The one attribute that a mapping has is its Id.
    replace(stack, EventSourceMapping, "get_cfn_attribute", lambda self, _attribute: self.uuid)
    _after_creation(stack, Table, lambda table, properties: table_extras(properties, table.name))
    _after_creation(stack, FakeBucket, lambda bucket, properties: _bucket_extras(properties, bucket.name))
    if "VALIDATE_LAMBDA_S3" not in os.environ:
        os.environ["VALIDATE_LAMBDA_S3"] = "false"  # code comes from this folder, not from an asset bucket
        stack.callback(os.environ.pop, "VALIDATE_LAMBDA_S3", None)


def _after_creation(stack: ExitStack, model: Any, calls: Callable[[Any, Json], list[tuple[str, str, Json]]]) -> None:
    """Set the properties that moto's own model of a type drops."""
    create = model.create_from_cloudformation_json.__func__

    def complete(cls: Any, resource_name: str, cloudformation_json: Json, *args: Any, **kwargs: Any) -> Any:
        made = create(cls, resource_name, cloudformation_json, *args, **kwargs)
        for further in calls(made, cloudformation_json["Properties"]):
            call(*further)
        return made

    replace(stack, model, "create_from_cloudformation_json", classmethod(complete))


def _bucket_extras(properties: Json, bucket: str) -> list[tuple[str, str, Json]]:
    calls: list[tuple[str, str, Json]] = []
    for key, operation in (("VersioningConfiguration", "put_bucket_versioning"),
                           ("PublicAccessBlockConfiguration", "put_public_access_block"),
                           ("NotificationConfiguration", "put_bucket_notification_configuration")):
        if key in properties:
            calls.append(("s3", operation, {"Bucket": bucket, key: properties[key]}))
    return calls


def create_stack(name: str, template: Json) -> dict[str, str]:
    """Create the stack and answer its outputs. Raises UnknownType or StackFailed and says which resource."""
    for parameter in template.get("Parameters", {}).values():
        if parameter["Type"].startswith("AWS::SSM::Parameter::"):  # the version of CDK's bootstrap stack
            call("ssm", "put_parameter", {"Name": parameter["Default"], "Value": "30", "Type": "String",
                                          "Overwrite": True})
    client = boto3.client("cloudformation", region_name=REGION)
    client.create_stack(StackName=name, TemplateBody=json.dumps(template))
    found = client.describe_stacks(StackName=name)["Stacks"][0]
    if found["StackStatus"] != "CREATE_COMPLETE":
        raise StackFailed(f"{name} is {found['StackStatus']}: {found.get('StackStatusReason', 'no reason given')}")
    return {output["OutputKey"]: output["OutputValue"] for output in found.get("Outputs", [])}

"""Findings of cdk-nag that stand, each with its reason."""

from __future__ import annotations

import aws_cdk as cdk
from constructs import IConstruct


def acknowledge(node: IConstruct, rule: str, reason: str) -> None:
    """Let AwsSolutions-`rule` stand on `node` and below; `rule` may name one finding, as `IAM5[Resource::…]`."""
    cdk.Validations.of(node).acknowledge(
        cdk.Acknowledgment(id=f"AwsSolutions::AwsSolutions-{rule}", reason=reason))

"""The document of a webhook: where to send which events."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable
from typing import Annotated
from urllib.parse import urlsplit

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from socle.definitions.model import Definition

LOOPBACK: tuple[str, ...] = ()
"""Hosts of this machine that may be sent to, also by http. None on AWS; the local machine names its own."""


def _https(url: str) -> str:
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname, parts.port
    except ValueError as error:
        raise ValueError(f"is no URL: {error}") from error
    if not host or any(ord(char) <= 32 for char in url):
        raise ValueError("must be a URL like https://example.com/hook")
    if parts.username is not None or parts.password is not None:
        raise ValueError("must not carry a user name or password: verify the signature instead")
    if host not in LOOPBACK and _is_private(host):
        raise ValueError("must name a host on the public internet")
    if parts.scheme != "https" and not (parts.scheme == "http" and host in LOOPBACK):
        raise ValueError("must begin with https:// (http:// only for localhost)")
    return url


def _is_private(host: str) -> bool:
    try:
        return not ipaddress.ip_address(host).is_global
    except ValueError:
        return False  # a name: what it resolves to is looked at when a webhook is sent


Url = Annotated[str, Field(max_length=2_000), AfterValidator(_https)]
EventName = Annotated[str, Field(min_length=1, max_length=200, pattern=r"\S")]


class WebhookDocument(BaseModel):
    """Every event named in `events` is sent to `url`, signed with the webhook's secret (Standard Webhooks)."""

    model_config = ConfigDict(extra="forbid")

    url: Url = Field(description="where to send: https, or http for localhost",
                     examples=["https://example.com/hooks/socle"])
    events: list[EventName] = Field(min_length=1, max_length=50, description="names of the events to send",
                                    examples=[["Order Completed"]])
    description: str = Field(default="", max_length=1_000)
    enabled: bool = Field(default=True, description="false stops sending")


def wanted_by(webhooks: Iterable[Definition]) -> dict[str, list[str]]:
    """Event name -> names of the enabled webhooks that want it, in the order given."""
    wanted: dict[str, list[str]] = {}
    for webhook in webhooks:
        document = WebhookDocument.model_validate(webhook.document)
        for event in dict.fromkeys(document.events if document.enabled else ()):
            wanted.setdefault(event, []).append(webhook.name)
    return wanted

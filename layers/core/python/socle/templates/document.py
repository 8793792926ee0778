"""The document of a template: one message, tagged by its channel, with Liquid in its parts. Nouns only.

Whether Liquid and MJML can be rendered is seen when they are compiled (compile.py), before they are saved.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, RootModel, model_validator

from socle.assets.model import AssetName
from socle.definitions.webhooks import Url
from socle.templates.shared import Email, Sender, Source, layout_name

TEMPLATES = "templates"
MAX_ATTACHMENTS = 10

Short = Annotated[str, Field(max_length=2_000)]
"""Liquid that comes to a line or two."""


class _Template(BaseModel):
    model_config = ConfigDict(extra="forbid")

    description: str = Field(default="", max_length=1_000)
    event: str = Field(default="", max_length=200, description="name of an event: `event` holds the properties of the person's "
                                                               "latest one, when the message was not sent for another",
                       examples=["Order Completed"])
    sample: dict[str, Any] = Field(default={}, description="what previews without a profile see, such as traits and event",
                                   examples=[{"traits": {"firstName": "Zoé"}, "event": {"total": 4200}}])


class EmailTemplate(_Template):
    """An e-mail."""

    channel: Literal["email"]
    subject: Annotated[Short, Field(min_length=1, examples=["{{ traits.firstName }}, your letter"])]
    preheader: Short = Field(default="", description="what inboxes show beside the subject; hidden in the mail itself")
    mjml: Source | None = Field(default=None, description="a whole MJML document, or with `layout` what goes into it")
    html: Source | None = Field(default=None, description="a whole HTML document, or with `layout` what goes into it")
    text: Source | None = Field(default=None, description="the text part; made from the HTML if left out")
    layout: Annotated[str, AfterValidator(layout_name)] | None = None
    sender: Sender | None = Field(default=None, description="the topic's or the brand's if left out")
    reply_to: Email | None = None
    attachments: list[AssetName] = Field(default=[], max_length=MAX_ATTACHMENTS, description="names of assets")

    @model_validator(mode="after")
    def _body(self) -> EmailTemplate:
        if self.mjml is not None and self.html is not None:
            raise ValueError("has mjml and html: give one of them")
        if self.mjml is None and self.html is None and self.text is None:
            raise ValueError("is empty: give mjml, html or text")
        if self.layout and self.mjml is None and self.html is None:
            raise ValueError("has a layout, which stands around mjml or html: leave it out for text alone")
        return self


class SmsTemplate(_Template):
    """A text message."""

    channel: Literal["sms"]
    text: Source = Field(examples=["{{ brand.name }}: {{ traits.firstName }}, your order is here. STOP to 36180"])


class PushTemplate(_Template):
    """A push notification."""

    channel: Literal["push"]
    title: Annotated[Short, Field(min_length=1)]
    body: Annotated[str, Field(min_length=1, max_length=4_000)]
    link: Short = Field(default="", description="what opens on a tap: a URL, which is tracked, or a link of the app's own; "
                                                "the app finds it in the data as `link`")
    data: dict[Annotated[str, Field(min_length=1, max_length=100)], Short] = Field(
        default={}, max_length=50, description="goes to the app; Liquid in the values")


class WebhookTemplate(_Template):
    """A call of somebody's API for one person."""

    channel: Literal["webhook"]
    url: Url = Field(examples=["https://example.com/letters"])
    body: dict[str, Any] = Field(min_length=1, description="JSON with Liquid in its strings; one that is an output alone, such "
                                                           "as {{ orders.EUR.count }}, keeps the kind of its value")


class TemplateDocument(RootModel[Annotated[EmailTemplate | SmsTemplate | PushTemplate | WebhookTemplate,
                                           Field(discriminator="channel")]]):
    """One message, with Liquid in its parts."""

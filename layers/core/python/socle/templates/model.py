"""What rendering stands on: the links of one message, and what may go wrong."""

from __future__ import annotations

from typing import Any, Protocol

from socle.errors import SocleError


class MessageLinks(Protocol):
    """The links of one message. All are URLs of this deployment, signed."""

    @property
    def unsubscribe(self) -> str: ...

    @property
    def preferences(self) -> str: ...

    @property
    def confirm(self) -> str: ...

    @property
    def pixel(self) -> str: ...

    def click(self, url: str, number: int) -> str:
        """What stands in the message for the link to `url`, the number-th in it (from 1); campaign parameters added."""

    def survey(self, name: str) -> str:
        """Where the survey `name` is answered."""


class Lookups(Protocol):
    """What a template asks for beside the person."""

    def item(self, type_: str, id_: str) -> dict[str, Any] | None:
        """Fields of an entry of the catalogue."""

    def coupon(self, pool: str) -> str:
        """The person's own code of a pool. Raises Unrenderable(`no_coupon`) when the pool is empty."""


class Unrenderable(SocleError):
    """This person's message can't be made: `code` is undefined, liquid, too_long, empty, no_coupon…; `field` the part."""

    status = 422

"""What can go wrong, named by what the caller should do.

    SocleError            every error that Socle raises itself; `code` is stable, `message` is for people
    ├── Rejected          the caller's fault: answer 4xx, or quarantine the event; `field` names the place
    │   └── NotFound      the thing named does not exist: answer 404
    ├── Conflict          somebody else wrote first: reload and retry
    └── Unavailable       a dependency is down or throttles: back off, retry later; `retry_after` in seconds

Anything else that propagates is a bug.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager


class SocleError(Exception):
    """An error with a stable `code`, a `message` that says what to do, and the `field` it is about, if any."""

    status = 500

    def __init__(self, code: str, message: str, field: str | None = None) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.field = field

    def to_json(self) -> dict[str, dict[str, str]]:
        """The error body of every route: `{"error": {"code", "message", "field"?}}`."""
        error = {"code": self.code, "message": self.message}
        if self.field is not None:
            error["field"] = self.field
        return {"error": error}


class Rejected(SocleError):
    """The caller must change what it sent; sending the same again fails again."""

    def __init__(self, code: str, message: str, field: str | None = None, status: int = 400) -> None:
        super().__init__(code, message, field)
        self.status = status


class NotFound(Rejected):
    """What the caller named does not exist."""

    def __init__(self, code: str, message: str, field: str | None = None) -> None:
        super().__init__(code, message, field, status=404)


class Conflict(SocleError):
    """Another writer was first: reload and try again."""

    status = 409


class Unavailable(SocleError):
    """A dependency is down or throttling: try again after `retry_after` seconds."""

    status = 503

    def __init__(self, code: str, message: str, retry_after: int = 5) -> None:
        super().__init__(code, message)
        self.retry_after = retry_after


def loggable(error: Exception) -> str:
    """What may be logged of an error: our own code and message; others may quote a URL, a key or an address."""
    return f"{error.code}: {error.message}" if isinstance(error, SocleError) else type(error).__name__


POISON = (ArithmeticError, AttributeError, LookupError, TypeError, ValueError, RecursionError)
"""What pure code raises on what it was not made for."""


@contextmanager
def poison_is_rejected() -> Iterator[None]:
    """Around pure code that works on events: it talks to nobody, so whatever it raises is the events' doing.

    Raises Rejected(`poison`) instead, so that the events are kept in quarantine and hold up nobody else.
    """
    try:
        yield
    except POISON as error:
        raise Rejected("poison", f"this event can't be applied ({type(error).__name__}): report it, and replay it after an "
                       "update") from error

"""What a step raises where the workflow goes on elsewhere. Step Functions sees the name of the class: ways, no failures."""

from __future__ import annotations

from socle.errors import Unavailable


class Way(Exception):
    """The workflow catches it by its name."""


class Exited(Way):
    """They are in the journey no more, or in another version of it, in an execution of its own."""


class Paused(Way):
    """An operator holds everybody: at this step until the journey is resumed."""


class Held(Way):
    """The message has to wait: `quiet` says until when."""


class Resolved(Way):
    """The hold before has been ended by something, not by its time."""


class Over(Way):
    """The time of the hold is over."""


class Otherwise(Way):
    """There is no date to wait for."""


class WebhookFailed(Way):
    """The receiver does not want it."""


class WebhookDown(Unavailable):
    """The receiver did not take it now: again in a while, then as if it had failed."""

"""What single messages are sent with, kept while the function is warm."""

from __future__ import annotations

from socle import clock
from socle.messages.service.single import Singles
from socle.messages.service.stand import found
from socle.settings import SendSettings

_foundation = found(SendSettings.from_env(), clock.now)
singles = Singles(_foundation.stand, _foundation.definitions, _foundation.rules,
                  lambda channel: _foundation.pace(channel, single=True), clock.wait)

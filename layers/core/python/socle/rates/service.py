"""How fast a channel takes messages: the account's quota, shared by all who send, and a campaign's own throttle."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from socle.channels.model import Quota
from socle.messages.model import EMAIL, PUSH, SMS, WEBHOOK
from socle.rates.store import RateStore

RATES = {SMS: 20.0, PUSH: 200.0, WEBHOOK: 20.0}
"""Messages a second: of SMS what SNS takes by default, of webhooks what a receiver is trusted with."""
SHARE = 0.9
"""Of a channel's rate for campaigns and journeys; what is left is for single messages, which so never wait behind them."""


class Quotas(Protocol):
    """What the account may send by e-mail (socle.channels.store)."""

    def email(self, now: int) -> Quota: ...


class Pace:
    """Of one run, or of single messages.

    campaign, per_second  its throttle, if it has one
    single                whether these are single messages
    clock                 answers epoch ms
    """

    def __init__(self, rates: RateStore, quotas: Quotas, channel: str, clock: Callable[[], int], campaign: str = "",
                 per_second: float | None = None, single: bool = False) -> None:
        self._rates = rates
        self._quotas = quotas
        self._channel = channel
        self._clock = clock
        self._campaign = campaign
        self._per_second = per_second
        self._name = f"{channel}/single" if single else channel
        self._share = 1 - SHARE if single else SHARE

    def take(self, count: int) -> int:
        """Ask for so many; milliseconds to wait before they may go, over HORIZON if they may not.

        Raises NotSent(stop) when nothing may be sent by e-mail, Unavailable in an outage.
        """
        now = self._clock()
        wait = self._rates.take(self._name, count, self._limit(now), now)
        if self._campaign and self._per_second:
            wait = max(wait, self._rates.take(f"campaign/{self._campaign}", count, self._per_second, now))
        return wait

    def slow_down(self) -> None:
        """The channel refused some: for a while everybody asks for fewer."""
        now = self._clock()
        self._rates.slow_down(self._name, self._limit(now), now)

    def _limit(self, now: int) -> float:
        return self._share * (self._quotas.email(now).rate if self._channel == EMAIL else RATES[self._channel])

"""What SES lets the account send: asked for now and then, and obeyed."""

from __future__ import annotations

from typing import Any

import pytest
from botocore.exceptions import ClientError

from socle.channels.model import NotSent, Quota
from socle.channels.store import QUOTA_FOR, Quotas
from socle.errors import Unavailable
from tests.channels.letters import AT


def refused(code: str, status: int) -> ClientError:
    return ClientError({"Error": {"Code": code}, "ResponseMetadata": {"HTTPStatusCode": status}},  # type: ignore[typeddict-item]
                       "GetAccount")


class Account:
    """A client whose account says one thing after the other."""

    def __init__(self, *answers: dict[str, Any] | Exception) -> None:
        self._answers = list(answers)

    def get_account(self) -> dict[str, Any]:
        answer = self._answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer


def account(**changes: Any) -> dict[str, Any]:
    quota = {"Max24HourSend": 50_000.0, "MaxSendRate": 14.0, "SentLast24Hours": 49_000.0}
    return {"SendingEnabled": True, "EnforcementStatus": "HEALTHY", "SendQuota": quota} | changes


def test_the_quota_is_asked_for_every_five_minutes() -> None:
    quotas = Quotas(Account(account(), account(SendQuota={"Max24HourSend": -1.0, "MaxSendRate": 500.0, "SentLast24Hours": 1.0})))
    assert quotas.email(AT) == quotas.email(AT + QUOTA_FOR - 1) == Quota(14.0, 1_000)
    assert quotas.email(AT + QUOTA_FOR) == Quota(500.0, None)


def test_when_ses_can_not_be_asked_what_it_said_before_is_believed() -> None:
    quotas = Quotas(Account(account(), refused("TooManyRequestsException", 503)))
    assert quotas.email(AT) == quotas.email(AT + QUOTA_FOR)
    with pytest.raises(Unavailable):
        Quotas(Account(refused("ServiceUnavailable", 503))).email(AT)


@pytest.mark.parametrize(("said", "code"), [
    (account(SendingEnabled=False), "sending_paused"), (account(EnforcementStatus="SHUTDOWN"), "sending_paused"),
    (account(SendQuota={"Max24HourSend": 200.0, "MaxSendRate": 1.0, "SentLast24Hours": 200.0}), "daily_quota")])
def test_an_account_that_may_send_nothing_stops_the_run(said: dict[str, Any], code: str) -> None:
    with pytest.raises(NotSent) as refusal:
        Quotas(Account(said)).email(AT)
    assert (refusal.value.stop, refusal.value.code) == (True, code)

"""What moto's SES does not know: how much the account may send, and how much it has sent today."""

from __future__ import annotations

import json
from collections import deque
from contextlib import ExitStack
from typing import Any

from moto.sesv2.responses import SESV2Response

from infra.local.patching import replace
from socle import clock

RATE = 500.0
"""A second: more than this machine sends, so that nobody waits here for a quota."""
A_DAY = 1_000_000.0


def install(stack: ExitStack) -> None:
    """Answer GetAccount until `stack` closes: an account out of the sandbox, in good standing."""
    sent: deque[int] = deque()
    send = SESV2Response.send_email

    def send_email(response: Any) -> str:
        answer = str(send(response))
        sent.append(clock.now())
        return answer

    def get_account(_response: Any) -> str:
        while sent and sent[0] <= clock.now() - clock.DAY:
            sent.popleft()
        return json.dumps({
            "SendingEnabled": True, "ProductionAccessEnabled": True, "EnforcementStatus": "HEALTHY",
            "SendQuota": {"Max24HourSend": A_DAY, "MaxSendRate": RATE, "SentLast24Hours": float(len(sent))}})

    replace(stack, SESV2Response, "send_email", send_email)
    replace(stack, SESV2Response, "get_account", get_account)

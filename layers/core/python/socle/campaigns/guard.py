"""When a campaign that is under way is stopped by itself: before the mail provider stops the whole account. Pure.

SES puts an account under review at 5 % bounces or 0.1 % complaints ("Sending review process FAQs", Amazon SES developer
guide); Gmail asks for less than 0.3 % complaints, better 0.1 % (support.google.com/mail/answer/81126). A few bounces among the
first mails say nothing yet: a rate counts from LEAST_… messages on that something is known of.
"""

from __future__ import annotations

from collections.abc import Mapping

BOUNCES = 0.05
LEAST_BOUNCES = 50
COMPLAINTS = 0.001
LEAST_COMPLAINTS = 1_000
ONCE = ("bounces", "complaints", "bounces, complaints")
"""Reasons for which a run is stopped once each: whoever resumes it has seen them, and they stay true."""
SENT, DELIVERED, BOUNCED, COMPLAINED, OPENED, CLICKED, UNSUBSCRIBED, FAILED = METRICS = (
    "sent", "delivered", "bounced", "complained", "opened", "clicked", "unsubscribed", "failed")
"""What is counted of a run while it is under way; bounced: for good, not for now."""


def should_pause(totals: Mapping[str, int]) -> str | None:
    """One of ONCE when a run has too many of them to go on; totals: metric → messages of the run so far."""
    delivered, bounced, complained = (totals.get(name, 0) for name in (DELIVERED, BOUNCED, COMPLAINED))
    known = delivered + bounced
    reasons = []
    if known >= LEAST_BOUNCES and bounced >= BOUNCES * known:
        reasons.append("bounces")
    # Of fewer, one complaint would be more than the limit.
    if known >= LEAST_COMPLAINTS and complained >= COMPLAINTS * known:
        reasons.append("complaints")
    return ", ".join(reasons) or None

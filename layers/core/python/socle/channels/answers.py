"""What the providers' errors say about a message: pure tables.

Sources: API references of SES v2 SendEmail ("Errors") and SNS Publish; SES developer guide, "Errors related to the sending
quotas": the same exception says that the rate is exceeded, which passes in a second, or the day's quota, which does not.
"""

from __future__ import annotations

from socle.channels.model import Ambiguous, NotSent

THROTTLES = frozenset((
    "TooManyRequestsException", "ThrottlingException", "Throttling", "ThrottledException", "Throttled",
    "LimitExceededException", "RequestLimitExceeded", "RequestThrottled", "RequestThrottledException", "SlowDown",
    "KMSThrottling"))
_MENDED_BY_SOMEBODY = {
    "AccountSuspendedException": ("account_suspended", "AWS suspended sending: see the account's reputation in the SES console"),
    "SendingPausedException": ("sending_paused", "sending is paused: resume it in the SES console, and why it was"),
    "AccountSendingPausedException": ("sending_paused", "sending is paused: resume it in the SES console, and why it was"),
    "MailFromDomainNotVerifiedException": ("sender_not_verified", "verify the sender's MAIL FROM domain in SES"),
    "NotFoundException": ("misconfigured", "what it is sent through is not there: deploy the stack again"),
    "NotFound": ("misconfigured", "what it is sent through is not there: see the platform applications in SNS"),
    "PlatformApplicationDisabled": ("application_disabled", "the platform application is disabled: renew its credentials in SNS"),
}
_FORBIDDEN = ("AccessDenied", "AuthorizationError", "UnrecognizedClient", "ExpiredToken", "InvalidClientTokenId", "SignatureDoes",
              "InvalidSignature", "IncompleteSignature", "MissingAuthentication", "OptInRequired", "KMS", "InvalidSecurity")


def of_error(code: str, status: int, text: str, sender: str = "") -> NotSent | Ambiguous:
    """What an error of SES or SNS means. `text` is the provider's; it may name people, so nothing of it is passed on.

    sender  the address that it was to come from
    """
    if code in THROTTLES:
        if "daily" in text.lower():
            return NotSent("daily_quota", "the day's quota of SES is used up: resume tomorrow, or ask AWS for more", stop=True)
        return NotSent("throttled", "more at once than the provider takes", again=True)
    if code in _MENDED_BY_SOMEBODY:
        return NotSent(*_MENDED_BY_SOMEBODY[code], stop=True)
    if code.startswith(_FORBIDDEN):
        return NotSent("not_allowed", f"AWS does not let this function send ({code}): see its role", stop=True)
    if status >= 500 or not status:
        return Ambiguous("server_error")
    if "opted out" in text.lower():
        return NotSent("opted_out", "the person answered STOP: their number is on the opt-out list of SNS")
    if code == "EndpointDisabled":
        return NotSent("endpoint_disabled", "the app is not on this device any more, or its token was replaced")
    if "not verified" in text.lower() and _names(text, sender):
        return NotSent("sender_not_verified", f"verify {sender} or its domain in SES", stop=True)
    return NotSent("rejected", f"the provider refused it ({code})")


def of_webhook(status: int) -> NotSent | Ambiguous | None:
    """What a receiver's answer means; None: it was taken. `status` of HTTP."""
    if 200 <= status < 300:
        return None
    if status in (425, 429):
        return NotSent("throttled", f"the receiver takes no more at the moment ({status})", again=True)
    if status >= 500:
        return Ambiguous("server_error")
    return NotSent("rejected", f"the receiver answered {status}")


def _names(text: str, sender: str) -> bool:
    """Whether the text of SES is about the sender: in the sandbox it says the same of recipients."""
    domain = sender.rpartition("@")[2]
    return bool(sender) and (sender.lower() in text.lower() or text.lower().rstrip(". ").endswith(f" {domain.lower()}"))

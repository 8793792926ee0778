"""Push notifications: which application a device's token belongs to, and what its platform is sent. Pure.

Sources: SNS developer guide, "Sending platform-specific payloads"; Apple, "Generating a remote notification"; Firebase, "About
FCM messages": both take at most 4,096 bytes.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping

from socle.channels.model import NotSent
from socle.messages.model import Push

MAX_BYTES = 4_096
IOS, ANDROID = "ios", "android"
_APNS_TOKEN = re.compile(r"[0-9a-fA-F]{64,200}")


def application_for(token: str, applications: Mapping[str, str]) -> str:
    """ARN of the platform application. APNs' own tokens are hexadecimal, FCM's (also those of iPhones) are not.

    Raises NotSent(`misconfigured`).
    """
    platform = IOS if _APNS_TOKEN.fullmatch(token) else ANDROID
    arn = applications.get(platform)
    if not arn:
        raise NotSent("misconfigured", f"there is no platform application for {platform}: make one in SNS and name it in the "
                      "stack's setting push_applications", stop=not applications)
    return arn


def payload(notification: Push, application: str, tag: str) -> str:
    """The message for SNS with MessageStructure json. The platform is in the application's ARN, `…:app/APNS_SANDBOX/name`.

    tag  travels in the data, so that the app can tell of what was opened. Raises NotSent(`too_large`).
    """
    platform = application.split("/")[1] if "/" in application else "GCM"
    data = {**notification.data, "socle_message": tag}
    if platform.startswith("APNS"):
        body = {"aps": {"alert": {"title": notification.title, "body": notification.body}}, **data}
    else:
        body = {"notification": {"title": notification.title, "body": notification.body}, "data": data}
    text = json.dumps(body, ensure_ascii=False, separators=(",", ":"))
    if len(text.encode(errors="replace")) > MAX_BYTES:
        raise NotSent("too_large", f"a push notification has at most {MAX_BYTES:,} bytes: shorten it")
    return json.dumps({"default": notification.body, platform: text}, ensure_ascii=False)

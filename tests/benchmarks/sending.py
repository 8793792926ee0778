"""What it takes to send a mail, from the look at its person to the event that says so: CPU by step, with and without boto3.

`python -m tests.benchmarks.sending` prints it alone. AWS is answered in the process, on its own CPU; people are new to the
campaign, have given consent, and get the letter of tests/benchmarks/templates.py.
"""

from __future__ import annotations

import base64
import io
import json
import os
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import botocore.handlers
from botocore.awsrequest import AWSPreparedRequest, AWSResponse
from botocore.exceptions import ClientError

from socle.assets.store import AssetStore
from socle.aws import client
from socle.channels import mime
from socle.channels.store import Channels, sending_client
from socle.coupons.service import Coupons
from socle.coupons.store import CouponStore
from socle.definitions.store import DefinitionStore
from socle.events.store import EventStream
from socle.items.store import ItemStore
from socle.links.token import Keys
from socle.messages.rules import SendingRules
from socle.messages.service import sending as service
from socle.messages.service.chunks import BATCH, ask_of
from socle.messages.service.prepare import Prepared, Stand, prepare
from socle.messages.service.sending import Job, Sending
from socle.messages.store import Ledger
from socle.profiles.codec import encode_aggregate
from socle.profiles.items import aggregate_item
from socle.profiles.model import Register
from socle.templates.service.lookups import Catalogue
from tests.benchmarks import templates
from tests.benchmarks.report import Figure
from tests.faults.dynamo import Dynamo
from tests.messages.people import NOON, aggregate

PEOPLE = 2_000
FIRST_BAR, GOAL = 2.0, 1.0
"""Milliseconds of CPU per mail."""
BRAND = {**templates.FROZEN["brand"], "sender": {"address": "letters@example.com", "name": "Café Zoé"}}
FROZEN = {**templates.FROZEN, "brand": BRAND}
RUN = {"campaign": "letter", "run": "r1", "occurrence": "r1", "mode": "send", "document": {"topic": "news"}}


class Sent(NamedTuple):
    """Milliseconds of CPU per mail; `steps` of them by what they were spent on, boto3 included where it is called."""

    with_boto3: float
    steps: dict[str, float]
    calls: dict[str, float]
    bytes: int


class Cloud:
    """AWS as boto3 sees it, in this process; `cpu` is the seconds spent in here."""

    def __init__(self) -> None:
        self.dynamo = Dynamo()
        self.calls: Counter[str] = Counter()
        self.cpu = 0.0
        self.mails = 0
        self.bytes = 0
        botocore.handlers.BUILTIN_HANDLERS.append(("before-send", self._answer))

    def _answer(self, request: AWSPreparedRequest, **_: Any) -> AWSResponse:
        began = time.process_time()
        target = request.headers.get("X-Amz-Target", b"").decode()
        operation = target.rpartition(".")[2] or "SendEmail"
        self.calls[operation] += 1
        status, answer = 200, self._do(operation, json.loads(request.body, object_hook=_from_wire))
        body = json.dumps(answer, default=_to_wire).encode()
        response = AWSResponse(request.url, status, {"x-amzn-RequestId": "0"}, _Raw(body))
        self.cpu += time.process_time() - began
        return response

    def _do(self, operation: str, asked: Mapping[str, Any]) -> Any:
        if operation == "PutRecords":
            return {"FailedRecordCount": 0, "Records": [{"SequenceNumber": "1", "ShardId": "s"} for _ in asked["Records"]]}
        if operation == "SendEmail":
            self.mails += 1
            self.bytes += len(base64.b64decode(asked["Content"]["Raw"]["Data"]))
            return {"MessageId": str(self.mails)}
        method = "".join("_" + one.lower() if one.isupper() else one for one in operation)[1:]
        try:
            return getattr(self.dynamo, method)(**{name: value for name, value in asked.items() if name != "ClientRequestToken"})
        except ClientError as error:
            raise RuntimeError("nothing should be refused here") from error


def _from_wire(value: dict[str, Any]) -> dict[str, Any]:
    if isinstance(value.get("B"), str):
        value["B"] = base64.b64decode(value["B"])
    return value


def _to_wire(value: Any) -> Any:
    return base64.b64encode(value).decode()


class _Raw(io.BytesIO):
    def stream(self, **_: Any) -> Any:
        yield self.read()


def _stand(cloud: Cloud) -> Stand:
    dynamodb = client("dynamodb")
    definitions = DefinitionStore(dynamodb, "d")
    keys = Keys("a-key-of-the-benchmark-0123456789")
    return Stand(
        Ledger(dynamodb, "t"), EventStream("s"),
        Channels(sending_client("sesv2"), None, "socle", lambda: b"", {}), lambda: keys, "https://socle.example.com",
        AssetStore(None, "b"), Catalogue(ItemStore(dynamodb, "d"), lambda: NOON),
        Coupons(CouponStore(dynamodb, "d"), definitions, lambda: NOON), lambda root: {}, lambda: NOON,
        lambda calls: [call() for call in calls])


class Steps:
    """CPU by step: functions wrapped from outside; a step's time is without that of the steps within it."""

    def __init__(self, cloud: Cloud) -> None:
        self.seconds: Counter[str] = Counter()
        self._cloud = cloud
        self._open: list[str] = []
        self._since = 0.0

    def timed(self, step: str, function: Callable[..., Any]) -> Callable[..., Any]:
        def wrapper(*args: Any, **options: Any) -> Any:
            self._switch()
            self._open.append(step)
            try:
                return function(*args, **options)
            finally:
                self._switch()
                self._open.pop()

        return wrapper

    def _switch(self) -> None:
        now = time.process_time() - self._cloud.cpu
        if self._open:
            self.seconds[self._open[-1]] += now - self._since
        self._since = time.process_time() - self._cloud.cpu


def measure() -> Sent:
    """Two runs, one of them in steps."""
    cloud = Cloud()
    stand = _stand(cloud)
    _run(cloud, stand)  # warm: pieces of the template are encoded, clients are made
    whole = _run(cloud, stand)
    calls = {name: count / PEOPLE for name, count in cloud.calls.items()}
    size = cloud.bytes // cloud.mails
    steps = Steps(cloud)
    places: tuple[tuple[str, Any, str], ...] = (
        ("look", Ledger, "look"), ("look", Ledger, "standings"), ("gate", service, "decide"), ("claim", Ledger, "claim"),
        ("mark", Ledger, "advance"), ("event", EventStream, "put"), ("render", Prepared, "render"), ("MIME", mime, "build"),
        ("SES", Channels, "send"), ("rest", Sending, "send"))
    originals = [(owner, name, getattr(owner, name)) for _, owner, name in places]
    for step, owner, name in places:
        setattr(owner, name, steps.timed(step, getattr(owner, name)))
    try:
        _run(cloud, stand)
    finally:
        for owner, name, original in originals:
            setattr(owner, name, original)
    return Sent(whole, {step: seconds * 1000 / PEOPLE for step, seconds in steps.seconds.items()}, calls, size)


def _run(cloud: Cloud, stand: Stand) -> float:
    cloud.dynamo.items.clear()
    cloud.dynamo.log.clear()
    products = {"products": templates.PERSON["event"]["products"]}
    for number in range(PEOPLE):
        one = aggregate(f"p{number:07}", email=f"p{number}@example.com", segments={"vip": 1})
        one.snapshot.traits["firstName"] = Register(1, 1, f"Zoé {number}")
        cloud.dynamo.put_item(Item=aggregate_item(one, encode_aggregate(one)))
    document = {**FROZEN["document"], "mjml": FROZEN["document"]["mjml"].replace("orders.EUR.last", "now").replace(
        "orders.EUR.count", "segments.size")}
    contents = {"a": Prepared({**FROZEN, "document": document}, None, stand)}
    ask = ask_of(RUN, "email")
    sender = prepare(stand, contents, "marketing", event=products)
    jobs = [Job(f"p{number:07}", "a") for number in range(PEOPLE)]
    cloud.cpu = 0.0
    cloud.calls.clear()
    began, mails = time.process_time(), cloud.mails
    for first in range(0, PEOPLE, BATCH):
        sender.send(ask, jobs[first:first + BATCH], contents, SendingRules())
    if cloud.mails - mails != PEOPLE:
        raise RuntimeError(f"{cloud.mails - mails} of {PEOPLE} mails were sent")
    return (time.process_time() - began - cloud.cpu) * 1000 / PEOPLE


def alone() -> Sent:
    """Measured in a process of its own: it answers boto3 in another way than the other benchmarks do."""
    known = {"AWS_DEFAULT_REGION": "us-east-1", "AWS_ACCESS_KEY_ID": "bench", "AWS_SECRET_ACCESS_KEY": "bench"}
    done = subprocess.run([sys.executable, "-m", "tests.benchmarks.sending", "--json"], check=True, capture_output=True,
                          text=True, env={**os.environ, **known})
    return Sent(*json.loads(done.stdout))


def figures(found: Sent) -> list[Figure]:
    """As `make bench` shows them."""
    return [Figure(f"a mail of {found.bytes / 1000:.0f} KB, from look to event", found.with_boto3, "ms CPU", FIRST_BAR, GOAL),
            *(Figure(f"of it: {step}", each, "ms CPU") for step, each in sorted(found.steps.items(), key=lambda one: -one[1]))]


def main() -> None:
    """Print it."""
    found = measure()
    if "--json" in sys.argv:
        sys.stdout.write(json.dumps(found))
        return
    sys.stdout.write(f"a mail of {found.bytes:,} bytes, with boto3: {found.with_boto3:.2f} ms CPU (budget {FIRST_BAR}, "
                     f"goal {GOAL})\n")
    for step, each in sorted(found.steps.items(), key=lambda one: -one[1]):
        sys.stdout.write(f"  {step:8} {each:.3f}\n")
    sys.stdout.write("calls per mail: " + ", ".join(f"{name} {count:.3f}" for name, count in sorted(found.calls.items())) + "\n")


if __name__ == "__main__":
    main()

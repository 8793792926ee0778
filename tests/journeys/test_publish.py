"""Publishing: a version that runs is never changed, each command may be given again, and who is parked is let go on once."""

from __future__ import annotations

from typing import Any

import pytest
from botocore.exceptions import ClientError

from socle.clock import DAY
from socle.definitions.model import Definition
from socle.errors import Conflict, NotFound, Rejected
from socle.journeys.model.release import Release
from socle.journeys.model.row import Inside, Parked
from socle.journeys.service.publish import AT_ONCE, Publishing
from socle.journeys.store import EntryStore
from socle.releases.store import Machines, ReleaseStore, Standing
from tests.faults.dynamo import Dynamo
from tests.journeys.documents import document

STEP = "arn:aws:lambda:eu-west-1:123456789012:function:step"
WRITE = {"name": "Write", "type": "send", "template": "hello"}
MACHINE = "arn:aws:states:eu-west-1:123456789012:stateMachine:socle-dev-journey-cart-v{}"
MAIL = {"channel": "email", "subject": "Hello", "sender": {"address": "a@shop.example.com"}}


class States:
    """Step Functions: its machines by name, and the tokens that somebody waits with."""

    def __init__(self) -> None:
        self.machines: dict[str, str] = {}
        self.waiting: set[str] = set()

    def create_state_machine(self, *, name: str, definition: str, roleArn: str, type: str) -> dict[str, str]:
        if self.machines.setdefault(name, definition) != definition:
            raise _error("StateMachineAlreadyExists")
        return {"stateMachineArn": f"arn:aws:states:eu-west-1:123456789012:stateMachine:{name}"}

    def update_state_machine(self, *, stateMachineArn: str, definition: str, roleArn: str) -> None:
        self.machines[stateMachineArn.rpartition(":")[2]] = definition

    def delete_state_machine(self, *, stateMachineArn: str) -> None:
        del self.machines[stateMachineArn.rpartition(":")[2]]

    def send_task_success(self, *, taskToken: str, output: str) -> None:
        if taskToken not in self.waiting:
            raise _error("TaskTimedOut")
        self.waiting.remove(taskToken)


def _error(code: str) -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": ""}}, "Operation")


class Desk:
    """A journey `cart`, whoever publishes it, and what is kept of it."""

    def __init__(self) -> None:
        self.dynamo, self.states = Dynamo(), States()
        self.releases, self.entries = ReleaseStore(self.dynamo, "t"), EntryStore(self.dynamo, "t")
        self.definitions: dict[tuple[str, str], Definition] = {}
        self.templates: dict[str, dict[str, Any]] = {"hello": MAIL}
        self.brand: dict[str, Any] = {}
        self.plans: dict[str, Any] = {}
        self.publishing = Publishing(
            self, self.releases, self, Machines(self.states, "arn:role", STEP), self.entries,
            check=lambda name, document: [], prefix="socle-dev-journey-", function=STEP,
            freeze=lambda name: {"document": self.templates[name], "brand": self.brand})

    def current(self, kind: str, name: str) -> Definition | None:
        return self.definitions.get((kind, name))

    def write(self, name: str, version: int, plan: Any) -> str:
        key = f"journeys/{name}/{version}/{len(str(plan))}.json"
        self.plans[key] = plan
        return key

    def put(self, version: int, **more: Any) -> None:
        made = document([WRITE], **more).model_dump(mode="json")
        self.definitions["journeys", "cart"] = Definition("journeys", "cart", version, made, 1, 1)

    def release(self, version: int) -> Release:
        found = self.releases.load("cart", version)
        assert found is not None
        return found

    def park(self, number: int, why: str = "paused", version: int = 1) -> None:
        entry = f"{number:020x}"
        self.entries.enter("cart", Inside(entry, "p", version), 1)
        self.entries.inside("cart", Inside(entry, "p", version))
        self.entries.park("cart", Parked(entry, "p", version, "Write", 0, why, 1), f"token {number}")
        self.states.waiting.add(f"token {number}")


@pytest.fixture
def desk() -> Desk:
    made = Desk()
    made.put(1)
    made.publishing.publish("cart", 1_000)
    return made


def test_a_published_version_has_a_machine_a_plan_and_is_entered(desk: Desk) -> None:
    release = desk.release(1)
    assert release.open
    assert release.machine == MACHINE.format(1)
    assert set(desk.states.machines) == {"socle-dev-journey-cart-v1"}
    assert desk.plans[release.plan]["templates"]["hello"]["document"] == MAIL
    assert release.document == desk.definitions["journeys", "cart"].document


def test_publishing_again_changes_nothing(desk: Desk) -> None:
    before = dict(desk.dynamo.items)
    assert desk.publishing.publish("cart", 9_000).at == 1_000
    assert desk.dynamo.items == before


def test_publishing_again_takes_templates_as_they_are_now_and_steps_as_they_were(desk: Desk) -> None:
    first = desk.release(1)
    desk.templates["hello"] = MAIL | {"subject": "Good day to you"}
    desk.publishing.publish("cart", 2_000)
    again = desk.release(1)
    assert again.plan != first.plan
    assert again._replace(plan=first.plan) == first


def test_a_new_version_is_entered_and_the_former_one_stays_for_those_inside(desk: Desk) -> None:
    desk.put(2, description="second")
    desk.publishing.publish("cart", 2_000)
    assert [(one.version, one.current, one.machine) for one in desk.releases.of("cart")] == [
        (2, True, MACHINE.format(2)), (1, False, MACHINE.format(1))]
    assert desk.releases.all() == sorted(desk.releases.of("cart"), key=lambda one: one.version)


def test_a_machine_goes_when_nobody_is_in_it_and_whoever_entered_it_last_has_long_been_started(desk: Desk) -> None:
    desk.entries.inside("cart", Inside("f" * 20, "p", 1))
    for version, at in ((2, DAY), (3, 2 * DAY), (4, 9 * DAY)):
        desk.put(version, description=str(version))
        desk.publishing.publish("cart", at)
    assert {one.version: bool(one.machine) for one in desk.releases.of("cart")} == {4: True, 3: True, 2: False, 1: True}
    assert "socle-dev-journey-cart-v2" not in desk.states.machines
    desk.entries.leave("cart", "f" * 20)
    desk.publishing.publish("cart", 12 * DAY)
    assert set(desk.states.machines) == {"socle-dev-journey-cart-v4"}


def test_a_paused_journey_stays_paused_when_it_is_published_and_is_entered_when_it_is_resumed(desk: Desk) -> None:
    desk.publishing.pause("cart", False, 2_000)
    desk.put(2, description="second")
    assert desk.publishing.publish("cart", 3_000).state == "paused"
    assert not desk.release(2).open
    assert desk.publishing.resume("cart", 4_000).version == 2
    assert desk.release(2).open


def test_whoever_entered_before_a_stop_is_out_also_when_it_runs_again(desk: Desk) -> None:
    assert desk.publishing.stop("cart", 5_000).state == "stopped"
    assert desk.publishing.stop("cart", 6_000).state == "stopped"
    assert desk.release(1).ejects(9_000)
    with pytest.raises(Rejected) as raised:
        desk.publishing.resume("cart", 7_000)
    assert (raised.value.code, raised.value.status) == ("journey_stopped", 409)
    assert desk.publishing.publish("cart", 8_000).state == "live"
    assert desk.release(1).ejects(5_000)
    assert not desk.release(1).ejects(5_001)


def test_resuming_wakes_who_was_held_and_redriving_who_has_failed(desk: Desk) -> None:
    desk.publishing.pause("cart", True, 2_000)
    desk.park(1)
    desk.park(2, "failed: Rejected")
    assert desk.publishing.resume("cart", 3_000).woken == 1
    assert desk.states.waiting == {"token 2"}
    assert [one.why for one in desk.entries.parked("cart")] == ["failed: Rejected"]
    assert desk.publishing.resume("cart", 3_500).woken == 0
    assert desk.publishing.redrive("cart", 4_000).woken == 1
    assert desk.entries.parked("cart") == []


def test_pausing_without_holding_lets_those_go_on_who_were_held(desk: Desk) -> None:
    desk.publishing.pause("cart", True, 2_000)
    desk.park(1)
    assert desk.publishing.pause("cart", False, 3_000).woken == 1


def test_somebody_whose_token_is_dead_is_listed_no_more(desk: Desk) -> None:
    desk.park(1)
    desk.states.waiting.clear()
    assert desk.publishing.stop("cart", 2_000).woken == 0
    assert desk.entries.parked("cart") == []


def test_of_very_many_each_request_wakes_some_and_says_that_more_are_left(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    assert AT_ONCE >= 1_000
    monkeypatch.setattr("socle.journeys.service.publish.AT_ONCE", 3)
    for number in range(5):
        desk.park(number)
    done = [desk.publishing.resume("cart", 2_000) for _ in range(3)]
    assert [(one.woken, one.left) for one in done] == [(3, True), (2, False), (0, False)]


def test_a_journey_that_was_never_published_or_written_is_not_found() -> None:
    desk = Desk()
    with pytest.raises(NotFound, match="PUT /api/journeys/cart"):
        desk.publishing.publish("cart", 1)
    for command in (lambda: desk.publishing.resume("cart", 1), lambda: desk.publishing.pause("cart", True, 1),
                    lambda: desk.publishing.stop("cart", 1), lambda: desk.publishing.redrive("cart", 1)):
        with pytest.raises(NotFound, match="publish"):
            command()


def test_a_mail_in_nobodys_name_is_refused_before_anybody_enters() -> None:
    desk = Desk()
    desk.put(1)
    desk.templates["hello"] = {"channel": "email", "subject": "Hello"}
    with pytest.raises(Rejected) as raised:
        desk.publishing.publish("cart", 1)
    assert (raised.value.code, raised.value.field) == ("no_sender", "steps.0.template")
    desk.brand = {"sender": {"address": "a@shop.example.com"}}
    assert desk.publishing.publish("cart", 1).state == "live"


def test_of_two_who_publish_at_once_one_is_told(desk: Desk) -> None:
    late = desk.releases.standing("cart")
    desk.put(2, description="second")
    desk.publishing.publish("cart", 2_000)
    with pytest.raises(Conflict):
        desk.releases.publish(desk.release(1), late)
    assert desk.releases.standing("cart").version == 2


def test_a_deleted_journey_is_entered_by_nobody(desk: Desk) -> None:
    del desk.definitions["journeys", "cart"]
    desk.publishing.follow("cart", 2_000)
    assert desk.releases.standing("cart").state == "stopped"
    desk.publishing.follow("other", 2_000)
    assert desk.releases.standing("other") == Standing()


def test_people_inside_hold_a_journey_until_it_is_stopped(desk: Desk) -> None:
    assert desk.publishing.bound("cart") is None
    desk.entries.inside("cart", Inside("a" * 20, "p", 1))
    assert desk.publishing.bound("cart") == "a" * 20
    desk.publishing.stop("cart", 2_000)
    assert desk.publishing.bound("cart") is None


def test_a_machine_that_socle_compiles_otherwise_now_is_brought_to_that(desk: Desk) -> None:
    desk.states.machines["socle-dev-journey-cart-v1"] = "{}"
    desk.publishing.publish("cart", 2_000)
    assert len(desk.states.machines["socle-dev-journey-cart-v1"]) > 100

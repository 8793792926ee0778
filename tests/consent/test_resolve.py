"""What holds of several statements: the later one, whoever made it; and pages and gate never disagree."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from socle.consent.model import ALL, NONE, PENDING, SUBSCRIBED, UNSUBSCRIBED, Standing
from socle.consent.resolve import answer
from socle.messages import gate
from socle.messages.gate import Person, Send, decide
from socle.messages.model import MARKETING
from socle.messages.rules import Ask, SendingRules
from socle.profiles.fold import refold
from socle.profiles.model import Aggregate
from tests.people import T0, consent, identify

_TOPICS = st.sampled_from(["news", None])
_STATES = st.sampled_from([SUBSCRIBED, UNSUBSCRIBED, PENDING])
_TIMES = st.integers(1, 6)


@st.composite
def statements(draw):
    """Consents at whole seconds, each received when it was given."""
    return [consent(at, draw(_STATES), topic=draw(_TOPICS), received=T0 + at * 1_000)
            for at in draw(st.lists(_TIMES, max_size=4))]


_STANDINGS = st.dictionaries(st.sampled_from(["news", "offers", ALL]), _TIMES.map(lambda at: T0 + at * 1_000)).map(
    lambda withdrawn: Standing(withdrawn=withdrawn))


@given(statements(), _STANDINGS)
def test_pages_and_gate_agree(said, standing):
    root = Aggregate("p", 1, refold([identify(0, traits={"email": "ann@example.com"}), *said]))
    shown = answer(root.snapshot.consent, "email", "news", standing)
    verdict = decide(Person("p", root), gate.Standing(withdrawn=standing.withdrawn), Ask("k", "email", MARKETING, "news"),
                     SendingRules(), T0)
    assert isinstance(verdict, Send) is (shown.state == SUBSCRIBED)
    if isinstance(verdict, Send):
        assert verdict.granted == shown.granted


def of(*said, topic="news", **withdrawn):
    times = {(ALL if name == "all" else name): T0 + at * 1_000 for name, at in withdrawn.items()}
    return answer(refold(said).consent, "email", topic, Standing(withdrawn=times)).state


def test_who_never_said_anything_is_not_subscribed():
    assert of() == NONE
    assert of(consent(1, SUBSCRIBED, topic=None)) == NONE
    assert of(consent(1, SUBSCRIBED, topic=None), topic=ALL) == SUBSCRIBED


def test_the_later_statement_counts():
    assert of(consent(1, SUBSCRIBED), consent(2, UNSUBSCRIBED)) == UNSUBSCRIBED
    assert of(consent(2, UNSUBSCRIBED), consent(4, SUBSCRIBED)) == SUBSCRIBED
    assert of(consent(1, SUBSCRIBED), news=2) == UNSUBSCRIBED
    assert of(consent(3, SUBSCRIBED), news=2) == SUBSCRIBED
    assert of(consent(3, SUBSCRIBED), news=3) == UNSUBSCRIBED
    assert of(consent(3, SUBSCRIBED), offers=4) == SUBSCRIBED


def test_leaving_the_channel_takes_its_topics_until_one_is_granted_again():
    assert of(consent(1, SUBSCRIBED), consent(2, UNSUBSCRIBED, topic=None)) == UNSUBSCRIBED
    assert of(consent(2, UNSUBSCRIBED, topic=None), consent(4, SUBSCRIBED)) == SUBSCRIBED
    assert of(consent(1, SUBSCRIBED), all=2) == UNSUBSCRIBED
    assert of(consent(1, PENDING), all=2) == UNSUBSCRIBED


def test_a_grant_that_an_old_file_brings_in_undoes_nothing():
    assert of(consent(1, SUBSCRIBED, received=T0 + 9_000), news=2) == UNSUBSCRIBED

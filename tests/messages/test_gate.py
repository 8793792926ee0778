"""The gate lets nobody through who may not get a message, and says why."""

from __future__ import annotations

import pytest

from socle.links.model import OPEN, Claims
from socle.links.token import Keys, read, sign
from socle.messages.gate import Hold, Known, Send, Skip, Standing, decide, reach
from socle.messages.model import FAILED, SENT, Address
from socle.messages.rules import Cap, QuietHours, SendingRules
from socle.profiles.model import Aggregate, Register, Snapshot
from socle.segments.evaluate import share
from tests.messages.people import ADA, ASK, HOUR, NOON, NOTHING, RULES, SMS, aggregate, consent, person, row

DAY = 24 * HOUR
EVENING = NOON + 10 * HOUR


def verdict(who, *, standing=NOTHING, ask=ASK, rules=RULES, now=NOON):
    return decide(who, standing, ask, rules, now)


def test_who_subscribed_gets_it_and_is_counted_once():
    found = verdict(person())
    assert found == Send(ADA, 1, NOON - DAY, {"2026-06-01": {"email news": 1}})


def test_nobody_gets_marketing_without_having_subscribed():
    assert verdict(person(topics={})) == Skip("no_consent")
    assert verdict(person(topics={("sms", "news"): consent()})) == Skip("no_consent")
    assert verdict(person(topics={("email", "other"): consent()})) == Skip("no_consent")
    assert verdict(person(topics={("email", "news"): consent("pending")})) == Skip("not_confirmed")
    assert verdict(person(topics={("email", "news"): consent("unsubscribed")})) == Skip("unsubscribed")


@pytest.mark.parametrize(("withdrawn", "expected"), [(-1, Send), (0, Skip), (1, Skip)])
@pytest.mark.parametrize("topic", ["news", ""])
def test_of_consent_and_withdrawal_the_later_one_counts_and_at_one_moment_the_withdrawal(topic, withdrawn, expected):
    given = NOON - DAY
    assert isinstance(verdict(person(), standing=Standing("", {topic: given + withdrawn})), expected)
    whole = {("email", "news"): consent(), ("email", ""): consent("unsubscribed", given + withdrawn)}
    assert isinstance(verdict(person(topics=whole)), expected)


def test_a_withdrawal_of_another_topic_says_nothing():
    assert isinstance(verdict(person(), standing=Standing("", {"offers": NOON})), Send)


def test_a_suppressed_address_gets_nothing_not_even_what_is_transactional():
    for ask in (ASK, ASK._replace(purpose="transactional")):
        assert verdict(person(), standing=Standing("complaint"), ask=ask) == Skip("suppressed", "complaint")


def test_what_is_transactional_passes_topics_caps_quiet_hours_and_holdouts():
    rules = SendingRules(caps=(Cap(count=1, per="day"),), holdout=50, quiet_hours={"sms": QuietHours(begin="00:01", end="00:00")})
    ask = SMS._replace(purpose="transactional", holdout=100)
    busy = {"p1": {"2026-06-01": {"sms news": 9}}}
    assert verdict(person(topics={}, counts=busy), ask=ask, rules=rules) == Send(Address("sms", "+33612345678"), 1)


def test_who_is_not_there_or_not_reachable_is_skipped():
    assert verdict(person(erased=NOON, version=3)) == Skip("erased")
    assert decide(_nobody(), None, ASK, RULES, NOON) == Skip("no_profile")
    assert verdict(person(email=None)) == Skip("no_address")
    assert verdict(person(email="ada")).reason == "invalid_address"
    assert verdict(person(email="zoé@example.com")).reason == "invalid_address"


def _nobody():
    return type(person())("p1", Aggregate("p1"))


@pytest.mark.parametrize(("email", "sent_to"), [
    ("Ada+News@Example.com", "ada+news@example.com"), ("ada@müller.example", "ada@xn--mller-kva.example")])
def test_plus_addresses_and_international_domains_are_written_to(email, sent_to):
    assert reach(aggregate(email=email), "email") == Address("email", sent_to)
    assert reach(aggregate(email="no domain@"), "email") is None


def test_the_address_somebody_gave_last_is_the_one_that_is_written_to():
    snapshot = Snapshot({"email": {"a@example.com", "b@example.com"}}, {"email": Register(1, 1, "b@example.com")})
    assert reach(Aggregate("p1", snapshot=snapshot), "email") == Address("email", "b@example.com")


def test_a_message_that_was_dealt_with_is_not_sent_again():
    assert verdict(person(row())) == Known(row())
    assert verdict(person(row(SENT))) == Known(row(SENT))
    assert verdict(person(row(SENT, run="r0"))) == Skip("already_sent", "sent")
    assert verdict(person(row(run="r0"))) == Skip("already_sent", "claimed")
    single = ASK._replace(run="", campaign="")
    assert verdict(person(row(SENT, run="")), ask=single) == Skip("already_sent", "sent")


def test_only_what_surely_failed_is_tried_again_and_only_if_it_is_asked_for():
    assert verdict(person(row(FAILED, reason="rejected"))) == Known(row(FAILED, reason="rejected"))
    assert verdict(person(row(FAILED, run="r0"))) == Skip("already_sent", "failed")
    again = verdict(person(row(FAILED, run="r0", attempt=2)), ask=ASK._replace(resend=True))
    assert again == Send(ADA, 3, NOON - DAY, None)
    assert verdict(person(row(run="r0")), ask=ASK._replace(resend=True)) == Skip("already_sent", "claimed")
    for reason in ("throttled", "sending_stopped"):
        assert verdict(person(row(FAILED, reason=reason))).attempt == 2


def test_nobody_is_tried_more_often_than_links_can_name():
    again = ASK._replace(resend=True)
    last = verdict(person(row(FAILED, run="r0", attempt=254)), ask=again).attempt
    keys = Keys("k" * 16)
    token = sign(keys, Claims(OPEN, "p1", NOON, row(FAILED).key, last))
    assert (last, read(keys, token, OPEN).attempt) == (255, 255)
    assert verdict(person(row(FAILED, run="r0", attempt=255)), ask=again) == Skip("already_sent", "failed")


def test_a_message_to_a_profile_that_was_merged_in_is_one_to_the_person():
    both = person(row(SENT, profile="p2", run="r0"))
    assert verdict(both) == Skip("already_sent", "sent")
    failed_once = person(row(FAILED, reason="throttled"), row(SENT, profile="p2", run="r0"))
    assert verdict(failed_once) == Known(row(FAILED, reason="throttled"))


def test_holdouts_are_the_same_people_every_time_and_about_as_many_as_asked():
    held = [profile for profile in map(str, range(2_000))
            if verdict(person(profile=profile), ask=ASK._replace(holdout=10)) == Skip("holdout", "campaign")]
    assert 150 < len(held) < 250
    assert held == [one for one in map(str, range(2_000)) if share("holdout/letter", one) < 1_000]
    everybody = [verdict(person(profile=str(one)), rules=SendingRules(holdout=10)) for one in range(2_000)]
    assert 150 < everybody.count(Skip("holdout", "global")) < 250


def test_nobody_is_in_a_holdout_who_would_not_have_got_it():
    """Or the holdout would be another kind of people than those who got it."""
    assert verdict(person(topics={}), ask=ASK._replace(holdout=100)) == Skip("no_consent")
    assert verdict(person(), standing=Standing("manual"), ask=ASK._replace(holdout=100)) == Skip("suppressed", "manual")


def test_caps_count_over_all_that_was_merged():
    counts = {"p1": {"2026-06-01": {"email news": 2}}, "p2": {"2026-06-01": {"email offers": 1}}}
    assert verdict(person(counts=counts)) == Skip("frequency_cap", "3 a day")
    del counts["p2"]
    assert verdict(person(counts=counts)).counts == {"2026-06-01": {"email news": 3}}


def test_in_quiet_hours_it_waits_for_the_persons_own_morning():
    held = verdict(person(zone="Europe/Paris"), ask=SMS, now=EVENING)
    assert held == Hold(NOON + 18 * HOUR)  # 08:00 in Paris is 06:00 UTC
    assert isinstance(verdict(person(zone="Asia/Tokyo"), ask=SMS, now=NOON - 2 * HOUR), Send)  # 19:00
    assert verdict(person(zone="Asia/Tokyo"), ask=SMS, now=NOON) == Hold(NOON + 11 * HOUR)  # from 21:00 to 08:00
    assert isinstance(verdict(person(), ask=ASK, now=EVENING), Send)  # e-mail disturbs nobody


def test_a_campaign_may_skip_instead_of_holding_or_ignore_quiet_hours():
    assert verdict(person(), ask=SMS._replace(quiet="skip"), now=EVENING) == Skip("quiet_hours")
    assert isinstance(verdict(person(), ask=SMS._replace(quiet="ignore"), now=EVENING), Send)
    skipping = SendingRules(quiet_hours={"sms": QuietHours(begin="21:00", end="08:00", then="skip")})
    assert verdict(person(), ask=SMS, rules=skipping, now=EVENING) == Skip("quiet_hours")
    assert isinstance(verdict(person(), ask=SMS._replace(quiet="hold"), rules=skipping, now=EVENING), Hold)

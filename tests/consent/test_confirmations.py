"""Double opt-in: a pending consent of ours asks by mail, once a day, and only while it is pending."""

from __future__ import annotations

import pytest

from socle.accounts.service import AccountWriter
from socle.consent.events import CONFIRM, consent_event
from socle.consent.service.confirmations import Confirmations
from socle.consent.topics import TopicDocument
from socle.effects import model as effects
from socle.effects.service import EffectRunner
from socle.errors import Unavailable
from socle.templates.builtin import BUILT_IN, CONFIRMATION
from socle.templates.compile import compile_frozen
from socle.templates.freeze import frozen
from socle.templates.service.sample import sampled
from tests.accounts.memory import MemoryAccounts
from tests.people import T0, identify
from tests.world import World

ANN = ("email", "ann@example.com")
TOPIC = TopicDocument.model_validate({"title": "Club", "text": "Yes, the club", "double_opt_in": True,
                                      "translations": {"fr": {"title": "Le club"}}})


class Sender:
    def __init__(self):
        self.asked, self.error = [], None

    def __call__(self, asked):
        if self.error:
            raise self.error
        self.asked.append(asked)
        return {"state": "sent"}


def pending(at=T0, **extra):
    return consent_event(ANN, "email", "club", "pending", at, source="form/join", address=ANN[1], **({CONFIRM: True} | extra))


def deliver(*events):
    world = World()
    world.deliver(*events)
    return world, [one for one in world.queue.sent if one.kind == effects.CONFIRM]


def run(world, effect, sender, topics=None):
    asks = Confirmations(lambda: {"club": TOPIC} if topics is None else topics, sender, lambda: "en")
    return EffectRunner(world.profiles, {}.get, lambda: b"m", lambda *_: 200, AccountWriter(MemoryAccounts()),
                        confirmations=asks).run(effect, T0)


def test_a_pending_consent_asks_for_one_mail_that_can_be_repeated():
    world, [effect] = deliver(pending())
    sender = Sender()
    assert run(world, effect, sender) is True
    assert run(world, effect, sender) is True
    first, again = sender.asked
    assert first == again
    assert (first["template"], first["topic"], first["purpose"]) == (CONFIRMATION, "club", "transactional")
    assert first["data"] == {"topic": "Club", "text": "Yes, the club"}


def test_however_often_it_is_asked_for_there_is_one_key_a_day():
    sender = Sender()
    day = 86_400_000
    for at in (T0, T0 + 1_000, T0 + day):
        world, [effect] = deliver(pending(at))
        run(world, effect, sender)
    assert len({one["key"] for one in sender.asked}) == 2


def test_the_mail_speaks_the_persons_language():
    world, [effect] = deliver(identify(0, ANN, traits={"language": "fr-FR"}), pending())
    sender = Sender()
    run(world, effect, sender)
    assert sender.asked[0]["data"]["topic"] == "Le club"


@pytest.mark.parametrize("event", [
    pending(confirm=False), pending(confirm="true"), pending()._replace(source="shop"), pending()._replace(name="Consent"),
    consent_event(ANN, "sms", "club", "pending", T0, source="x", confirm=True)])
def test_no_other_event_has_mails_sent(event):
    assert deliver(event)[1] == []


def test_what_is_not_pending_any_more_is_not_asked():
    sender = Sender()
    for state in ("subscribed", "unsubscribed"):
        world, [effect] = deliver(pending(), consent_event(ANN, "email", "club", state, T0 + 1_000, source="x"))
        assert run(world, effect, sender) is False
    world, [effect] = deliver(pending())
    assert run(world, effect, sender, topics={}) is False
    assert sender.asked == []


def test_a_mail_that_could_not_be_sent_is_tried_again():
    world, [effect] = deliver(pending())
    sender = Sender()
    sender.error = Unavailable("busy", "ask again")
    with pytest.raises(Unavailable):
        run(world, effect, sender)


def test_the_built_in_mail_leads_to_the_confirmation():
    assert "{{ links.confirm }}" in BUILT_IN[CONFIRMATION]["html"]


@pytest.mark.parametrize(("locale", "language"), [("fr-CA", "fr"), ("en", "en"), ("de", "en")])
def test_the_built_in_mail_says_which_language_it_is_in(locale, language):
    document = {**BUILT_IN[CONFIRMATION], "sample": {"locale": locale, "event": {"topic": "Club", "text": ""}}}
    mail = compile_frozen(frozen(CONFIRMATION, 0, document, lambda *_: None)).render(sampled(document, T0))
    assert f'<html lang="{language}">' in mail.html

"""Forms and surveys: what is sent becomes events, what is looked at does not."""

from __future__ import annotations

import pytest

from socle.consent.events import CONFIRM
from socle.consent.model import ALL
from socle.forms.document import FormDocument
from socle.links.model import SURVEY
from socle.profiles.fold import CONSENT_UPDATED, refold
from tests.consent.site import ANN, ANN_ID, NOW, running
from tests.people import consent, identify

FORM = {"title": "Join <us>", "intro": "One\nTwo", "fields": [
    {"name": "email", "label": "E-mail", "type": "email", "required": True},
    {"name": "first", "label": "First name", "trait": "first_name"},
    {"name": "phone", "label": "Phone", "type": "phone"},
    {"name": "age", "label": "Age", "type": "number"},
    {"name": "born", "label": "Born", "type": "date"},
    {"name": "size", "label": "Size", "type": "choice", "options": ["S", "M"]},
    {"name": "rules", "label": "I have read the rules", "type": "checkbox", "required": True},
    {"name": "note", "label": "Note", "type": "long_text"}],
    "topics": [{"topic": "news"}, {"topic": "club"}, {"topic": "alerts", "channel": "sms"}]}
GOOD = {"email": "Ann@Example.com", "rules": "1"}
NPS = {"kind": "nps", "question": "Would you recommend us?", "low": "no", "high": "yes", "comment": "Why?",
       "translations": {"fr": {"question": "Nous recommanderiez-vous ?"}}}


@pytest.fixture
def site(monkeypatch):
    with running(monkeypatch) as site:
        site.define("forms", "join", FORM)
        site.define("surveys", "nps", NPS)
        yield site


def consents(site):
    return {(one.body["properties"]["topic"], one.body["properties"]["channel"]): one.body["properties"]
            for one in site.events() if one.name == CONSENT_UPDATED}


def test_the_page_shows_the_form_and_changes_nothing(site):
    page = site.get("/forms/join")
    assert page.status == 200
    assert "Join &lt;us&gt;" in page.text
    assert "One<br>Two" in page.text
    assert "Yes, the letter" in page.text
    assert 'value="news/email" checked' not in page.text
    assert site.events() == []


def test_what_is_sent_identifies_the_visitor(site):
    once = site.get("/forms/join").once()
    sent = {**GOOD, "once": once, "first": "Zoé", "age": "42", "born": "1980-01-31", "size": "M", "note": "a\r\nb", "more": "x"}
    assert "Merci" in site.post("/forms/join", sent, headers={"accept-language": "fr-CA,fr;q=0.9"}).text
    known, what = site.events()
    assert known.type == "identify"
    assert set(known.ids) == set(what.ids) == {ANN_ID}
    assert {name: known.body["traits"][name] for name in ("email", "first_name")} == {"email": ANN.value, "first_name": "Zoé"}
    assert what.name == "Form Submitted"
    assert what.body["properties"] == {"form": "join", "email": ANN.value, "first": "Zoé", "age": 42, "born": "1980-01-31",
                                       "size": "M", "rules": True, "note": "a\nb"}
    assert refold([known]).context["locale"].value == "fr-CA"


def test_a_form_that_is_sent_twice_counts_once(site):
    once = site.get("/forms/join").once()
    for _ in range(2):
        site.post("/forms/join", {**GOOD, "once": once})
    assert len({one.key for one in site.events()}) == 2


def test_two_visitors_are_two(site):
    for _ in range(2):
        site.post("/forms/join", GOOD)
    assert len({one.key for one in site.events()}) == 4


@pytest.mark.parametrize(("sent", "said"), [
    ({"email": ""}, "Please fill this in"), ({"email": "ann@"}, "not an e-mail address"), ({"phone": "12"}, "not a phone number"),
    ({"age": "many"}, "not a number"), ({"born": "31.1.1980"}, "not a date"), ({"size": "XL"}, "Choose one from the list"),
    ({"rules": ""}, "Please tick this box"), ({"note": "a" * 5_001}, "at most 5000"),
    ({"topics": ["alerts/sms"]}, "Please fill this in"), ({"email": "test@test.com"}, "not an e-mail address"),
    ({"email": "a@b.fr\r\nBcc: c@d.fr"}, "not an e-mail address")])
def test_each_fault_is_said_beside_its_field_and_nothing_is_kept(site, sent, said):
    page = site.post("/forms/join", {**GOOD, "first": '"><b>', **sent})
    assert page.status == 422
    assert said in page.text
    assert 'aria-invalid="true"' in page.text
    assert "&quot;&gt;&lt;b&gt;" in page.text
    assert site.events() == []


def test_a_ticked_box_is_a_consent_with_its_proof(site):
    site.post("/forms/join", {**GOOD, "topics": ["news/email", "no/email"]})
    assert consents(site) == {("news", "email"): {"channel": "email", "topic": "news", "state": "subscribed",
                                                  "source": "form/join", "text_version": "v3", "address": ANN.value}}


def test_double_opt_in_is_pending_and_asks_for_a_mail(site):
    page = site.post("/forms/join", {**GOOD, "topics": ["club/email"]})
    assert "open it and confirm" in page.text
    said = consents(site)["club", "email"]
    assert (said["state"], said[CONFIRM]) == ("pending", True)


def test_a_confirmed_subscription_is_not_asked_for_again(site):
    site.subscribed("club")
    site.post("/forms/join", {**GOOD, "topics": ["club/email"]})
    assert consents(site) == {}


def test_nobody_brings_back_by_a_form_whoever_unsubscribed(site):
    site.person(consent(1, "unsubscribed", topic="news"))
    site.post("/forms/join", {**GOOD, "topics": ["news/email"]})
    assert consents(site)["news", "email"]["state"] == "pending"


def test_nor_an_address_that_withdrew(site):
    site.standings.withdraw(ANN, ALL, NOW - 1)
    site.post("/forms/join", {**GOOD, "topics": ["news/email"]})
    said = consents(site)["news", "email"]
    assert (said["state"], said[CONFIRM]) == ("pending", True)


def test_programs_that_fill_in_everything_get_nowhere(site):
    assert site.post("/forms/join", {**GOOD, "company_website": "x"}).status == 200
    assert site.events() == []


def test_who_leaves_no_address_is_a_visitor_of_its_own(site):
    site.define("forms", "ask", {"title": "Ask", "fields": [{"name": "q", "label": "Question", "required": True}]})
    site.post("/forms/ask", {"q": "why?"})
    [[(kind, value)]] = {one.ids for one in site.events()}
    assert kind == "anonymous_id"
    assert value.startswith("form-")


def test_nothing_is_said_to_be_kept_when_it_is_not(site):
    with site.stream_down():
        assert site.post("/forms/join", GOOD).status == 503


@pytest.mark.parametrize("wrong", [
    {"fields": []}, {"fields": [{"name": "a", "label": "A"}, {"name": "a", "label": "B"}]},
    {"fields": [{"name": "once", "label": "A"}]}, {"fields": [{"name": "a", "label": "A", "type": "choice"}]},
    {"fields": [{"name": "a", "label": "A"}], "topics": [{"topic": "news"}]},
    {"fields": [{"name": "a", "label": "A", "type": "email"}], "topics": [{"topic": "news"}, {"topic": "news"}]}])
def test_a_form_that_cannot_work_is_not_saved(wrong):
    with pytest.raises(ValueError, match=r"\w"):
        FormDocument.model_validate({"title": "T", **wrong})


def test_a_link_with_a_score_chooses_and_does_not_answer(site):
    site.subscribed("news")
    path = f"/surveys/{site.token(SURVEY, survey='nps')}"
    for method in ("GET", "HEAD"):
        assert site.ask(method, path, query="score=9").status == 200
    assert 'value="9" required checked' in site.get(path, query="score=9").text
    assert " checked>" not in site.get(path, query="score=99").text
    assert site.events() == []


def test_a_survey_speaks_the_language_of_the_person_whatever_the_browser_says(site):
    site.person(identify(1, ANN_ID, traits={"language": "fr"}))
    answer = site.get(f"/surveys/{site.token(SURVEY, survey='nps')}", headers={"accept-language": "en"})
    assert "Votre réponse" in answer.text


def test_an_answer_is_an_event_and_a_second_one_corrects_it(site):
    site.subscribed("news")
    path = f"/surveys/{site.token(SURVEY, message=site.message(), survey='nps')}"
    for score, comment in ((9, "good"), (3, " worse\r\n")):
        site.now += 60_000
        assert "Thank you" in site.post(path, {"score": score, "comment": comment}).text
    first, second = site.events()
    assert first.key == second.key
    assert second.revision > first.revision
    assert second.body["properties"] == {"survey": "nps", "kind": "nps", "score": 3, "comment": "worse", "campaign": "spring"}
    assert refold([first, second]).counts["Survey Answered"] == 1


@pytest.mark.parametrize("score", ["", "11", "-1", "9.5", "x", "٣"])
def test_what_is_no_score_is_asked_again(site, score):
    site.subscribed("news")
    page = site.post(f"/surveys/{site.token(SURVEY, survey='nps')}", {"score": score})
    assert page.status == 422
    assert "Choose one of the answers" in page.text
    assert site.events() == []


def test_a_survey_that_is_over_or_of_nobody_says_so(site):
    assert site.get(f"/surveys/{site.token(SURVEY, survey='gone')}").status == 404
    assert site.post(f"/surveys/{site.token(SURVEY, survey='nps')}", {"score": "1"}).status == 410

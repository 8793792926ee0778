"""Surveys and forms. GET and HEAD show, also a score that a link in a mail has chosen; only what is posted is kept."""

from __future__ import annotations

import re

from socle.definitions.model import NAME
from socle.errors import NotFound
from socle.forms.check import check
from socle.forms.document import MAX_TEXT
from socle.forms.service.answers import Visitor
from socle.ids import new_write_key
from socle.links.model import SURVEY
from socle.links.token import verify
from socle.pages import forms as form_pages
from socle.pages import surveys as survey_pages

from . import collaborators
from .answers import language, language_of_reader, shown
from .http import Answer, Request

_ONCE = re.compile(r"[A-Za-z0-9_-]{16,64}")


def survey(request: Request) -> Answer:
    """`/surveys/{token}`, with `?score=9` for a link that has chosen."""
    site = collaborators.get()
    claims = verify(site.keys(), request.token, request.now, SURVEY)
    document = site.survey(claims.survey)
    if document is None:
        raise NotFound("not_found", "this survey is over")
    spoken = language_of_reader(request, claims)
    words = document.shown(spoken)
    sent = request.form if request.method == "POST" else request.query
    score = int(sent["score"]) if sent.get("score", "") in map(str, document.scores) else None
    comment = request.form.get("comment", "").replace("\r\n", "\n").strip()[:MAX_TEXT] if words.comment else ""
    if request.method == "POST" and score is not None:
        site.forms.answer(claims, document, score, comment, site.campaign_of(claims), request.now)
        return shown(survey_pages.thanks(site.look(), spoken, words.thanks))
    fault = request.method == "POST"
    return shown(survey_pages.survey(site.look(), spoken, words, document.scores, score, comment, fault), 422 if fault else 200)


def form(request: Request) -> Answer:
    """`/forms/{name}`."""
    site = collaborators.get()
    document = site.form(request.token) if NAME.fullmatch(request.token) else None
    if document is None:
        raise NotFound("not_found", "there is no such form")
    spoken = language(request, document.language or "")
    once = request.form.get("once", "")
    if not _ONCE.fullmatch(once):
        once = new_write_key()
    if request.method != "POST":
        return shown(form_pages.form(site.look(), spoken, document, site.topics(), once, {}))
    if request.form.get(form_pages.TRAP):
        return shown(form_pages.thanks(site.look(), spoken, document, False))  # a program: it may think that it got through
    ticked = request.lists.get("topics", ())
    filled = check(document, request.form, ticked)
    if filled.faults:
        page = form_pages.form(site.look(), spoken, document, site.topics(), once, request.form, ticked, filled.faults)
        return shown(page, 422)
    locale = request.headers.get("accept-language", "").partition(",")[0].partition(";")[0].strip()[:35]
    confirms = site.forms.submit(request.token, document, filled, Visitor(once, request.agent, locale), request.now)
    return shown(form_pages.thanks(site.look(), spoken, document, confirms))

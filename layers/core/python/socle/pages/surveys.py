"""The page of a survey. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from socle.forms.document import MAX_TEXT, SurveyWords
from socle.pages.html import field, note, page, paragraph, post, text
from socle.pages.model import Look, Page
from socle.pages.words import say


def survey(look: Look, language: str, words: SurveyWords, scores: Sequence[int], chosen: int | None, comment: str = "",
           fault: bool = False) -> Page:
    """The question with its scale; `chosen` is marked, and counts only once it is sent."""
    marks = "".join(
        f'<label>{score}<input type="radio" name="score" value="{score}" required{" checked" if score == chosen else ""}></label>'
        for score in scores)
    ends = f'<div class="ends quiet"><span>{text(words.low)}</span><span>{text(words.high)}</span></div>'
    body = [note(say(language, "error_score"), fault=True) if fault else ""]
    scale = f'<div class="scale{" long" if len(scores) > 7 else ""}">{marks}</div>{ends if words.low or words.high else ""}'
    inside = [f"<fieldset><legend>{text(say(language, 'score_legend'))}</legend>{scale}</fieldset>"]
    if words.comment:
        control = f'<textarea {{}} maxlength="{MAX_TEXT}">{text(comment)}</textarea>'
        inside.append(field("comment", words.comment, control, language))
    body.append(post(inside, (say(language, "send"), "do", "answer")))
    return page(look, language, words.question, "".join(body))


def thanks(look: Look, language: str, words: str) -> Page:
    """That it has arrived. `words`: the document's own, "" for ours."""
    return page(look, language, say(language, "thanks"), paragraph(words or say(language, "thanks_text")))

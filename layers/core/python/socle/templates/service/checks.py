"""What is asked of templates and what they share among the other definitions, before they are written or deleted."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from socle.assets.store import AssetStore
from socle.campaigns.model.document import KIND as CAMPAIGNS
from socle.coupons.model import KIND as COUPONS
from socle.definitions.store import DefinitionStore
from socle.errors import NotFound, Rejected
from socle.forms.document import SURVEYS
from socle.templates import assemble, mjml
from socle.templates.checks import assets_in, oddities, oddities_of, pools_in, surveys_in, texts_in
from socle.templates.compile import Compiled, compile_frozen
from socle.templates.document import TEMPLATES
from socle.templates.freeze import Find, frozen
from socle.templates.liquid import PLAIN
from socle.templates.model import Unrenderable
from socle.templates.parts import parsed
from socle.templates.service import finder, freeze
from socle.templates.service.sample import sampled
from socle.templates.shared import BLOCKS, BRAND, LAYOUTS

Warnings = list[dict[str, str]]
_JOURNEYS = "journeys"


class TemplateChecks:
    """Templates and what they share, among each other. `now` answers epoch ms."""

    def __init__(self, definitions: DefinitionStore, assets: AssetStore, now: Callable[[], int]) -> None:
        self._definitions = definitions
        self._assets = assets
        self._now = now

    def check(self, kind: str, name: str, document: dict[str, Any]) -> Warnings:
        """What is odd, as {"field", "message"}. Raises Rejected for what can't be rendered, or would break a template."""
        find = finder(self._definitions)
        if kind == TEMPLATES:
            return self._template(name, 0, document, find)
        if kind == BRAND:
            self._exist([document["logo"]] if document.get("logo") else [], "logo")
        if kind == BLOCKS:
            contents = _Contents(find, {name: document["content"]})
            parsed(PLAIN, assemble.without_blocks(document["content"]), "content")
            assemble.with_blocks(document["content"], contents, "content")
        if kind == LAYOUTS:
            self._layout(document, find)
        if kind in (BLOCKS, LAYOUTS):
            self._users(kind, name, document)
        return []

    def of(self, name: str) -> Warnings:
        """The warnings of a template as it is now. Raises NotFound, Rejected."""
        found = freeze(self._definitions, name)
        return self._template(name, found["version"], found["document"], finder(self._definitions))

    def release(self, kind: str, name: str) -> None:
        """Raises Rejected when others need it."""
        users = self._senders(name) if kind == TEMPLATES else self._needing(kind, name)
        if users:
            raise Rejected("in_use", f"{kind}/{name} is used by {', '.join(users[:10])}: change or delete these first", "name",
                           status=409)

    def _template(self, name: str, version: int, document: dict[str, Any], find: Find) -> Warnings:
        before = find(TEMPLATES, name)
        if before and before["channel"] != document["channel"] and (users := self._senders(name)):
            raise Rejected("in_use", f"{', '.join(users[:10])} sends it by {before['channel']}: write it under another name, or "
                           "change that first", "channel", status=409)
        made = frozen(name, version, document, find)
        _parts_alone(document)
        compiled = compile_frozen(made)
        texts = [*texts_in(document), *made["blocks"].values(), *texts_in(made["layout"] or {})]
        self._exist([*compiled.attachments], "attachments")
        self._exist([*compiled.inline, *sorted(assets_in(texts))], "mjml" if document.get("mjml") else "html")
        for pool in sorted(pools_in(texts)):
            if find(COUPONS, pool) is None:
                raise Rejected("unknown_coupons", f"there are no coupons {pool!r}: write the pool to "
                               f"/api/coupons/{pool} first", None)
        for survey in sorted(surveys_in(texts)):
            if find(SURVEYS, survey) is None:
                raise Rejected("unknown_survey", f"there is no survey {survey!r}: write it to /api/surveys/{survey} first", None)
        found = [*oddities(compiled), *self._of_sample(compiled, document)]
        return [odd._asdict() for odd in dict.fromkeys(found)]

    def _of_sample(self, compiled: Compiled, document: dict[str, Any]) -> list[Any]:
        try:
            return oddities_of(compiled.render(sampled(document, self._now())))
        except Unrenderable:
            return []  # the sample does not say enough: nothing can be told of it

    def _layout(self, document: dict[str, Any], find: Find) -> None:
        field = "mjml" if document.get("mjml") else "html"
        source = assemble.with_blocks(document[field], _Contents(find, {}), field)
        assemble.check_layout(source, field)
        filled = assemble.in_layout(source, "")
        parsed(PLAIN, mjml.to_html(filled, field) if field == "mjml" else filled, field)
        self._exist(sorted(assets_in([source])), field)

    def _users(self, kind: str, name: str, document: dict[str, Any]) -> None:
        """Every template that it is part of can still be rendered."""
        current = finder(self._definitions)

        def find(one: str, called: str) -> dict[str, Any] | None:
            return document if (one, called) == (kind, name) else current(one, called)

        for template in self._definitions.list_current(TEMPLATES):
            try:
                made = frozen(template.name, template.version, template.document, find)
                if name in made["blocks"] or (kind == LAYOUTS and template.document.get("layout") == name):
                    compile_frozen(made)
            except Rejected as error:
                raise Rejected(error.code, f"the template {template.name!r} could not be rendered any more: {error.message}",
                               error.field) from error

    def _needing(self, kind: str, name: str) -> list[str]:
        find, users = finder(self._definitions), []
        for template in self._definitions.list_current(TEMPLATES):
            try:
                made = frozen(template.name, template.version, template.document, find)
            except (Rejected, NotFound):
                continue
            texts = [*texts_in(template.document), *made["blocks"].values(), *texts_in(made["layout"] or {})]
            if ((kind == BLOCKS and name in made["blocks"]) or (kind == LAYOUTS and template.document.get("layout") == name)
                    or (kind == COUPONS and name in pools_in(texts)) or (kind == SURVEYS and name in surveys_in(texts))):
                users.append(f"{TEMPLATES}/{template.name}")
        if kind == BLOCKS:
            users += [f"{LAYOUTS}/{one.name}" for one in self._definitions.list_current(LAYOUTS)
                      if name in {block for text in texts_in(one.document) for block in assemble.blocks_in(text, LAYOUTS)}]
            users += [f"{BLOCKS}/{one.name}" for one in self._definitions.list_current(BLOCKS)
                      if name in set(assemble.blocks_in(one.document["content"], BLOCKS))]
        return users

    def _senders(self, name: str) -> list[str]:
        """Campaigns and journeys that send the template."""
        journeys = [f"{_JOURNEYS}/{one.name}" for one in self._definitions.list_current(_JOURNEYS)
                    if any(name in (step.get("template"), *step.get("best_of", ())) for step in one.document["steps"])]
        return [f"{CAMPAIGNS}/{one.name}" for one in self._definitions.list_current(CAMPAIGNS)
                if name in (one.document.get("template"), *(v.get("template") for v in one.document.get("variants") or ()))
                ] + journeys

    def _exist(self, names: list[str], field: str) -> None:
        for name in names:
            if self._assets.find(name) is None:
                raise Rejected("unknown_asset", f"there is no asset {name!r}: PUT it to /api/assets/{name} first", field)


class _Contents(dict[str, str]):
    """Contents of blocks by name, read when they are asked for."""

    def __init__(self, find: Find, known: dict[str, str]) -> None:
        super().__init__(known)
        self._find = find

    def __contains__(self, name: object) -> bool:
        return super().__contains__(name) or self._find(BLOCKS, str(name)) is not None

    def __missing__(self, name: str) -> str:
        return str((self._find(BLOCKS, name) or {}).get("content", ""))


def _parts_alone(document: dict[str, Any]) -> None:
    """Liquid is read as it was written first, so that an error names its line."""
    for field in ("subject", "preheader", "mjml", "html", "text", "title", "body", "link"):
        if isinstance(document.get(field), str):
            parsed(PLAIN, assemble.without_blocks(document[field]), field)

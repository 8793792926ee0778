"""The services of templates, assets and coupons. What renders is imported when it is needed: most requests need none of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cached_property
from typing import TYPE_CHECKING, Any

from socle import clock
from socle.assets.store import AssetStore
from socle.coupons.model import KIND as COUPONS
from socle.coupons.service import Coupons
from socle.coupons.store import CouponStore
from socle.definitions.service import Among
from socle.forms.document import SURVEYS
from socle.items.store import ItemStore
from socle.profiles.model import Aggregate
from socle.profiles.service import Profiles
from socle.profiles.store import ProfileStore
from socle.segments.service.explanations import Explanations
from socle.templates.document import TEMPLATES
from socle.templates.shared import BLOCKS, BRAND, LAYOUTS

from .clients import Clients

if TYPE_CHECKING:
    from socle.templates.service.checks import TemplateChecks
    from socle.templates.service.previews import Previews


class TemplateServices(Clients):
    """Of one deployment."""

    @cached_property
    def assets(self) -> AssetStore:
        return AssetStore(self._s3, self._settings.bucket)

    @cached_property
    def coupons(self) -> Coupons:
        return Coupons(CouponStore(self._dynamodb, self._settings.definitions_table), self._definition_store, clock.now)

    @cached_property
    def template_checks(self) -> TemplateChecks:
        from socle.templates.service.checks import TemplateChecks
        return TemplateChecks(self._definition_store, self.assets, clock.now)

    @cached_property
    def previews(self) -> Previews:
        from socle.templates.service.lookups import Catalogue, ForLooking
        from socle.templates.service.previews import Previews
        items = ItemStore(self._dynamodb, self._settings.definitions_table)
        return Previews(self._definition_store, self._known, ForLooking(Catalogue(items, clock.now)), clock.now)

    def among_templates(self) -> dict[str, Among]:
        """What is asked of templates and what they share before they are written or deleted, by kind."""
        return dict.fromkeys((TEMPLATES, BLOCKS, LAYOUTS, BRAND, COUPONS, SURVEYS), _Later(lambda: self.template_checks))

    def _known(self, profile: str) -> tuple[Aggregate, Mapping[str, Any]]:
        profiles = Profiles(ProfileStore(self._dynamodb, self._settings.profiles_table))
        root = profiles.known(profile).root
        computed = Explanations(self._definition_store, clock.now).of(root, root.snapshot, lambda: profiles.history(root))
        return root, computed["computed"]


class _Later:
    """Checks that are made when they are first asked."""

    def __init__(self, load: Callable[[], Among]) -> None:
        self._load = load

    def check(self, kind: str, name: str, document: dict[str, Any]) -> list[dict[str, str]]:
        return self._load().check(kind, name, document)

    def release(self, kind: str, name: str) -> None:
        self._load().release(kind, name)

"""Which events and traits were ever received, for whoever checks what people write."""

from __future__ import annotations

from functools import cached_property

from socle.catalogue.store import CatalogueStore
from socle.quality.store import QualityStore
from socle.segments.service.checks import Seen

from .clients import Clients


class SeenServices(Clients):
    """Of one deployment."""

    def _seen(self) -> Seen:
        catalogue, (filled, people) = CatalogueStore(self._s3, self._settings.bucket).load()[0], self._quality_store.filled()
        return catalogue.events, {name: filled.get(name, 0) / people if people else None for name in catalogue.traits}

    @cached_property
    def _quality_store(self) -> QualityStore:
        return QualityStore(self._s3, self._settings.bucket)

"""Which events and traits were ever received, for whoever checks what people write."""

from __future__ import annotations

from functools import cache, cached_property
from typing import Self

from socle.catalogue.store import CatalogueStore
from socle.quality.store import QualityStore
from socle.segments.service.checks import Seen

from .clients import Clients


class SeenServices(Clients):
    """Of one deployment."""

    def proposing(self) -> Self:
        """As Clients says; what was seen is read once for hundreds of definitions."""
        other = super().proposing()
        other._seen = cache(other._seen)  # type: ignore[method-assign]
        return other

    def _seen(self) -> Seen:
        catalogue, (filled, people) = CatalogueStore(self._s3, self._settings.bucket).load()[0], self._quality_store.filled()
        return catalogue.events, {name: filled.get(name, 0) / people if people else None for name in catalogue.traits}

    @cached_property
    def _quality_store(self) -> QualityStore:
        return QualityStore(self._s3, self._settings.bucket)

"""A frozen template made ready to be sent: compiled, with the bytes of the files that its e-mails carry."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from socle.assets.model import media_type
from socle.assets.store import AssetStore
from socle.errors import Rejected
from socle.messages.model import File
from socle.templates.compile import Compiled, compile_frozen


def ready(frozen: Mapping[str, Any], public_url: str, assets: AssetStore) -> Compiled:
    """The template; its images in line and attachments are read now. Raises Rejected, also for an asset that is gone."""
    compiled = compile_frozen(frozen, public_url)
    compiled.files = tuple([File(name, media_type(name), _read(assets, name), name) for name in compiled.inline]
                           + [File(name, media_type(name), _read(assets, name)) for name in compiled.attachments])
    return compiled


def _read(assets: AssetStore, name: str) -> bytes:
    data = assets.read(name)
    if data is None:
        raise Rejected("unknown_asset", f"there is no asset {name!r}: PUT it to /api/assets/{name}", "attachments")
    return data

"""A template made ready carries its files, and what people see of the catalogue is read once."""

from __future__ import annotations

from typing import Any

import pytest

from socle.errors import Rejected
from socle.items.model import Item
from socle.messages.model import File, Mail
from socle.templates.service.lookups import Catalogue
from socle.templates.service.ready import ready
from tests.templates.letters import ZOE, frozen

LETTER = {"channel": "email", "subject": "Hi", "html": "<img src='cid:logo.png' alt=''>", "attachments": ["terms.pdf"]}


class Assets(dict[str, bytes]):
    def read(self, name: str) -> bytes | None:
        return self.get(name)


def test_images_in_line_and_attachments_are_in_the_mail() -> None:
    assets: Any = Assets({"logo.png": b"png", "terms.pdf": b"pdf"})
    mail = ready(frozen(LETTER), "", assets).render(ZOE)
    assert isinstance(mail, Mail)
    assert mail.files == (File("logo.png", "image/png", b"png", "logo.png"), File("terms.pdf", "application/pdf", b"pdf"))


def test_a_mail_without_its_file_is_not_made() -> None:
    assets: Any = Assets({"logo.png": b"png"})
    with pytest.raises(Rejected) as refused:
        ready(frozen(LETTER), "", assets)
    assert refused.value.code == "unknown_asset"


def test_an_entry_of_the_catalogue_is_read_once_a_minute() -> None:
    class Items:
        reads = 0

        def get(self, type_: str, id_: str) -> Item | None:
            self.reads += 1
            return Item(type_, id_, {"name": "Tea"}) if id_ == "42" else None

    now, items = [0], Items()
    catalogue = Catalogue(items, lambda: now[0])  # type: ignore[arg-type]
    assert [catalogue.item("products", one) for one in ("42", "42", "43", "43", "", "x" * 300)] == [
        {"name": "Tea", "id": "42"}, {"name": "Tea", "id": "42"}, None, None, None, None]
    assert items.reads == 2
    now[0] = 60_000
    catalogue.item("products", "42")
    assert items.reads == 3

"""Definitions under concurrent writers, and as the consumer reads them."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import BaseModel

from socle.definitions.model import Definition
from socle.definitions.service import Definitions
from socle.definitions.store import DefinitionStore
from socle.errors import Conflict, NotFound, Rejected
from socle.sources.model import SourceDocument

NOW = 1_767_225_600_000


def source(description: str = "") -> SourceDocument:
    return SourceDocument(description=description)


class Racing:
    """The store, with somebody who writes first each time that we want to save, `times` times."""

    def __init__(self, store: DefinitionStore, times: int) -> None:
        self._store = store
        self._times = times

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)

    def save(self, definition: Definition, replaces: int | None) -> None:
        if self._times:
            self._times -= 1
            Definitions(self._store).put(definition.kind, definition.name, source(f"other {self._times}"), NOW)
        self._store.save(definition, replaces)


def racing(store: DefinitionStore, times: int) -> Definitions:
    return Definitions(Racing(store, times))  # type: ignore[arg-type]


def test_who_loses_a_race_writes_the_next_version(store: DefinitionStore, definitions: Definitions) -> None:
    written = racing(store, 1).put("sources", "raced", source("mine"), NOW)
    assert (written.definition.version, written.definition.document["description"]) == (2, "mine")
    assert [one.document["description"] for one in definitions.versions("sources", "raced", 10)] == ["mine", "other 0"]
    assert racing(store, 2).put("sources", "raced", source("again"), NOW).definition.version == 5


def test_who_loses_every_race_is_told(store: DefinitionStore, definitions: Definitions) -> None:
    with pytest.raises(Conflict):
        racing(store, 100).put("sources", "hopeless", source("mine"), NOW)
    assert definitions.get("sources", "hopeless").document["description"].startswith("other")


def test_if_version_is_never_overrun_by_a_race(store: DefinitionStore, definitions: Definitions) -> None:
    definitions.put("sources", "careful", source("one"), NOW)
    with pytest.raises(Rejected) as refused:
        racing(store, 1).put("sources", "careful", source("two"), NOW, if_version=1)
    assert refused.value.status == 412
    assert definitions.get("sources", "careful").document["description"] == "other 0"


def test_a_delete_that_loses_a_race_deletes_what_won(store: DefinitionStore, definitions: Definitions) -> None:
    definitions.put("sources", "fading", source("one"), NOW)
    assert racing(store, 1).delete("sources", "fading", NOW).version == 3
    with pytest.raises(NotFound):
        definitions.get("sources", "fading")


def test_a_second_writer_of_the_same_document_changes_nothing(store: DefinitionStore) -> None:
    class Same(Racing):
        def save(self, definition: Definition, replaces: int | None) -> None:
            if self._times:
                self._times -= 1
                self._store.save(definition, replaces)
            self._store.save(definition, replaces)

    written = Definitions(Same(store, 1)).put("sources", "twins", source("same"), NOW)  # type: ignore[arg-type]
    assert (written.definition.version, written.changed) == (1, False)


def test_created_stays_and_updated_moves(definitions: Definitions) -> None:
    definitions.put("sources", "aging", source("one"), NOW)
    later = definitions.put("sources", "aging", source("two"), NOW + 5).definition
    assert (later.created, later.updated) == (NOW, NOW + 5)
    definitions.delete("sources", "aging", NOW + 6)
    assert definitions.put("sources", "aging", source("three"), NOW + 7).definition.created == NOW + 7


def test_a_document_over_the_limit_is_refused(definitions: Definitions) -> None:
    class Big(BaseModel):
        text: str

    with pytest.raises(Rejected) as refused:
        definitions.put("sources", "big", Big(text="ü" * 50_000), NOW)
    assert (refused.value.code, refused.value.status) == ("too_large", 413)
    assert definitions.put("sources", "big", Big(text="x" * 99_000), NOW).changed


def test_the_consumer_lists_current_documents_only(store: DefinitionStore, definitions: Definitions) -> None:
    class Hook(BaseModel):
        url: str

    for name in ("b", "a", "gone"):
        definitions.put("webhooks", name, Hook(url="https://example.com"), NOW)
    definitions.put("webhooks", "a", Hook(url="https://example.org"), NOW)
    definitions.delete("webhooks", "gone", NOW)
    listed = store.list_current("webhooks")
    assert [(one.name, one.version, one.document["url"]) for one in listed] == [
        ("a", 2, "https://example.org"), ("b", 1, "https://example.com")]
    assert [one.name for one in definitions.page("webhooks", 1, after="a")] == ["b"]


def test_a_name_that_begins_with_another_is_its_own_definition(definitions: Definitions) -> None:
    for name in ("shop", "shop-2", "shop2", "shop_2"):
        definitions.put("sources", name, source(name), NOW)
    after = [one.name for one in definitions.page("sources", 10, after="shop") if one.name.startswith("shop")]
    assert after == ["shop-2", "shop2", "shop_2"]
    assert len(definitions.versions("sources", "shop", 10)) == 1


def test_an_unknown_kind_lists_the_kinds(definitions: Definitions) -> None:
    for attempt in (lambda: definitions.page("gadgets", 1), lambda: definitions.get("gadgets", "x"),
                    lambda: definitions.put("gadgets", "x", source(), NOW), lambda: definitions.delete("gadgets", "x", NOW)):
        with pytest.raises(NotFound, match="sources, webhooks"):
            attempt()


def test_nobody_else_sends_in_the_name_of_socle(definitions: Definitions) -> None:
    with pytest.raises(Rejected) as refused:
        definitions.put("sources", "socle", source(), NOW)
    assert (refused.value.code, refused.value.field) == ("reserved_name", "name")

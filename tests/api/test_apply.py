"""`make apply` and `make pull`: files and a running Socle brought into line, all or nothing, and only what was seen."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from infra.apply.__main__ import apply, pull
from infra.apply.api import Api, Refused
from infra.apply.files import Faulty, read
from tests.api.conftest import Call

READERS = {"when": {"type": "event", "event": "Article Read", "count": {"op": "gte", "value": 3}}}
LETTER = {"channel": "email", "subject": "Hello", "mjml": {"$file": "letter.mjml"}}
RECIPES = Path(__file__).resolve().parents[2] / "layers/core/python/socle/journeys/recipes"
MJML = "<mjml><mj-body>\n<mj-section><mj-column><mj-text>Hello</mj-text></mj-column></mj-section>\n</mj-body></mjml>\n"


class Direct(Api):
    """The API without a network. `made` are its requests that write; `before` is called before each of them."""

    def __init__(self, call: Call) -> None:
        super().__init__("http://127.0.0.1:8000", "token", sleep=lambda seconds: None)
        self.call = call
        self.made: list[str] = []
        self.before: Any = lambda method, path: None

    def _once(self, method: str, path: str, body: Any, if_match: int | None) -> Any:
        if method in ("PUT", "DELETE") or path.endswith("/publish"):
            self.before(method, path)
            self.made.append(f"{method} {path}")
        where, _, query = path.partition("?")
        headers = {} if if_match is None else {"If-Match": str(if_match)}
        answer = self.call(method, where, query=query, body=body, headers=headers)
        if answer.status >= 400:
            raise Refused(answer.status, answer.error["code"], answer.error["message"])
        return answer.json if answer.text else None


@pytest.fixture
def api(call: Call) -> Direct:
    return Direct(call)


class Folder:
    """Files of a team; what was said about them."""

    def __init__(self, path: Path, api: Direct) -> None:
        self.path, self.api = path, api
        self.said: list[str] = []

    def put(self, name: str, content: Any) -> None:
        file = self.path / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(content if isinstance(content, str) else json.dumps(content))

    def apply(self, **options: bool) -> int:
        self.said, self.api.made = [], []
        return apply(self.api, self.path, self.said.append, **options)

    def pull(self, *kinds: str) -> int:
        self.said = []
        return pull(self.api, self.path, kinds, self.said.append)


@pytest.fixture
def folder(tmp_path: Path, api: Direct) -> Folder:
    return Folder(tmp_path, api)


def member(segment: str) -> dict[str, Any]:
    return {"when": {"type": "segment", "segment": segment}}


def test_files_become_definitions_in_the_order_in_which_they_need_each_other(folder: Folder) -> None:
    folder.put("segments/a-of-b.json", member("b-base"))
    folder.put("segments/b-base.json", READERS)
    folder.put("templates/letter.json", LETTER)
    folder.put("templates/letter.mjml", MJML)
    assert folder.apply() == 0
    assert [path for path in folder.api.made if "segments" in path] == ["PUT /api/segments/b-base", "PUT /api/segments/a-of-b"]
    assert folder.api.ask("GET", "/api/templates/letter")["document"]["mjml"] == MJML
    assert folder.said[-1] == "3 created"
    assert folder.apply() == 0
    assert (folder.api.made, folder.said) == ([], ["3 as they were"])


def test_a_dry_run_shows_each_place_and_writes_nothing(folder: Folder) -> None:
    folder.put("topics/tips.json", {"title": "Tips", "channels": ["email"]})
    assert folder.apply(dry_run=True) == 0
    assert (folder.api.made, folder.said) == ([], ["+ topics/tips", "Would be: 1 created"])
    folder.apply()
    folder.put("topics/tips.json", {"title": "Good tips", "channels": ["email", "sms"]})
    assert folder.apply(dry_run=True) == 0
    assert folder.said == ["~ topics/tips", '    /channels/1  + "sms"', '    /title  "Tips" → "Good tips"', "Would be: 1 changed"]
    assert folder.api.made == []


def test_of_a_long_text_the_lines_that_differ_are_shown(folder: Folder) -> None:
    folder.put("templates/note.json", {**LETTER, "mjml": {"$file": "note.mjml"}})
    folder.put("templates/note.mjml", MJML)
    folder.apply()
    folder.put("templates/note.mjml", MJML.replace("Hello", "Hello \x1b[31myou"))
    folder.apply(dry_run=True)
    assert folder.said[1:4] == [
        "    /mjml", "         2 - <mj-section><mj-column><mj-text>Hello</mj-text></mj-column></mj-section>",
        "         2 + <mj-section><mj-column><mj-text>Hello �[31myou</mj-text></mj-column></mj-section>"]


def test_one_that_cannot_be_keeps_all_from_being_written(folder: Folder) -> None:
    folder.put("topics/fine.json", {"title": "Fine", "channels": ["email"]})
    folder.put("segments/orphan.json", member("nowhere"))
    folder.put("nonsense/x.json", {})
    assert folder.apply() == 1
    assert folder.api.made == []
    assert [line.split(":")[0] for line in folder.said if line.startswith("x ")] == ["x nonsense/x", "x segments/orphan"]
    assert folder.said[-1] == "Nothing was written: 2 can't be"


def test_what_somebody_else_changes_meanwhile_is_not_lost(folder: Folder, call: Call) -> None:
    folder.put("topics/ours.json", {"title": "Ours", "channels": ["email"]})
    folder.apply()
    folder.put("topics/ours.json", {"title": "Changed", "channels": ["email"]})
    theirs = {"title": "Theirs", "channels": ["email"]}
    folder.api.before = lambda method, path: call("PUT", "/api/topics/ours", body=theirs)
    with pytest.raises(Refused, match=r"topics/ours: the current version is 2.*\n0 of 1 are done"):
        folder.apply()
    assert call("GET", "/api/topics/ours").json["document"]["title"] == "Theirs"


def test_pruning_deletes_what_has_no_file_of_kinds_that_have_a_folder_and_only_when_asked(folder: Folder, call: Call) -> None:
    call("PUT", "/api/exports/stays", body={"columns": ["user_id"], "to": "s3", "purpose": "x"})
    folder.put("geofences/shops.json", {"places": [{"name": "a", "latitude": 1, "longitude": 2, "radius_m": 100}]})
    call("PUT", "/api/geofences/old", body={"places": [{"name": "b", "latitude": 1, "longitude": 2, "radius_m": 100}]})
    assert folder.apply() == 0
    assert call("GET", "/api/geofences/old").status == 200
    assert folder.apply(prune=True) == 0
    assert folder.api.made == ["DELETE /api/geofences/old"]
    assert (folder.said[0], call("GET", "/api/geofences/old").status) == ("- geofences/old", 404)


def test_what_is_pulled_is_what_would_be_applied_and_the_second_time_nothing_changes(folder: Folder, call: Call) -> None:
    call("PUT", "/api/topics/pulled", body={"title": "Gepüllt", "channels": ["email"]})
    call("PUT", "/api/templates/pulled", body={**LETTER, "mjml": MJML})
    assert folder.pull("topics", "templates") == 0
    assert (folder.path / "templates/pulled.mjml").read_text() == MJML
    assert "Gepüllt" in (folder.path / "topics/pulled.json").read_text()
    assert json.loads((folder.path / "templates/pulled.json").read_text())["mjml"] == {"$file": "pulled.mjml"}
    folder.pull("topics", "templates")
    assert folder.said == ["The files are as they should be"]
    assert folder.apply(dry_run=True) == 0
    assert folder.said[-1].endswith("as they were")
    assert "," not in folder.said[-1]


def test_everything_that_is_there_can_be_pulled_and_applied_again(folder: Folder) -> None:
    folder.pull()
    assert len(folder.said) > 3
    assert folder.apply(dry_run=True) == 0
    assert folder.said[-1].endswith("as they were")


@pytest.mark.parametrize("recipe", sorted(path for path in RECIPES.iterdir() if path.is_dir()), ids=lambda path: path.name)
def test_every_recipe_of_a_journey_can_be_applied_as_it_is(recipe: Path, api: Direct) -> None:
    said: list[str] = []
    assert apply(api, recipe, said.append, dry_run=True) == 0, said
    assert [line for line in said if line.startswith("+ journeys/")]


def test_a_kind_that_is_not_there_is_named(folder: Folder) -> None:
    with pytest.raises(Faulty, match=r"no kind 'letters': the kinds are .*segments"):
        folder.pull("letters")


@pytest.mark.parametrize(("name", "content", "said"), [
    ("segments/a.json", '{\n  "when": }', r"segments/a\.json:2:11: it is not JSON"),
    ("segments/a.json", '{"when": NaN}', "NaN is no number"),
    ("segments/a.json", "[1]", "one JSON object"),
    ("segments/a.json", "[" * 100_000, "not JSON"),
    ("segments/a.json", '{"kind": "segments", "name": "b", "document": {}}', "segments/b: rename the file"),
    ("segments/a.json", '{"when": {"$file": "gone.txt"}}', "no file gone.txt"),
    ("segments/a.json", '{"when": {"$file": "../../etc/passwd"}}', "without a path"),
    ("segments/a.json", '{"when": {"$file": 3}}', "without a path"),
    ("a.json", "{}", "move it to <kind>/a.json"),
])
def test_a_file_that_cannot_be_read_is_named_and_nothing_is_asked(folder: Folder, name: str, content: str, said: str) -> None:
    folder.put(name, content)
    with pytest.raises(Faulty, match=said):
        folder.apply()
    assert folder.api.made == []


def test_all_files_that_cannot_be_read_are_named_at_once(folder: Folder) -> None:
    folder.put("segments/a.json", "{")
    folder.put("topics/b.json", "nonsense")
    (folder.path / "topics/c.json").write_bytes(b"\xff")
    with pytest.raises(Faulty) as faulty:
        read(folder.path)
    assert [line.split(":")[0].rpartition("/")[2] for line in str(faulty.value).splitlines()] == ["a.json", "b.json", "c.json"]


def test_a_link_to_elsewhere_is_no_file_beside(folder: Folder, tmp_path: Path) -> None:
    folder.put("segments/a.json", '{"description": {"$file": "link.txt"}}')
    (tmp_path / "secret").write_text("secret")
    (folder.path / "segments/link.txt").symlink_to(tmp_path / "secret")
    with pytest.raises(Faulty, match=r"no file link\.txt"):
        read(folder.path)


def test_a_folder_that_is_not_there_is_said(tmp_path: Path) -> None:
    with pytest.raises(Faulty, match="no such folder"):
        read(tmp_path / "marketing")

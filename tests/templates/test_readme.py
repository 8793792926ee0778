"""The examples of the README are saved as they stand, and make messages of their samples."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from socle.definitions.kinds import KINDS
from socle.messages.model import Hook, Mail, Push, Text
from socle.templates.checks import oddities
from socle.templates.compile import compile_frozen
from socle.templates.freeze import frozen
from socle.templates.service.sample import sampled

README = Path(__file__).resolve().parents[2] / "layers/core/python/socle/templates/README.md"
EXAMPLES = [(what, json.loads(text)) for what, text in re.findall(r"```json (\S+)\n(.*?)```", README.read_text(), re.DOTALL)]
SHARED = {what: KINDS[what.split("/")[0]].model_validate(document).model_dump(mode="json")
          for what, document in EXAMPLES if what != "template"}
TEMPLATES = [KINDS["templates"].model_validate(document).model_dump(mode="json") for what, document in EXAMPLES
             if what == "template"]


@pytest.mark.parametrize("document", TEMPLATES, ids=lambda document: document["channel"])
def test_an_example_makes_a_message_of_its_sample(document: dict[str, Any]) -> None:
    compiled = compile_frozen(frozen("example", 1, document, lambda kind, name: SHARED.get(f"{kind}/{name}")))
    assert oddities(compiled) == []
    rendered = compiled.render(sampled(document, 1_790_000_000_000))
    if isinstance(rendered, Mail):
        assert rendered.subject == "Zoé, three things for autumn"
        assert "8,50\xa0€" in rendered.html
        assert "Your code: COUPON" in rendered.text
        assert "1 book chosen for you" in rendered.html
    elif isinstance(rendered, Text):
        assert rendered.text == "Librairie Zoé: 2 livres pour vous, https://shop.example/retrait. STOP 36180"
    elif isinstance(rendered, Push):
        assert rendered == ("Librairie Zoé", "Zoé, it is here", {"order": "o-1", "link": "https://shop.example/orders"})
    else:
        assert isinstance(rendered, Hook)
        assert rendered.body == {"name": "Zoé", "orders": 3, "lines": ["Librairie Zoé", ""]}


def test_there_is_an_example_for_every_channel() -> None:
    assert sorted(document["channel"] for document in TEMPLATES) == ["email", "push", "sms", "webhook"]

"""All stories of the recipes: walked in a rehearsal, and lived on the local machine."""

from __future__ import annotations

from tests.journeys.recipes_first import FIRST
from tests.journeys.recipes_then import THEN

RECIPES = (*FIRST, *THEN)
LIVED = tuple(one for one in RECIPES if not one.name.startswith("at-risk-account"))
"""Those that a machine can live: it has no sales system, which a rehearsal takes for granted."""

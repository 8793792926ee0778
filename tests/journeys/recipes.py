"""All stories of the recipes: walked in a rehearsal, and lived on the local machine."""

from __future__ import annotations

from tests.journeys.recipes_first import FIRST
from tests.journeys.recipes_then import THEN

RECIPES = (*FIRST, *THEN)

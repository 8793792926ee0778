"""/api/journeys/recipes: journeys to begin with, each with its templates, segments and topics, ready to be written."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, Field

from socle.journeys.ready import Recipe, recipe, recipes

from .shapes import Name, Next, answers, new_router

router = new_router()


class RecipeNeeds(BaseModel):
    """What a recipe works with."""

    events: dict[str, dict[str, str]] = Field(description="event → its properties → what they are for")
    traits: dict[str, str] = Field(description="trait → what it is for")
    topics: list[str] = Field(description="that people must be subscribed to")
    settings: list[str] = Field(description="what else must be there, in words")


class JourneyRecipe(BaseModel):
    """One recipe, without its documents."""

    name: str
    title: str
    description: str
    needs: RecipeNeeds
    change: dict[str, str] = Field(description="<kind>/<name>.json#<place>, or a file of text → what to write instead")


class WholeJourneyRecipe(JourneyRecipe):
    """One recipe. Write its documents kind by kind, in this order, then publish its journeys."""

    documents: dict[str, dict[str, dict[str, Any]]] = Field(
        description="kind → name → document, as PUT /api/<kind>/<name> takes it")


class JourneyRecipes(BaseModel):
    """All of them, by name."""

    items: list[JourneyRecipe]
    next: Next


@router.get("/api/journeys/recipes", summary="Journeys to begin with", operation_id="list_journey_recipes", tags=["journeys"],
            responses=answers(200, JourneyRecipes, "all of them"))
def list_journey_recipes() -> dict[str, Any]:
    """The same are directories of files beside the code: `make apply DIR=…` writes all documents of one."""
    return {"items": [_about(one) for one in recipes()], "next": None}


@router.get("/api/journeys/recipes/<name>", summary="One recipe, whole", operation_id="read_journey_recipe", tags=["journeys"],
            responses=answers(200, WholeJourneyRecipe, "with all its documents"))
def read_journey_recipe(name: Name) -> dict[str, Any]:
    """Change what `change` names, write the documents, and publish the journeys."""
    found = recipe(name)
    return {**_about(found), "documents": found.documents}


def _about(one: Recipe) -> dict[str, Any]:
    return {"name": one.name, "title": one.title, "description": one.description, "needs": one.needs._asdict(),
            "change": one.change}

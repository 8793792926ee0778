"""Every router of the admin API, in the order in which requests are matched."""

from __future__ import annotations

from aws_lambda_powertools.event_handler import APIGatewayHttpResolver

from . import (
    accounts,
    assets,
    campaign_reports,
    campaigns,
    catalog,
    catalogue,
    consent,
    coupons,
    definitions,
    duplicates,
    exports,
    failed,
    identity,
    imports,
    journey_answers,
    journey_backtest,
    journey_entry,
    journey_recipes,
    journeys,
    lake,
    messages,
    profiles,
    proposals,
    quality,
    quarantine,
    recompute,
    rfm,
    segments,
    sources,
    templates,
    traits,
    webhooks,
)


def include(app: APIGatewayHttpResolver) -> None:
    """Teach the resolver every route."""
    for module in (profiles, identity, traits, accounts, sources, webhooks, quarantine, failed, quality, catalogue, imports,
                   catalog, duplicates, rfm, exports, segments, recompute, lake, consent, campaigns, campaign_reports, messages,
                   templates, coupons, assets, journey_answers, journey_backtest, journey_entry, journey_recipes, journeys,
                   proposals, definitions):
        app.include_router(module.router)

"""Settings that cannot be are refused before anything is deployed, and the message says what to do."""

from __future__ import annotations

import pytest

from infra.settings import StageSettings


def test_an_unknown_stage_is_refused_with_the_choices() -> None:
    with pytest.raises(ValueError, match=r"unknown stage 'test': choose one of dev, prod"):
        StageSettings.for_stage("test", {})


def test_a_domain_needs_its_certificate() -> None:
    with pytest.raises(ValueError, match="domain and certificate_arn together"):
        StageSettings.for_stage("dev", {"domain": "events.example.com"})


@pytest.mark.parametrize(("key", "value"), [
    ("alarm_address", "nobody"), ("domain", "https://example.com/"), ("certificate_arn", "my-certificate")])
def test_a_value_that_cannot_be_is_refused_by_name(key: str, value: str) -> None:
    with pytest.raises(ValueError, match=key):
        StageSettings.for_stage("dev", {key: value})


def test_a_record_age_beyond_the_retention_of_the_stream_is_refused() -> None:
    settings = StageSettings.for_stage("dev", {}).model_dump()
    with pytest.raises(ValueError, match="below stream_retention_hours"):
        StageSettings(**{**settings, "record_age_hours": settings["stream_retention_hours"]})

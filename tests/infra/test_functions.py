"""The house defaults hold for every function, and the archive of each holds that function alone."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from infra.app import synthesise
from infra.constructs.layers import ROOT
from socle.settings import (
    AdminSettings,
    ApplySettings,
    BacktestSettings,
    CampaignSettings,
    CatalogueSettings,
    CollectSettings,
    CompactSettings,
    ConvertImportSettings,
    EffectsSettings,
    EndBrokenSettings,
    ExportSettings,
    FindDuplicatesSettings,
    ImportSettings,
    JourneySettings,
    MessagesSettings,
    PreviewSettings,
    ProposeDuplicatesSettings,
    QualitySettings,
    RecomputeSettings,
    ReplayCompareSettings,
    ReplayPlanSettings,
    ReplaySettings,
    ReportSettings,
    RfmSettings,
    SendExportSettings,
    SendSettings,
    Settings,
    StartCampaignsSettings,
    StartExportSettings,
    StartImportSettings,
    StartJourneysSettings,
    SweepSettings,
)

SETTINGS: dict[str, type[Settings]] = {
    "collect_events": CollectSettings, "apply_events": ApplySettings, "run_effects": EffectsSettings,
    "sweep_due": SweepSettings, "serve_admin": AdminSettings, "replay_plan": ReplayPlanSettings,
    "replay_raw": ReplaySettings, "replay_copy": ReplayCompareSettings,
    "replay_compare": ReplayCompareSettings, "replay_summary": ReplayPlanSettings,
    "find_duplicates": FindDuplicatesSettings, "propose_duplicates": ProposeDuplicatesSettings,
    "measure_quality": QualitySettings, "update_catalogue": CatalogueSettings,
    "split_import": ImportSettings, "convert_import": ConvertImportSettings, "finish_import": ImportSettings,
    "export_segments": ExportSettings, "export_segments_send": SendExportSettings,
    "export_segments_due": StartExportSettings, "start_import": StartImportSettings, "collect_hooks": CollectSettings,
    "compact_lake": CompactSettings, "compute_rfm": RfmSettings,
    "recompute_segments": RecomputeSettings, "preview_segment": PreviewSettings,
    "send_message": SendSettings, "send_campaign": SendSettings, "receive_feedback": MessagesSettings,
    "serve_public": MessagesSettings, "run_campaign": CampaignSettings, "start_campaigns_due": StartCampaignsSettings,
    "report_campaign": ReportSettings, "run_journey_step": JourneySettings, "start_journeys_due": StartJourneysSettings,
    "backtest_journey": BacktestSettings, "end_broken_journey": EndBrokenSettings}

FURTHER_LAYERS = {"serve_admin", "split_import", "finish_import", "find_duplicates", "compact_lake", "export_segments",
                  "compute_rfm", "recompute_segments", "preview_segment", "report_campaign", "send_message", "send_campaign",
                  "serve_public", "run_journey_step", "backtest_journey"}
"""Functions with a third layer: they read workbooks and Parquet files, work in DuckDB, or make messages."""
TWO_MORE = {"serve_admin", "backtest_journey"}
"""Functions with a fourth."""


@pytest.mark.parametrize("name", SETTINGS)
def test_a_function_runs_on_arm64_with_the_layers_its_own_role_and_logs_that_end(template: Any, name: str) -> None:
    function = template.function(name)
    assert function["Architectures"] == ["arm64"]
    assert function["Runtime"] == "python3.13"
    assert function["Handler"] == f"{name}.handler.handler"
    assert len(function["Layers"]) == 2 + (name in FURTHER_LAYERS) + (name in TWO_MORE)
    assert "TracingConfig" not in function
    logs = template.resources[template.name_of(function["LoggingConfig"]["LogGroup"])]["Properties"]
    assert logs["RetentionInDays"] <= 90
    roles = [template.name_of(f["Role"]) for f in template.of_type("AWS::Lambda::Function").values()]
    assert len(set(roles)) == len(roles)


@pytest.mark.parametrize("name", SETTINGS)
def test_a_function_finds_its_settings_in_its_environment(template: Any, name: str) -> None:
    variables = template.function(name)["Environment"]["Variables"]
    assert variables["POWERTOOLS_METRICS_NAMESPACE"] == "Socle"
    SETTINGS[name].from_env({
        key: value if isinstance(value, str) else json.dumps(value) for key, value in variables.items()})
    assert {key for key in variables if key.startswith("SOCLE_")} == {
        f"SOCLE_{field.upper()}" for field in SETTINGS[name].model_fields}


@pytest.mark.parametrize("name", SETTINGS)
def test_the_archive_holds_this_function_and_no_other(dev: Any, name: str) -> None:
    key = dev.function(name)["Code"]["S3Key"].removesuffix(".zip")
    archive = dev.path.parent / f"asset.{key}"
    assert {entry.name for entry in archive.iterdir()} <= {name}
    assert not [path for path in archive.rglob("*") if path.suffix == ".pyc" or path.name == "__pycache__"]


def test_the_layer_of_the_domain_holds_socle_as_lambda_looks_for_it(dev: Any) -> None:
    layer = dev.one("AWS::Lambda::LayerVersion", "LayersSocle")
    archive = Path(dev.path.parent, f"asset.{layer['Content']['S3Key'].removesuffix('.zip')}")
    assert (archive / "python/socle/settings.py").is_file()
    assert [entry.name for entry in archive.iterdir()] == ["python"]


def test_a_change_of_the_domain_alone_reaches_the_version_that_people_are_served(
        tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    root = tmp_path / "project"
    for folder in ("functions", "layers"):
        shutil.copytree(ROOT / folder, root / folder, ignore=shutil.ignore_patterns("__pycache__"))
    monkeypatch.setattr("infra.constructs.layers.ROOT", root)
    monkeypatch.setattr("infra.constructs.function.ROOT", root)

    def version(outdir: str) -> str:
        written = json.loads(synthesise("prod", str(tmp_path / outdir), bundle=False).read_text())
        (found,) = [id_ for id_, r in written["Resources"].items() if r["Type"] == "AWS::Lambda::Version"]
        return found

    before = version("before")
    assert version("again") == before
    with (root / "layers/core/python/socle/ids.py").open("a") as file:
        file.write("\n")
    assert version("after") != before


def test_snapstart_serves_people_in_prod_through_an_alias(dev: Any, prod: Any) -> None:
    started = [f["Environment"]["Variables"]["POWERTOOLS_SERVICE_NAME"]
               for f in prod.of_type("AWS::Lambda::Function").values() if "SnapStart" in f]
    assert started == ["serve_admin"]
    (alias_id,) = prod.of_type("AWS::Lambda::Alias")
    uris = [i["IntegrationUri"] for i in prod.of_type("AWS::ApiGatewayV2::Integration").values()]
    assert {"Ref": alias_id} in uris
    assert not dev.of_type("AWS::Lambda::Alias")

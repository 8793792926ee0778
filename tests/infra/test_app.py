"""`python -m infra.app` needs Python and nothing else, and refuses what must not be deployed."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from importlib.metadata import distribution
from pathlib import Path
from typing import Any

import aws_cdk as cdk
import pytest
from aws_cdk import aws_s3 as s3
from packaging.requirements import Requirement

from infra.app import build, synthesise

ROOT = Path(__file__).resolve().parents[2]
WITHOUT_PIP = {"aws:cdk:bundling-stacks": []}


def test_it_runs_as_the_cli_runs_it_with_no_node_and_no_account_at_hand(tmp_path: Path) -> None:
    environment = {"PATH": "", "HOME": os.environ.get("HOME", str(tmp_path)), "CDK_OUTDIR": str(tmp_path / "out"),
                   "CDK_CONTEXT_JSON": json.dumps({"stage": "prod", "alarm_address": "ops@example.com", **WITHOUT_PIP})}
    done = subprocess.run([sys.executable, "-m", "infra.app"], cwd=ROOT, env=environment, capture_output=True, text=True,
                          check=False)
    assert done.returncode == 0, done.stderr
    written = json.loads((tmp_path / "out/Socle-prod.template.json").read_text())
    subscriptions = [r["Properties"] for r in written["Resources"].values() if r["Type"] == "AWS::SNS::Subscription"]
    assert [s["Endpoint"] for s in subscriptions if s["Protocol"] == "email"] == ["ops@example.com"]


def test_cdk_json_names_this_app() -> None:
    assert json.loads((ROOT / "cdk.json").read_text())["app"] == "python -m infra.app"


def test_the_stage_is_dev_unless_the_environment_or_the_context_says_otherwise(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SOCLE_STAGE", raising=False)
    assert build(cdk.App(context=WITHOUT_PIP)).stack_name == "Socle-dev"
    monkeypatch.setenv("SOCLE_STAGE", "prod")
    assert build(cdk.App(context=WITHOUT_PIP)).stack_name == "Socle-prod"
    assert build(cdk.App(context={"stage": "dev", **WITHOUT_PIP})).stack_name == "Socle-dev"


def test_a_finding_of_cdk_nag_ends_the_synth(tmp_path: Path) -> None:
    app = cdk.App(outdir=str(tmp_path), context=WITHOUT_PIP)
    s3.Bucket(build(app, "dev"), "WithoutTls")
    with pytest.raises(RuntimeError, match="ValidationFailed"):
        app.synth()


def test_every_acknowledged_finding_says_why(template: Any) -> None:
    reports = json.loads((template.path.parent / "validation-report.json").read_text())["pluginReports"]
    assert "AwsSolutions" in {report["pluginName"] for report in reports}
    for report in reports:
        assert report["conclusion"] == "success"
        assert not report["violations"]
        for finding in report["suppressedViolations"]:
            assert len(finding["reason"].split()) >= 6, finding["ruleName"]


def test_an_installed_layer_is_used_again_and_the_template_is_the_same_without_it(dev: Any, tmp_path: Path) -> None:
    layers = [dev.one("AWS::Lambda::LayerVersion", name)["Content"]["S3Key"].removesuffix(".zip")
              for name in ("ThirdParties", "Analytics", "Messaging")]
    folders = [tmp_path / f"asset.{layer}" / "python" for layer in layers]
    for folder in folders:
        folder.mkdir(parents=True)
        (folder / "already_here.py").touch()
    with_layer = json.loads(synthesise("dev", str(tmp_path)).read_text())
    assert [entry.name for folder in folders for entry in folder.iterdir()] == ["already_here.py"] * 3
    assert with_layer == json.loads(synthesise("dev", str(tmp_path / "without"), bundle=False).read_text())


def test_the_layer_pins_everything_it_needs_at_versions_that_fit() -> None:
    pins = {name: _pins(name) for name in ("core", "analytics", "messaging")}
    for layer, own in pins.items():
        _fits(own, own if layer == "core" else {**pins["core"], **own})


def _pins(layer: str) -> dict[str, str]:
    lines = (ROOT / f"layers/{layer}/requirements.txt").read_text().splitlines()
    return {name.lower().replace("_", "-"): version for name, version in (
        line.split("==") for line in lines if line and not line.startswith("#"))}


def _fits(own: dict[str, str], pins: dict[str, str]) -> None:
    for name, version in own.items():
        assert distribution(name).version == version, f"{name}: the tests run with another version than the layer"
        for needed in map(Requirement, distribution(name).requires or []):
            if needed.marker is None or needed.marker.evaluate({"extra": ""}):
                assert needed.specifier.contains(pins[needed.name.lower()]), f"{name} needs {needed}"


def test_the_toolchain_is_pinned() -> None:
    for line in (ROOT / "infra/requirements.txt").read_text().splitlines():
        assert line.startswith("#") or re.fullmatch(r"[a-z0-9-]+==[0-9.]+", line), line


def test_no_resource_gets_a_fixed_name(template: Any) -> None:
    fixed = {"TableName", "BucketName", "FunctionName", "QueueName", "TopicName", "RoleName", "LogGroupName", "AlarmName",
             "UserPoolName", "DashboardName", "PolicyName"}
    for id_, resource in template.resources.items():
        if resource["Type"] in ("AWS::Lambda::Permission", "AWS::Lambda::EventSourceMapping", "AWS::IAM::Policy",
                                "AWS::Lambda::Version", "AWS::Lambda::Alias", "AWS::Lambda::EventInvokeConfig"):
            continue
        assert not fixed & set(resource.get("Properties", {})), id_


def test_the_outputs_name_what_one_needs_next(template: Any) -> None:
    assert set(template.json["Outputs"]) == {
        "ApiUrl", "UserPoolId", "UserPoolClientId", "BucketName", "ProfilesTable", "RestoredTable", "DefinitionsTable",
        "StreamName", "EffectsQueueUrl", "ReplayMachine", "FeedbackTopic", "DashboardUrl"}

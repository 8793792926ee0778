"""Synthesises the stack: `python -m infra.app` writes cdk.out, which `cdk deploy` takes, without account or Docker.

The stage comes from `-c stage=…` (given by the CDK CLI), else SOCLE_STAGE, else dev. An error that cdk-nag finds ends
the process with status 1.
"""

from __future__ import annotations

import os
from pathlib import Path

import aws_cdk as cdk
from cdk_nag import AwsSolutionsChecks

from infra.settings import StageSettings
from infra.stack import Socle

COMPANY_SETTINGS = ("alarm_address", "domain", "certificate_arn", "live", "mail_domain", "push_applications")

# Set here, because without the CLI nothing reads cdk.json.
FEATURE_FLAGS = (
    "@aws-cdk/aws-lambda:recognizeLayerVersion",  # else a change of socle alone would publish no version
    "@aws-cdk/aws-lambda:recognizeVersionProps",
    "@aws-cdk/aws-s3:serverAccessLogsUseBucketPolicy",  # else an ACL lets them in
)


def build(app: cdk.App, stage: str | None = None) -> Socle:
    """Put the stack into `app` and have cdk-nag check it at synth. Raises ValueError for settings that cannot be."""
    for flag in FEATURE_FLAGS:
        app.node.set_context(flag, True)
    name = stage or app.node.try_get_context("stage") or os.environ.get("SOCLE_STAGE", "dev")
    kept = app.node.try_get_context(name) or {}
    given = {key: app.node.try_get_context(key) or kept.get(key) for key in COMPANY_SETTINGS}
    settings = StageSettings.for_stage(name, {key: value for key, value in given.items() if value})
    stack = Socle(app, settings)
    if settings.keep and settings.alarm_address is None:
        cdk.Annotations.of(stack).add_warning_v2("socle:nobodyIsTold", (
            f'nobody gets the alarms of {name}: put {{"{name}": {{"alarm_address": "…"}}}} into the context of cdk.json'))
    cdk.Validations.of(app).add_plugins(AwsSolutionsChecks(app))
    return stack


def synthesise(stage: str, outdir: str, *, bundle: bool = True) -> Path:
    """Write the assembly of `stage` into `outdir` and return the path of its template.

    With bundle=False pip installs no layer and the template is the same to the letter: the layer's hash is that of its
    requirements. Such an assembly cannot be deployed, so give it a directory of its own.
    """
    app = cdk.App(outdir=outdir, context={} if bundle else {"aws:cdk:bundling-stacks": []})
    stack = build(app, stage)
    app.synth()
    return Path(outdir, stack.template_file)


def main() -> None:
    """What cdk.json runs: the CLI says where to (CDK_OUTDIR) and for which context."""
    app = cdk.App(outdir=os.environ.get("CDK_OUTDIR", "cdk.out"))
    build(app)
    app.synth()


if __name__ == "__main__":
    main()

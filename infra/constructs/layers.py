"""The two Lambda layers that every function has, pinned third parties and the domain package `socle`, and a third for those
that read workbooks and Parquet files, or make messages.

The third parties are installed by pip for Lambda's platform, so that neither Docker nor an arm64 machine is needed.
"""

from __future__ import annotations

import hashlib
import subprocess
import sys
from pathlib import Path
from typing import Any

import aws_cdk as cdk
import jsii
from aws_cdk import aws_lambda as lambda_
from constructs import Construct

ROOT = Path(__file__).resolve().parents[2]
RUNTIME = lambda_.Runtime.PYTHON_3_13
ARCHITECTURE = lambda_.Architecture.ARM_64
NEVER_SHIPPED = ["**/__pycache__", "**/*.pyc", "**/*.md", "**/.*"]

_PIP = [
    "--platform=manylinux2014_aarch64",
    "--platform=manylinux_2_28_aarch64",
    "--implementation=cp",
    "--python-version=3.13",
    "--only-binary=:all:",
    "--no-deps",  # the requirements name everything; nothing unpinned comes along
    "--no-compile",  # byte code of the Python that synthesises is of no use to 3.13
]


class Layers(Construct):
    """`all`: the layers in the order in which Lambda lays them over each other; `analytics`, `messaging`: one more for some."""

    def __init__(self, scope: Construct, id_: str) -> None:
        super().__init__(scope, id_)
        self.all = [
            self._layer("ThirdParties", _third_parties(ROOT / "layers/core/requirements.txt")),
            self._layer("Socle", lambda_.Code.from_asset(
                str(ROOT / "layers/core"), ignore_mode=cdk.IgnoreMode.GLOB,
                exclude=["requirements.txt", *NEVER_SHIPPED])),
        ]
        self.analytics = self._layer("Analytics", _third_parties(ROOT / "layers/analytics/requirements.txt"))
        self.messaging = self._layer("Messaging", _third_parties(ROOT / "layers/messaging/requirements.txt"))

    def _layer(self, id_: str, code: lambda_.Code) -> lambda_.LayerVersion:
        return lambda_.LayerVersion(
            self, id_, code=code, compatible_runtimes=[RUNTIME], compatible_architectures=[ARCHITECTURE])


def _third_parties(requirements: Path) -> lambda_.Code:
    # Hashed by what goes in: CDK installs nothing when the output directory already has the asset of this hash.
    digest = hashlib.sha256("\n".join([*_PIP, requirements.read_text()]).encode()).hexdigest()
    return lambda_.Code.from_asset(
        str(requirements.parent),
        asset_hash=digest,
        asset_hash_type=cdk.AssetHashType.CUSTOM,
        bundling=cdk.BundlingOptions(
            image=cdk.DockerImage.from_registry("never-pulled"),
            local=_PipInstall(requirements),
        ),
    )


@jsii.implements(cdk.ILocalBundling)
class _PipInstall:
    """Fills the layer with pip, on this machine."""

    def __init__(self, requirements: Path) -> None:
        self.requirements = requirements

    def try_bundle(self, output_dir: str, *_: Any, **__: Any) -> bool:
        """Install into `output_dir`/python. Raises CalledProcessError with pip's own message on stderr."""
        subprocess.run(  # noqa: S603 (arguments are this module's)
            [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", *_PIP,
             "--target", str(Path(output_dir, "python")), "--requirement", str(self.requirements)],
            check=True, stdout=sys.stderr)
        return True

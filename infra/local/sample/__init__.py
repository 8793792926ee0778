"""The sample that `make run` starts with: an invented shop and real orders, sent as any client would send them."""

from __future__ import annotations

from infra.local.sample.loader import load

__all__ = ["load"]

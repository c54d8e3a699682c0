"""The backend in use: ``choose`` runs once, when this module is first imported."""

from __future__ import annotations

from typing import Any

from .backends import choose

__all__ = ["backend", "backend_module", "backend_reason"]

backend_module: Any
backend, backend_reason, backend_module = choose()

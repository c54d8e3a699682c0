"""The contract tests on other backends and ISAs: one subprocess each, two at a time, beside the main run.

Accuracy, special values and errors are those of every activation; where all activations take the same path through a backend, a
few stand for them.  ``FASTACT_BACKEND=numba pytest tests/contract`` runs everything.
"""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

import fastact as fa

TESTS = Path(__file__).parent
_queue = ThreadPoolExecutor(max_workers=2)
_started: dict[tuple[str, str], Future[subprocess.CompletedProcess[str]]] = {}


def chosen(backend: str, isa: str) -> dict[str, str]:
    """Return the environment in which a new process uses a backend and an ISA; "-" leaves the ISA alone."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("FASTACT_")}
    return environment | {"FASTACT_BACKEND": backend} | ({} if isa == "-" else {"FASTACT_MAX_ISA": isa})


def available() -> list[tuple[str, str]]:
    """Return all pairs of backend and ISA that this machine can run, the default one included."""
    pairs = [("numba", "-")] if importlib.util.find_spec("numba") else []
    if importlib.util.find_spec("fastact._kernels"):
        from fastact import _kernels

        pairs = [("cython", isa) for isa in _kernels.available_isas()] + pairs
    return [*pairs, ("numpy", "-")]


def others() -> list[tuple[str, str]]:
    """Return the pairs that the present process does not test itself, the slowest first; none if it was told what to test."""
    if "FASTACT_BACKEND" in os.environ or "FASTACT_MAX_ISA" in os.environ:
        return []
    here = (fa.backend, "-")
    if fa.backend == "cython":
        from fastact import _kernels

        here = ("cython", _kernels.isa())
    return [pair for pair in reversed(available()) if pair != here]


KERNELS = (
    "accuracy", "layouts", "losses", "no_warnings", "normalizations", "rowwise", "same_bits", "softmaxes", "special_values",
    "statistics",
)  # fmt: skip
"""What depends on the kernels; the rest is the same Python for every ISA."""


def start(backend: str, isa: str) -> None:
    """Queue the contract tests of one pair."""
    files = [TESTS / "contract"] if isa == "-" else [TESTS / "contract" / f"test_{theme}.py" for theme in KERNELS]
    command = [sys.executable, "-P", "-m", "pytest", "-q", "--representative", *map(str, files)]
    _started[backend, isa] = _queue.submit(
        subprocess.run, command, env=chosen(backend, isa), cwd=TESTS.parent, capture_output=True, text=True
    )


def result(backend: str, isa: str) -> subprocess.CompletedProcess[str]:
    """Wait for the contract tests of one pair."""
    return _started[backend, isa].result()

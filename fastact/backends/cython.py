"""The default: kernels printed from the declarations as C++, and compiled for each instruction set."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .. import _kernels
from .._kernels import BlockSteps, Call, RowCall, copy_halves, run_rows

if TYPE_CHECKING:
    from ..declaration import Declaration

__all__ = ["BlockSteps", "Call", "RowCall", "copy_halves", "info", "loops", "run_rows", "set_num_threads"]


def loops(declaration: Declaration, form: str) -> list[tuple[str, int, int]]:
    """Return the inner loops of one form of an activation."""
    return _kernels.loops(declaration.name, form)


def set_num_threads(threads: int) -> None:
    """Let the kernels use up to this many threads."""
    _kernels.set_num_threads(threads)


def info() -> dict[str, str]:
    """Return what was compiled and what is in use."""
    return {
        "isa": _kernels.isa(),
        "available_isas": ", ".join(_kernels.available_isas()),
        "compiler": _kernels.COMPILER,
        "openmp": "yes" if _kernels.has_openmp() else "no",
    }

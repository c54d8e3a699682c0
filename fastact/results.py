"""Where the results of an operation go: into new arrays, or into those that ``out`` names."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations
from typing import Any

import numpy as np

from .arrays import Array, share_memory
from .row_calls import check_result

__all__ = ["one_result", "several_results"]


def one_result(function: str, out: Any, like: Array, dtype: np.dtype[Any]) -> Array:
    """Return `out` after checking it, or else a new array of a shape, and in its order of the axes."""
    if out is None:
        return np.empty_like(like, dtype, subok=False)
    check_result(function, out, like.shape, dtype)
    return out  # type: ignore[no-any-return]


def several_results(function: str, out: Any, like: Sequence[Array], dtype: np.dtype[Any]) -> tuple[Array, ...]:
    """Return the arrays of the tuple `out` after checking them, or else new ones."""
    if out is not None and (not isinstance(out, tuple) or len(out) != len(like)):
        found = f"a tuple of {len(out)}" if isinstance(out, tuple) else f"a {type(out).__name__}"
        raise TypeError(f"{function}: out is {found}; it must be a tuple of {len(like)} arrays")
    results = tuple(one_result(function, y, x, dtype) for x, y in zip(like, out or (None,) * len(like), strict=True))
    if any(share_memory(x, y) for x, y in combinations(results, 2)):
        raise ValueError(f"{function}: two arrays of out share memory; each result needs one of its own")
    return results

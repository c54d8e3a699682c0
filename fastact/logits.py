"""The scores that softmax and its relatives work on: scaled, capped and masked, some rows after the others."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np

from .arrays import Array
from .blocks import Index, part_of
from .forms import activation
from .row_calls import Axis, Rows, apart, as_array, axes_of, one_of, real, result_dtype

__all__ = ["PREPARED", "Logits"]

# Elements that are capped or masked at a time before a kernel takes them, enough for some threads.
PREPARED = 1 << 17

_MASKED_ROWS = ("zero", "nan", "uniform")


def _checked_mask(function: str, mask: Any, rows: Rows) -> Array:
    """Return a mask of booleans or floats, with the dimensions of the rows."""
    if isinstance(mask, np.ma.MaskedArray):
        raise TypeError(f"{function}: mask is a masked array, whose own mask would be lost; pass mask.filled(value)")
    array = np.asarray(mask)
    if array.dtype.kind not in "bf":
        raise TypeError(f"{function}: mask has dtype {array.dtype}; it must be an array of booleans or of floats")
    try:
        fits = np.broadcast_shapes(array.shape, rows.shape) == rows.shape
    except ValueError:
        fits = False
    if not fits:
        raise ValueError(f"{function}: mask has shape {array.shape}, which does not broadcast to x's shape {rows.shape}")
    return array.reshape((1,) * (len(rows.shape) - array.ndim) + array.shape)


class Part(NamedTuple):
    """Some rows of a call."""

    rows: Rows
    place: Index
    x: Array
    """The elements, capped."""
    added: Array
    """What is added to the scaled elements: -inf where they are masked."""
    out: Array


class Logits:
    """What a call asks to be done to `x` before its exponentials: scaling, capping, masking."""

    def __init__(
        self, function: str, x: Any, axis: Axis, out: Any, scale: Any, softcap: Any, mask: Any, masked_row: str = "zero"
    ) -> None:
        self.x = as_array(function, "x", x)
        dtype = result_dtype(self.x)
        self.rows = Rows(function, dtype, self.x.shape, axes_of(function, axis, self.x.ndim))
        self.rows.check_out(out)
        self.out = out
        self.scale = real(function, "scale", scale)
        self.plain = mask is None and self.scale == 1.0 and softcap is None
        self.empty = self._share_if_empty(mask is not None, one_of(function, "masked_row", masked_row, _MASKED_ROWS))
        self.mask = None if mask is None else _checked_mask(function, mask, self.rows)
        self.cap = None if softcap is None else real(function, "softcap", softcap)
        if self.cap is not None and self.cap <= 0:
            raise ValueError(f"{function}: softcap is {self.cap}; it must be positive")

    def _share_if_empty(self, masked: bool, masked_row: str) -> float:
        """Return what each element of a row gets in which everything is masked."""
        if not masked:
            return math.nan
        length = math.prod(self.rows.shape[a] for a in self.rows.axes)
        return {"zero": 0.0, "nan": math.nan, "uniform": 1 / max(length, 1)}[masked_row]

    @property
    def remaining_scale(self) -> float:
        """What capped elements are still multiplied by."""
        return self.scale if self.cap is None else 1.0

    def result(self) -> Array:
        """Return the memory of a result that has elements."""
        return np.empty(self.rows.shape, self.rows.dtype) if self.out is None else self.out

    def parts(self, result: Array, elements: int | None = None) -> Iterator[Part]:
        """Yield the rows: so many elements of them at a time, or as many as are worked on without memory of their own."""
        if not result.size:
            return
        row = [n if a in self.rows.axes else 1 for a, n in enumerate(self.rows.shape)]
        x, mask = apart(self.x, result), np.zeros(row, self.rows.computed) if self.mask is None else apart(self.mask, result)
        prepared = self.cap is not None or mask.dtype.kind == "b"
        most = elements or (PREPARED if prepared else result.size)
        if result.size <= most:
            yield Part(self.rows, (), self._capped(x), self._additive(mask), result)
            return
        for place in self.rows.blocks(most):
            out = part_of(result, place)
            rows = Rows(self.rows.function, self.rows.dtype, out.shape, self.rows.axes)
            yield Part(rows, place, self._capped(part_of(x, place)), self._additive(part_of(mask, place)), out)

    def _capped(self, x: Array) -> Array:
        if self.cap is None:
            return x
        with np.errstate(all="ignore"):
            scaled: Array = np.asarray(np.multiply(x, self.rows.computed.type(self.scale), dtype=self.rows.computed))
        activation("softcap").in_place(scaled, self.cap)
        return scaled

    def _additive(self, mask: Array) -> Array:
        if mask.dtype.kind == "f":
            return mask
        with np.errstate(divide="ignore"):
            # Zero for True, -inf for False.
            added: Array = np.asarray(np.log(mask, dtype=self.rows.computed))
        return added

    def added(self, part: Part) -> Array:
        """Return the sums of the scaled elements and the mask."""
        with np.errstate(all="ignore"):
            factor = self.rows.computed.type(self.remaining_scale)
            scores: Array = np.asarray(np.multiply(part.x, factor, dtype=self.rows.computed))
            np.add(scores, part.added, out=scores, casting="same_kind")
        np.copyto(scores, -np.inf, where=part.added == -np.inf)
        return scores

    def shares(self) -> Array:
        """Return the softmax."""
        if self.plain:
            return self.rows.run("softmax", [self.x], [self.out])[0]
        return self._run("masked_softmax", self.empty)

    def logarithms(self) -> Array:
        """Return the logarithms of the softmax."""
        if self.plain:
            return self.rows.run("log_softmax", [self.x], [self.out])[0]
        return self._run("masked_log_softmax", math.log(self.empty) if self.empty else -math.inf)

    def _run(self, program: str, empty: float) -> Array:
        result = self.result()
        for part in self.parts(result):
            part.rows.run(program, [part.x, part.added], [part.out], (self.remaining_scale, empty))
        return result

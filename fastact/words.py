"""The words of the restricted language as NumPy understands them.

Every word takes arrays or scalars of one precision, float32 or float64, and means the same bits as in the compiled
backends.  Floating-point warnings are the caller's to silence.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from .language import INTERVALS, Rows

__all__ = [
    "absolute",
    "copysign",
    "exponent",
    "floor",
    "fma",
    "ldexp",
    "ldexp_low",
    "ldexp_normal",
    "lookup",
    "mantissa",
    "maximum",
    "minimum",
    "piecewise",
    "polynomial",
    "rarely",
    "reciprocal",
    "round",
    "sqrt",
    "truncate",
    "where",
]

_BITS = {np.dtype(np.float32): np.dtype(np.int32), np.dtype(np.float64): np.dtype(np.int64)}
_SMALLEST = np.float64(5e-324)


def _float_bits(x: Any) -> tuple[Any, Any, int]:
    """The array, its bits as integers, and how many of them store the significand."""
    x = np.asarray(x)
    return x, x.view(_BITS[x.dtype]), np.finfo(x.dtype).nmant


def _sum_and_error(a: Any, b: Any) -> tuple[Any, Any]:
    """Knuth's two-sum: the rounded sum and what the rounding left."""
    s = a + b
    from_b = s - a
    return s, (a - (s - from_b)) + (b - from_b)


def _halves(x: Any) -> tuple[Any, Any]:
    """Veltkamp's splitting of a float64 in two of 26 bits."""
    c = 134217729.0 * x
    high = c - (c - x)
    return high, x - high


def _product_and_error(a: Any, b: Any) -> tuple[Any, Any]:
    """Dekker's product: the rounded product and what the rounding left."""
    p = a * b
    a1, a2 = _halves(a)
    b1, b2 = _halves(b)
    return p, ((a1 * b1 - p) + a1 * b2 + a2 * b1) + a2 * b2


def _sum_to_odd(a: Any, b: Any) -> Any:
    """The float64 sum rounded to odd: rounding it again, to fewer bits, gives what one rounding would have given."""
    s, error = _sum_and_error(a, b)
    s = np.asarray(s)
    even_and_inexact = (s.view(np.int64) & 1 == 0) & (error != 0) & np.isfinite(error)
    step = np.where((error > 0) == (s > 0), 1, -1)
    return (s.view(np.int64) + np.where(even_and_inexact, step, 0)).view(np.float64)


def _sum_of_product(a: Any, b: Any, c: Any) -> tuple[Any, Any]:
    """``a * b + c`` rounded once, and what was left (Boldo and Melquiond), far from the limits."""
    p, p_low = _product_and_error(a, b)
    u, u_low = _sum_and_error(c, p_low)
    t, t_low = _sum_and_error(p, u)
    return _sum_and_error(t, _sum_to_odd(t_low, u_low))


def _fma_scaled(a: Any, b: Any, c: Any) -> Any:
    """``fma`` of finite float64 of any magnitude: on the significands, scaled back with care for subnormal results."""
    (a, i), (b, j), (c, k) = np.frexp(a), np.frexp(b), np.frexp(c)
    scale = i + j
    # Beyond these bounds the smaller term only decides the direction of the rounding.
    shift = np.where(c == 0, 0, np.clip(k - scale, -250, 250))
    scale = np.where(shift == 250, k - shift, scale)
    s, rest = _sum_of_product(a, b, np.ldexp(c, shift))
    result = np.ldexp(s, scale)
    lost = s - np.ldexp(result, -scale)
    tie = np.abs(lost) == np.ldexp(0.5, np.clip(-1074 - scale, -2000, 1000))
    beyond = (np.abs(result) < 2.3e-308) & tie & (lost * rest > 0)
    return np.where(beyond, result + np.copysign(_SMALLEST, lost), result)


def fma(a: Any, b: Any, c: Any) -> Any:
    """``a * b + c``, rounded once."""
    dtype = np.result_type(a, b, c)
    if dtype == np.float32:
        product = np.multiply(a, b, dtype=np.float64)
        return _sum_to_odd(product, np.asarray(c, np.float64)).astype(np.float32)[()]
    a, b, c = np.broadcast_arrays(np.asarray(a, dtype), np.asarray(b, dtype), np.asarray(c, dtype))
    plain = np.where(np.isinf(c) & np.isfinite(a) & np.isfinite(b), c, a * b + c)
    largest = np.maximum(np.maximum(np.abs(a), np.abs(b)), np.abs(c))
    smallest = np.minimum(np.abs(a * b), np.where(c == 0, 1.0, np.abs(c)))
    ordinary = (largest < 2.0**400) & (smallest > 2.0**-800)
    result = np.where(ordinary, _sum_of_product(a, b, c)[0], plain)
    rest = ~ordinary & np.isfinite(a) & np.isfinite(b) & np.isfinite(c) & (a != 0) & (b != 0)
    if rest.any():
        result[rest] = _fma_scaled(a[rest], b[rest], c[rest])
    return result[()]


def polynomial(x: Any, coefficients: tuple[Any, ...]) -> Any:
    """Horner's rule with ``fma``; the constant term comes first."""
    p = coefficients[-1]
    for c in reversed(coefficients[:-1]):
        p = fma(p, x, c)
    return p


def _columns(place: Any, table: Rows) -> Any:
    """The columns of a table that the lowest four bits tell of integers that ``TO_INTEGER`` was added to."""
    _, bits, _ = _float_bits(place)
    return table.values[:, bits & (INTERVALS - 1)]


def lookup(place: Any, table: Rows) -> Any:
    """The number of an interval in a table of one row; ``place`` is the interval's own number plus ``TO_INTEGER``."""
    return _columns(place, table)[0]


def piecewise(x: Any, place: Any, table: Rows) -> Any:
    """The polynomial of an interval, by Horner's rule; ``place`` is the interval's number plus ``TO_INTEGER``."""
    return polynomial(x, tuple(_columns(place, table)))


def round(x: Any) -> Any:
    """To the nearest integer, ties to even."""
    return np.rint(x)


def floor(x: Any) -> Any:
    """The largest integer that is not above."""
    return np.floor(x)


def ldexp(m: Any, n: Any) -> Any:
    """``m * 2**n`` rounded once, for an ``n`` that holds an integer."""
    n = np.where(np.isnan(n), 0.0, n)
    return np.ldexp(m, n.astype(np.int32))


def ldexp_low(m: Any, n: Any) -> Any:
    """The same for ``n`` from -190 to 63 and ``m`` below 2**64, in float64 from -1534 to 511 and below 2**512.

    Where no instruction does it, this takes half the operations.
    """
    return ldexp(m, n)


def ldexp_normal(m: Any, n: Any) -> Any:
    """The same for ``n`` from -126 to 127, in float64 from -1022 to 1023.

    Where no instruction does it, this is one multiplication.
    """
    return ldexp(m, n)


def reciprocal(x: Any) -> Any:
    """One over ``x``; next to a root, which the divider makes too, it takes less time than a division where multipliers can."""
    return 1.0 / x


def where(condition: Any, a: Any, b: Any) -> Any:
    """``a`` where the condition holds, else ``b``."""
    return np.where(condition, a, b)[()]


def rarely(condition: Any, a: Any, b: Any) -> Any:
    """The same, for a comparison by ``>=`` that few elements pass: where none nearby does, ``a`` need not be computed."""
    return where(condition, a, b)


def minimum(x: Any, bound: Any) -> Any:
    """``x`` bounded from above; a NaN stays."""
    return np.where(x > bound, bound, x)[()]


def maximum(x: Any, bound: Any) -> Any:
    """``x`` bounded from below; a NaN stays, and so does the sign of a zero at the bound zero."""
    return np.where(x < bound, bound, x)[()]


def absolute(x: Any) -> Any:
    """The magnitude."""
    return np.abs(x)


def copysign(magnitude: Any, sign: Any) -> Any:
    """The magnitude of the first with the sign of the second."""
    return np.copysign(magnitude, sign)


def sqrt(x: Any) -> Any:
    """The square root, correctly rounded."""
    return np.sqrt(x)


def exponent(x: Any) -> Any:
    """``floor(log2(abs(x)))`` of a normal number."""
    x, bits, width = _float_bits(x)
    bias = np.finfo(x.dtype).maxexp - 1
    return (((bits >> width) & (2 * bias + 1)) - bias).astype(x.dtype)[()]


def mantissa(x: Any) -> Any:
    """``x / 2**exponent(x)`` of a positive normal number: from 1 up to 2."""
    x, bits, width = _float_bits(x)
    one = np.ones((), x.dtype).view(bits.dtype)
    return ((bits & ((1 << width) - 1)) | one).view(x.dtype)[()]


def truncate(x: Any) -> Any:
    """``x`` without the lower half of its significand, so that products of two such are exact."""
    x, bits, width = _float_bits(x)
    return (bits & -(1 << (width // 2 + 1))).view(x.dtype)[()]

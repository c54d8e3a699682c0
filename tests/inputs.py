"""What the functions are tried on: walks over bit patterns, and arrays laid out in every way NumPy knows."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

import numpy as np

from fastact import coefficients

FLOATS = ("float16", "float32", "float64")


def walk(dtype: np.dtype | str, count: int, low: float = 0.0, high: float = np.inf) -> np.ndarray:
    """Return `count` numbers of each sign whose bit patterns are evenly spaced between those of `low` and `high`."""
    dtype = np.dtype(dtype)
    bits = np.dtype(f"u{dtype.itemsize}")
    high = min(high, float(np.finfo(dtype).max))
    first, last = (int(np.array(bound, dtype).view(bits)) for bound in (low, high))
    # In integers: linspace has 53 bits and would skip the odd float64 patterns.
    stride, rest = divmod(last - first, count - 1)
    steps = np.arange(count, dtype=np.uint64)
    positive = (first + steps * stride + steps * rest // (count - 1)).astype(bits).view(dtype)
    return np.concatenate([-positive[::-1], positive])


def neighbours(points: Iterable[float], dtype: np.dtype | str, steps: int = 2) -> np.ndarray:
    """Return points and the floats next to them on both sides."""
    centre = np.array(list(points), dtype)
    below, above, found = centre, centre, [centre]
    with np.errstate(all="ignore"):
        for _ in range(steps):
            below, above = np.nextafter(below, below.dtype.type(-np.inf)), np.nextafter(above, above.dtype.type(np.inf))
            found += [below, above]
    found_array = np.concatenate(found)
    return found_array[np.isfinite(found_array)]


def cut_offs(dtype: np.dtype | str) -> np.ndarray:
    """Return where functions built on exp(x), exp(-x**2) and powers leave the range, lose their tail or their head."""
    info = np.finfo(dtype)
    smallest = float(info.smallest_subnormal)
    sizes = [-np.log(smallest), -np.log(float(info.tiny)), np.log(float(info.max)), -np.log(float(info.eps))]
    sizes += [np.sqrt(2 * size) for size in sizes] + [size / 2 for size in sizes]
    sizes += [float(info.max) ** power for power in (1 / 3, 1 / 2)] + [float(info.eps) ** power for power in (1 / 3, 1 / 2, 1)]
    sizes += [float(info.tiny), smallest, smallest * 3, float(info.max), 1e-3, 1.0, 3.0, 6.0, 0.5, np.log(2.0)]
    nudged = [size * (1 + nudge) for size in map(float, sizes) for nudge in (-0.01, -1e-3, 0.0, 1e-3, 0.01)]
    near = np.array([size for size in nudged if size <= float(info.max)])
    return np.concatenate([-near, near])


def borders_of_intervals() -> np.ndarray:
    """Return where the intervals begin in which functions are polynomials, and where the last ones end."""
    ends = [float(c.float64) for c in (coefficients.TAIL_FAR, coefficients.SOFTPLUS_FAR, coefficients.SOFTPLUS_NEAR)]
    between = np.arange(15) + 0.5
    for square, place in (
        (coefficients.TAIL_SQUARE.float64, coefficients.TAIL_PLACE.float64),
        (coefficients.ERF_SQUARE.float64, coefficients.ERF_PLACE.float64),
        (0.0, coefficients.SOFTPLUS_PLACE.float64),
    ):
        ends += list(2.0 * between / (place + np.sqrt(place**2 + 4.0 * square * between)))
    return np.array([sign * end for end in ends for sign in (-1.0, 1.0)])


def samples(dtype: np.dtype | str, kinks: Iterable[float] = (), density: int = 1) -> np.ndarray:
    """Return some 2000 finite numbers, most of them where the activations bend, and all that is special."""
    parts = [
        walk(dtype, 100 * density),
        walk(dtype, 500 * density, 2.0**-9, 2.0**10),
        # Where functions that smooth a kink do so.
        walk(dtype, 100 * density, 2.0**-31, 2.0**-14),
        neighbours([0.0, *kinks], dtype),
        neighbours(cut_offs(dtype), dtype, steps=1),
        neighbours(borders_of_intervals(), dtype, steps=1),
        neighbours([sign * 2.0**n for n in range(-8, 11) for sign in (-1, 1)], dtype, steps=1),
    ]
    return np.unique(np.concatenate(parts))


def stretches(dtype: np.dtype | str, starts: np.ndarray, length: int = 64) -> np.ndarray:
    """Return rows of finite numbers without a gap, each from a start upwards."""
    dtype = np.dtype(dtype)
    signed = np.dtype(f"i{dtype.itemsize}")
    bits = starts.astype(dtype).view(signed).astype(np.int64)
    # In the order of the numbers: below zero the patterns run backwards.
    places = np.where(bits < 0, np.iinfo(signed).min - bits, bits)[:, np.newaxis] + np.arange(length)
    patterns = np.where(places < 0, np.iinfo(signed).min - places, places).astype(signed)
    rows = patterns.view(dtype)
    return rows[np.isfinite(rows).all(axis=1)]


def specials(dtype: np.dtype | str) -> np.ndarray:
    """Return zeros of both signs, infinities, NaNs, subnormals and the largest numbers."""
    info = np.finfo(dtype)
    half = [0.0, float(info.smallest_subnormal), float(info.tiny), 1.0, float(info.max), np.inf, np.nan]
    return np.array([-value for value in half] + half, dtype)


# A layout makes a view of its dtype over a buffer of bytes.  The shape of the view is the layout's own.
Layout = Callable[[np.ndarray, np.dtype], np.ndarray]
BUFFER = 1 << 15


def _plain(buffer: np.ndarray, dtype: np.dtype, shape: tuple[int, ...], order: str = "C", offset: int = 0) -> np.ndarray:
    start = 64 + offset
    size = int(np.prod(shape)) * dtype.itemsize
    return buffer[start : start + size].view(dtype).reshape(shape, order=order)


def _misaligned(buffer: np.ndarray, dtype: np.dtype) -> np.ndarray:
    return np.ndarray((11, 13), dtype, buffer.data, 65)


def _field(buffer: np.ndarray, dtype: np.dtype) -> np.ndarray:
    record = np.dtype({"names": ["a", "b"], "formats": ["u1", dtype], "itemsize": dtype.itemsize + 3})
    return np.ndarray((137,), record, buffer.data, 64)["b"]


LAYOUTS: dict[str, Layout] = {
    "contiguous": lambda buffer, dtype: _plain(buffer, dtype, (9, 31)),
    "offset by one element": lambda buffer, dtype: _plain(buffer, dtype, (150,))[1:],
    "0-d": lambda buffer, dtype: _plain(buffer, dtype, ()),
    "one element": lambda buffer, dtype: _plain(buffer, dtype, (1, 1)),
    "empty": lambda buffer, dtype: _plain(buffer, dtype, (0,)),
    "empty matrix": lambda buffer, dtype: _plain(buffer, dtype, (3, 0, 2)),
    "Fortran order": lambda buffer, dtype: _plain(buffer, dtype, (9, 31), "F"),
    "permuted axes": lambda buffer, dtype: _plain(buffer, dtype, (5, 7, 8)).transpose(1, 0, 2),
    "every second": lambda buffer, dtype: _plain(buffer, dtype, (402,))[::2],
    "every third, from the end": lambda buffer, dtype: _plain(buffer, dtype, (403,))[::-3],
    "reversed": lambda buffer, dtype: _plain(buffer, dtype, (133,))[::-1],
    "reversed columns": lambda buffer, dtype: _plain(buffer, dtype, (9, 31))[:, ::-1],
    "inner columns": lambda buffer, dtype: _plain(buffer, dtype, (17, 23))[:, 2:-4],
    "inner block": lambda buffer, dtype: _plain(buffer, dtype, (6, 7, 9))[1:-1, ::2, 3:],
    "one column": lambda buffer, dtype: _plain(buffer, dtype, (57, 7))[:, 3],
    "misaligned": _misaligned,
    "misaligned columns": lambda buffer, dtype: _misaligned(buffer, dtype)[:, ::3],
    "field of a record": _field,
    "byte-swapped": lambda buffer, dtype: _plain(buffer, dtype.newbyteorder(), (9, 31)),
    "byte-swapped, every second": lambda buffer, dtype: _plain(buffer, dtype.newbyteorder(), (402,))[::2],
}


class Laid:
    """An array in some layout, with canaries in all bytes of the buffer around it."""

    def __init__(self, layout: str, dtype: str, values: np.ndarray) -> None:
        rng = np.random.default_rng(5)
        self.name = layout
        self._make = lambda buffer: LAYOUTS[layout](buffer, np.dtype(dtype))
        self._buffer = rng.integers(0, 256, BUFFER, np.uint8)
        self.array = self._make(self._buffer)
        self.array[...] = np.resize(values, self.array.shape)
        self._before = self._buffer.copy()

    def native(self) -> np.ndarray:
        """Return the values in a fresh contiguous array of the machine's byte order."""
        return np.array(self.array, self.array.dtype.newbyteorder("="), order="C", copy=True)

    def unchanged(self) -> bool:
        """Return whether no byte of the buffer was written to."""
        return bool((self._buffer == self._before).all())

    def canaries_alive(self) -> bool:
        """Return whether no byte outside the array was written to."""
        expected = self._before.copy()
        self._make(expected)[...] = self.array
        return bool((expected == self._buffer).all())


def laid(dtype: str, values: np.ndarray) -> Iterator[Laid]:
    """Yield the values in every layout, over and over where the layout has room for more."""
    for layout in LAYOUTS:
        yield Laid(layout, dtype, values)


def same_bits(a: np.ndarray, b: np.ndarray) -> bool:
    """Return whether two arrays have the same dtype but for byte order, shape and bits, all NaNs being one."""
    a, b = np.asarray(a), np.asarray(b)
    if a.dtype.newbyteorder("=") != b.dtype.newbyteorder("=") or a.shape != b.shape:
        return False
    a, b = (np.ascontiguousarray(c, c.dtype.newbyteorder("=")) for c in (a, b))
    bits = f"u{a.itemsize}"
    differ = a.reshape(-1).view(bits) != b.reshape(-1).view(bits)
    return not (differ & ~(np.isnan(a).reshape(-1) & np.isnan(b).reshape(-1))).any()

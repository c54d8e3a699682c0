"""Each activation against plain NumPy: time, ratio, largest error."""

from __future__ import annotations

import inspect
import statistics
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

import numpy as np

from .activations import DECLARATIONS
from .arrays import Array
from .plain_numpy import PLAIN
from .registry import get

__all__ = [
    "PARAMETER",
    "Row",
    "arguments",
    "compare",
    "float32_reference",
    "format_table",
    "largest_error",
    "sample",
    "time_side_by_side",
]


PARAMETER = 0.25
"""What a parameter without a default is set to."""


@dataclass(frozen=True)
class Row:
    """What was measured of one activation; times are medians, in nanoseconds an element."""

    name: str
    fastact: float
    numpy: float | None
    """Nothing where plain NumPy has no such function."""
    error: float | None
    """The largest error of fastact's float32 results, in ulp; nothing in float64, for want of a reference."""

    @property
    def ratio(self) -> float | None:
        """How many times faster than plain NumPy."""
        return None if self.numpy is None else self.numpy / self.fastact


def arguments(name: str) -> dict[str, float]:
    """Return values for the parameters of an activation that have no default."""
    return {p: PARAMETER for p, default in DECLARATIONS[name].parameters.items() if default is inspect.Parameter.empty}


def sample(size: int, dtype: str) -> Array:
    """Return normally distributed numbers, of which most lie where activations bend."""
    return (3 * np.random.default_rng(2026).standard_normal(size)).astype(dtype)


def float32_reference(name: str, x: Array) -> Array:
    """Return what an activation makes of float32 numbers, in float64; parameters are rounded as they are with float32."""
    given = DECLARATIONS[name].parameters | arguments(name)
    return np.asarray(get(name)(x.astype(np.float64), **{p: float(np.float32(value)) for p, value in given.items()}))


def largest_error(result: Array, reference: Array) -> float:
    """Return the largest error of finite results in units in the last place, given references of higher precision."""
    unit = np.spacing(np.abs(reference.astype(result.dtype)))
    return float(np.max(np.abs(result - reference) / unit, initial=0))


def time_side_by_side(calls: Iterable[Callable[[], object]], seconds: float = 0.2) -> list[float]:
    """Return the median duration of each call in seconds; the calls take turns, so that disturbances meet them all."""
    calls = list(calls)
    repeats = []
    for call in calls:
        call()
        begin = time.perf_counter()
        call()
        repeats.append(max(1, int(2e-4 / max(time.perf_counter() - begin, 1e-9))))
    durations: list[list[float]] = [[] for _ in calls]
    end = time.perf_counter() + seconds * len(calls)
    while time.perf_counter() < end or len(durations[0]) < 5:
        for call, repeat, record in zip(calls, repeats, durations, strict=True):
            begin = time.perf_counter()
            for _ in range(repeat):
                call()
            record.append((time.perf_counter() - begin) / repeat)
    return [statistics.median(record) for record in durations]


def compare(names: Iterable[str], size: int = 262_144, dtype: str = "float32") -> Iterator[Row]:
    """Measure activations one after the other.

    Parameters
    ----------
    names : iterable of str
        Names that ``fastact.get`` knows.
    size : int
        The number of elements.
    dtype : {"float32", "float64"}

    Yields
    ------
    Row
    """
    x = sample(size, dtype)
    out, a, b = np.empty_like(x), np.empty_like(x), np.empty_like(x)
    for name in names:
        activation = get(name)
        name = activation.__name__
        parameters = arguments(name)

        def fastact() -> None:
            activation(x, out=out, **parameters)  # noqa: B023 (called before the loop goes on)

        def plain() -> None:
            PLAIN[name].value(x, out, a, b)  # noqa: B023

        with np.errstate(all="ignore"):
            seconds = time_side_by_side([fastact, plain] if name in PLAIN else [fastact])
        nanoseconds = [1e9 * s / size for s in seconds]
        error = None
        if dtype == "float32":
            error = largest_error(activation(x, **parameters), float32_reference(name, x))
        yield Row(name, nanoseconds[0], nanoseconds[1] if name in PLAIN else None, error)


def format_table(rows: Iterable[Row]) -> str:
    """Return rows as a table for people."""
    lines = [
        f"{'':<20}{'fastact':>10}{'NumPy':>10}{'ratio':>9}{'error':>9}",
        f"{'':<20}{'ns/element':>20}{'':>9}{'ulp':>9}",
    ]
    for row in rows:
        numpy = "-" if row.numpy is None else f"{row.numpy:.3f}"
        ratio = "-" if row.ratio is None else f"{row.ratio:.1f} x"
        error = "-" if row.error is None else f"{row.error:.2f}"
        lines.append(f"{row.name:<20}{row.fastact:>10.3f}{numpy:>10}{ratio:>9}{error:>9}")
    return "\n".join(lines)

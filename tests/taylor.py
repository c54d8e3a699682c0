"""The truth as Taylor polynomials: the lines of ``truth.py`` on power series, of which one serves thousands of inputs.

The coefficients are python-flint's balls: numbers of any precision with a bound of their error.
"""

from __future__ import annotations

import importlib.util
from collections.abc import Callable, Iterator
from math import frexp
from typing import NamedTuple

import numpy as np
import truth
from flint import arb, arb_series, ctx

TERMS = 20
ENOUGH = arb(2) ** -64
"""The relative error of a polynomial: a thousandth of a float64's unit."""
NEGLIGIBLE = arb(2) ** -1140
"""Next to nothing beside the smallest float64."""
BEYOND = arb(2) ** 1025

ctx.cap = TERMS


class Undecided(ArithmeticError):
    """A comparison comes out differently in parts of a stretch, or is a tie: there the derivative may jump."""


class Jet:
    """A power series in the place of a number; its constant term is what compares."""

    def __init__(self, number: Jet | arb_series | arb | float | str) -> None:
        if isinstance(number, Jet):
            number = number.series
        self.series = number if isinstance(number, arb_series) else arb_series([arb(number)])

    def __add__(self, other: Jet | float) -> Jet:
        return Jet(self.series + Jet(other).series)

    def __mul__(self, other: Jet | float) -> Jet:
        return Jet(self.series * Jet(other).series)

    __radd__, __rmul__ = __add__, __mul__

    def __sub__(self, other: Jet | float) -> Jet:
        return Jet(self.series - Jet(other).series)

    def __rsub__(self, other: float) -> Jet:
        return Jet(other) - self

    def __truediv__(self, other: Jet | float) -> Jet:
        if Jet(other) == 0:
            raise ZeroDivisionError
        return Jet(self.series / Jet(other).series)

    def __rtruediv__(self, other: float) -> Jet:
        return Jet(other) / self

    def __pow__(self, power: int) -> Jet:
        return Jet(self.series**power)

    def __neg__(self) -> Jet:
        return Jet(-self.series)

    def __abs__(self) -> Jet:
        return self if self > 0 else -self

    def __lt__(self, other: Jet | float) -> bool:
        a, b = self.series[0], Jet(other).series[0]
        if not (a < b or a > b):
            raise Undecided
        return bool(a < b)

    def __gt__(self, other: Jet | float) -> bool:
        return not self < other

    def __eq__(self, other: object) -> bool:
        return not (self < other or self > other)

    __le__, __ge__ = __lt__, __gt__


class Functions:
    """The functions of mpmath that the truth is made of, for `Jet`."""

    @property
    def pi(self) -> Jet:
        return Jet(arb.pi())

    def sign(self, x: Jet) -> int:
        return 1 if x > 0 else -1

    def sqrt(self, x: Jet | float) -> Jet:
        return Jet(Jet(x).series.sqrt())

    def exp(self, x: Jet | float) -> Jet:
        return Jet(Jet(x).series.exp())

    def expm1(self, x: Jet | float) -> Jet:
        # Only the constant term loses digits near zero.
        series = Jet(x).series
        grown = series.exp()
        grown[0] = series[0].expm1()
        return Jet(grown)

    def log1p(self, x: Jet | float) -> Jet:
        series = Jet(x).series
        logarithm = (1 + series).log()
        logarithm[0] = series[0].log1p()
        return Jet(logarithm)

    def tanh(self, x: Jet | float) -> Jet:
        # By an exponential that falls, nothing cancels, neither near zero nor far out.
        series = Jet(x).series
        if series[0] > 0:
            return -self.tanh(-Jet(series))
        grown = self.expm1(2 * Jet(series))
        return grown / (grown + 2)

    def atan(self, x: Jet | float) -> Jet:
        return Jet(Jet(x).series.atan())

    def erf(self, x: Jet | float) -> Jet:
        return Jet(Jet(x).series.erf())

    def erfc(self, x: Jet | float) -> Jet:
        return Jet(Jet(x).series.erfc())


def _on_jets() -> dict[str, Callable[..., Jet]]:
    """Return the lines of ``truth.py``, loaded again, with `Jet` for the numbers of mpmath."""
    specification = importlib.util.spec_from_file_location("truth_on_jets", truth.__file__)
    module = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(module)
    module.mp, module.mpf = Functions(), Jet
    return module.TRUTH


TRUTH = _on_jets()


class Stretch(NamedTuple):
    """An activation and its derivative from one number to another, as polynomials of where between them x lies."""

    centre: float
    radius: float
    polynomials: tuple[np.ndarray, np.ndarray]

    def at(self, x: np.ndarray) -> list[np.ndarray]:
        """Return the value and the derivative in long double."""
        t = (x.astype(np.longdouble) - self.centre) / self.radius
        return [np.polynomial.polynomial.polyval(t, p) for p in self.polynomials]


def expand(name: str, settings: tuple[float, ...], low: float, high: float) -> Stretch | None:
    """Return the Taylor polynomials from `low` to a higher number; None where there is a kink or they are not accurate."""
    centre = low / 2 + high / 2
    radius = max(high - centre, centre - low)

    def series(t: arb | int, terms: int) -> arb_series:
        x = arb_series([centre + radius * arb(t), arb(radius)], terms)
        return Jet(TRUTH[name](Jet(x), *map(Jet, settings))).series

    # Sums cancel two powers of x at most.
    with ctx.workprec(192 + 2 * abs(frexp(centre)[1])):
        try:
            # That each is decided also shows that nothing bends in between.
            everywhere, middle, *ends = series(arb(0, 1), 2), series(0, TERMS), series(-1, 2), series(1, 2)
        except Undecided:
            return None
        value = _polynomial(middle, everywhere[0], [end[0] for end in ends])
        derivative = _polynomial(middle.derivative() / radius, everywhere[1] / radius, [end[1] / radius for end in ends])
    return None if value is None or derivative is None else Stretch(centre, radius, (value, derivative))


def _polynomial(series: arb_series, everywhere: arb, ends: list[arb]) -> np.ndarray | None:
    """Return the coefficients in long double, if the polynomial stays far from zero and holds at both ends."""
    if abs(everywhere) < NEGLIGIBLE:
        return np.zeros(1, np.longdouble)
    if abs(everywhere) > BEYOND:
        return np.array([np.inf if everywhere > 0 else -np.inf], np.longdouble)
    coefficients = series.coeffs()
    alternating = [c if k % 2 == 0 else -c for k, c in enumerate(coefficients)]
    tolerance = ENOUGH * abs(series[0])
    if not all(abs(sum(c) - end) <= tolerance for c, end in zip((alternating, coefficients), ends, strict=True)):
        return None
    found = np.array([_long_double(c) for c in coefficients])
    return found if 2 * np.abs(found[1:]).sum() <= np.abs(found[0]) else None


def _long_double(ball: arb) -> np.longdouble:
    mantissa, exponent = map(int, ball.mid().man_exp())
    shift = max(mantissa.bit_length() - 64, 0)
    return np.ldexp(np.longdouble(mantissa >> shift), min(max(exponent + shift, -20_000), 20_000))


def cover(name: str, settings: tuple[float, ...], x: np.ndarray) -> Iterator[tuple[np.ndarray, Stretch | None]]:
    """Yield parts of ascending numbers, each with the polynomials that serve it; None for a single number without any."""
    stretch = expand(name, settings, float(x[0]), float(x[-1])) if x.size > 1 else None
    if stretch or x.size == 1:
        yield x, stretch
    else:
        half = x.size // 2
        yield from cover(name, settings, x[:half])
        yield from cover(name, settings, x[half:])

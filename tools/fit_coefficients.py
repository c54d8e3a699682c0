"""Print fastact/coefficients.py: the constants of the elementary functions in both precisions.

The polynomials are minimax fits of the relative error, by a Remez exchange in 50 decimal digits.

    python tools/fit_coefficients.py > fastact/coefficients.py
    python tools/fit_coefficients.py --check
"""

from __future__ import annotations

import pathlib
import sys
import textwrap
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from mpmath import mp, mpf

mp.dps = 50
PRECISIONS = {"float32": np.float32, "float64": np.float64}
TARGET = pathlib.Path(__file__).resolve().parent.parent / "fastact" / "coefficients.py"

HEADER = '''"""Constants of both precisions; printed by tools/fit_coefficients.py, not to be edited.

A polynomial's coefficients stand from the constant term up, in a table those of sixteen intervals beside each other.  The
comment above each gives what it approximates, where, and the largest relative error of the fit, before any rounding in its
evaluation.
"""

from fastact.language import Constant, Table
'''


def nearest(value: mpf, precision: str) -> mpf:
    """The nearest number of the working precision."""
    scalar = PRECISIONS[precision]
    guess = scalar(float(value))
    neighbours = [guess, np.nextafter(guess, scalar(np.inf)), np.nextafter(guess, scalar(-np.inf))]
    return min((mpf(float(n)) for n in neighbours), key=lambda n: abs(n - value))


def text(value: mpf, precision: str) -> str:
    """A decimal that reads back as the value, in float64 and in the working precision."""
    return repr(float(value)).replace("e+", "e")


def evaluate(coefficients: list[mpf], x: mpf) -> mpf:
    total = mpf(0)
    for c in reversed(coefficients):
        total = total * x + c
    return total


def remez(
    function: Callable[[mpf], mpf],
    weight: Callable[[mpf], mpf],
    interval: tuple[mpf, mpf],
    degree: int,
    fixed: list[mpf],
) -> tuple[list[mpf], mpf]:
    """Minimise the largest ``abs((function - polynomial) * weight)`` with the first coefficients given.

    Returns all coefficients and the error.
    """
    low, high = interval
    unknown = degree + 1 - len(fixed)
    points = 24 * (unknown + 1)
    grid = [(low + high) / 2 + (high - low) / 2 * mp.cos(mp.pi * (2 * i + 1) / (2 * points)) for i in range(points)]
    grid = [x for x in grid if x != 0]
    weights = [abs(weight(x)) for x in grid]
    targets = [function(x) - evaluate(fixed, x) for x in grid]
    reference = [round(i * (len(grid) - 1) / unknown) for i in range(unknown + 1)]
    for _ in range(60):
        system, right = mp.matrix(unknown + 1), mp.matrix(unknown + 1, 1)
        for row, index in enumerate(reference):
            for column in range(unknown):
                system[row, column] = grid[index] ** (len(fixed) + column)
            system[row, unknown] = (-1) ** row / weights[index]
            right[row] = targets[index]
        solution = mp.lu_solve(system, right)
        free = [solution[i] for i in range(unknown)]
        shifted = [mpf(0)] * len(fixed) + free
        errors = [(t - evaluate(shifted, x)) * w for x, t, w in zip(grid, targets, weights, strict=True)]
        exchanged = alternation(errors, unknown + 1)
        level = abs(solution[unknown])
        if exchanged == reference or max(abs(e) for e in errors) < level * mpf("1.001"):
            break
        reference = exchanged
    return [*fixed, *free], max(abs(e) for e in errors)


def alternation(errors: list[mpf], count: int) -> list[int]:
    """The places of ``count`` extrema of alternating sign, the largest ones."""
    places: list[int] = []
    for i, error in enumerate(errors):
        if places and (errors[places[-1]] > 0) == (error > 0):
            if abs(error) > abs(errors[places[-1]]):
                places[-1] = i
        else:
            places.append(i)
    while len(places) > count:
        if len(places) == count + 1:
            places.pop(0 if abs(errors[places[0]]) < abs(errors[places[-1]]) else -1)
        else:
            weakest = min(range(len(places) - 1), key=lambda i: max(abs(errors[places[i]]), abs(errors[places[i + 1]])))
            del places[weakest : weakest + 2]
    return places


def fit(
    precision: str,
    function: Callable[[mpf], mpf],
    weight: Callable[[mpf], mpf],
    interval: tuple[mpf, mpf],
    degree: int,
    fixed: tuple[int, ...] = (),
) -> tuple[list[mpf], mpf]:
    """Fit, and round the coefficients."""
    coefficients, _level = remez(function, weight, interval, degree, [mpf(c) for c in fixed])
    rounded = [nearest(c, precision) for c in coefficients]
    low, high = interval
    samples = [low + (high - low) * mpf(2 * i + 1) / 2000 for i in range(1000)]
    error = max(abs((function(x) - evaluate(rounded, x)) * weight(x)) for x in samples if x != 0)
    return rounded, error


def fit_step_by_step(
    precision: str,
    function: Callable[[mpf], mpf],
    weight: Callable[[mpf], mpf],
    interval: tuple[mpf, mpf],
    degree: int,
    fixed: tuple[int, ...] = (),
) -> tuple[list[mpf], mpf]:
    """Fit so that each coefficient makes up for the rounding of those before it.

    By least squares at Chebyshev's points, as no minimax fit is unique on an interval around zero once coefficients are given.
    """
    low, high = interval
    points = [(low + high) / 2 + (high - low) / 2 * mp.cos(mp.pi * (2 * i + 1) / 80) for i in range(40)]
    weights = [weight(x) for x in points]
    values = [function(x) for x in points]
    rounded = [mpf(c) for c in fixed]
    for first in range(len(fixed), degree + 1):
        system, right = mp.matrix(len(points), degree + 1 - first), mp.matrix(len(points), 1)
        for row, (x, value, w) in enumerate(zip(points, values, weights, strict=True)):
            right[row] = (value - evaluate(rounded, x)) * w
            for column in range(degree + 1 - first):
                system[row, column] = w * x ** (first + column)
        with mp.workdps(3 * mp.dps):
            solution = mp.lu_solve(system, right)
        rounded.append(nearest(solution[0], precision))
    samples = [low + (high - low) * mpf(i) / 200 for i in range(201)]
    return rounded, max(abs((function(x) - evaluate(rounded, x)) * weight(x)) for x in samples)


def polynomial_constant(
    name: str,
    comment: str,
    function: Callable[[str], Callable[[mpf], mpf]],
    weight: Callable[[str], Callable[[mpf], mpf]],
    interval: dict[str, tuple[mpf, mpf]],
    degree: dict[str, int],
    fixed: tuple[int, ...] = (),
    fit_rounded: Callable[..., tuple[list[mpf], mpf]] = fit,
) -> str:
    """The lines that define one polynomial."""
    lines, errors = [], []
    for precision in PRECISIONS:
        coefficients, error = fit_rounded(
            precision, function(precision), weight(precision), interval[precision], degree[precision], fixed
        )
        errors.append(f"{mp.nstr(error, 2)} ({precision})")
        listed = "".join(f"        {text(c, precision)},\n" for c in coefficients)
        lines.append(f"    {precision}=(\n{listed}    ),\n")
    ranges = " and ".join(dict.fromkeys(f"[{mp.nstr(interval[p][0], 6)}, {mp.nstr(interval[p][1], 6)}]" for p in PRECISIONS))
    return f"\n# {comment}\n# on {ranges}; errors {', '.join(errors)}\n{name} = Constant(\n{''.join(lines)})\n"


def table(name: str, comment: str, rows: dict[str, list[list[mpf]]]) -> str:
    """The lines that define a table: for each coefficient the numbers of all intervals."""
    lines = []
    for precision in PRECISIONS:
        lines.append(f"    {precision}=(")
        for row in rows[precision]:
            numbers = ", ".join(text(v, precision) for v in row)
            lines += textwrap.wrap(f"({numbers}),", 129, initial_indent=" " * 8, subsequent_indent=" " * 9)
        lines.append("    ),")
    return "\n".join([f"\n# {comment}\n{name} = Table(", *lines, ")  # fmt: skip\n"])


def number_constant(name: str, comment: str, values: dict[str, mpf]) -> str:
    """The lines that define one number."""
    listed = ", ".join(f"{p}={text(nearest(values[p], p), p)}" for p in PRECISIONS)
    return f"\n# {comment}\n{name} = Constant({listed})\n"


def both(value: mpf) -> dict[str, mpf]:
    return dict.fromkeys(PRECISIONS, mpf(value))


def high(value: mpf) -> dict[str, mpf]:
    return {p: nearest(value, p) for p in PRECISIONS}


def low(value: mpf) -> dict[str, mpf]:
    return {p: value - nearest(value, p) for p in PRECISIONS}


def always(function: Callable[[mpf], mpf]) -> Callable[[str], Callable[[mpf], mpf]]:
    return lambda precision: function


def symmetric(bound: mpf) -> dict[str, tuple[mpf, mpf]]:
    return dict.fromkeys(PRECISIONS, (-bound, bound))


# With these the first coefficient is between half and twice every value of the function, so that what rounding takes from
# their sum can be told; of such ones the polynomials suffer least from the rounding of their coefficients.
TAIL_POLE = {"float32": mpf("2.5625"), "float64": mpf("2.875")}
TAIL_CENTRE = {"float32": mpf("0.453125"), "float64": mpf("0.5")}
TAIL_END = {"float32": mpf("14.625"), "float64": mpf(39)}

# The farther out, the less an error of exp(2 * x) counts; the polynomial takes no more from a value than a step of x adds.
TANH_SMALL = mpf("0.75")

LECUN_SCALE = mpf("1.7159")

# Above one, where the steps of x are coarse enough for the values of another formula to rise with them.
SOFTPLUS_NEAR = mpf("1.0625")


# Further out the polynomial takes more from a value than a step of x adds.
ERF_NEAR = mpf("0.875")
ERF_END = {"float32": mpf(4), "float64": mpf(6)}

# Around sqrt(2), from beyond the root of the derivative of t * Phi(-t) to less than half of its lowest value.
PULL_BEND_RANGE = (mpf("-0.72"), mpf("0.9"))


def log1p_by_place(u: mpf) -> mpf:
    """log(1 + x) / x of x - 1/2."""
    x = u + mpf(1) / 2
    return mp.log1p(x) / x


def log1p_first() -> dict[str, mpf]:
    return {p: nearest(log1p_by_place(mpf(0)), p) for p in PRECISIONS}


def log1p_slope(precision: str) -> Callable[[mpf], mpf]:
    """The divided difference of :func:`log1p_by_place` at zero, given its value there in the working precision."""
    return lambda u: (log1p_by_place(u) - log1p_first()[precision]) / u


def tail_of_place(precision: str) -> Callable[[mpf], mpf]:
    """``k -> Phi(-t) * exp(t * t / 2) * (t + pole)`` where ``t / (t + pole) = k + centre``."""

    def function(k: mpf) -> mpf:
        place = k + TAIL_CENTRE[precision]
        t = TAIL_POLE[precision] * place / (1 - place)
        return mp.erfc(t / mp.sqrt(2)) / 2 * mp.exp(t * t / 2) * (t + TAIL_POLE[precision])

    return function


def tail_slope(precision: str) -> Callable[[mpf], mpf]:
    """The divided difference of :func:`tail_of_place` at zero, given its value there in the working precision."""
    function = tail_of_place(precision)
    return lambda k: (function(k) - tail_first()[precision]) / k


def tail_first() -> dict[str, mpf]:
    return {p: nearest(tail_of_place(p)(mpf(0)), p) for p in PRECISIONS}


def tail_interval(precision: str) -> tuple[mpf, mpf]:
    end = TAIL_END[precision]
    return -TAIL_CENTRE[precision], end / (end + TAIL_POLE[precision]) - TAIL_CENTRE[precision]


Fit = Callable[[str, mpf, mpf, mpf, int], tuple[list[mpf], mpf]]
"""From a precision, where an interval begins and ends, its centre and a degree to coefficients and the largest error."""


@dataclass(frozen=True)
class Intervals:
    """Sixteen intervals from zero to ``far``, numbered by the integer nearest to ``square * t**2 + place * t``.

    They are such that polynomials of one degree are about as good in each.
    """

    name: str
    square: mpf
    place: mpf
    far: mpf
    functions: tuple[Callable[[mpf], mpf], ...]
    from_zero: int = 1
    """How many of the first intervals have zero in the place of their centre."""

    def borders(self) -> list[mpf]:
        """Where the intervals begin, and where the last one ends."""
        between = [i - mpf(1) / 2 for i in range(1, 16)]
        inner = [2 * i / (self.place + mp.sqrt(self.place**2 + 4 * self.square * i)) for i in between]
        return [mpf(0), *inner, self.far]

    def centres(self, precision: str) -> list[mpf]:
        """Numbers at which what the polynomials begin with is nearly a number of the working precision.

        A little beyond the middles: the functions are smaller at the far end of an interval, so that an error counts for more.
        """
        scalar, borders = PRECISIONS[precision], self.borders()
        centres = [mpf(0)] * self.from_zero
        for low, high in zip(borders[self.from_zero : -1], borders[self.from_zero + 1 :], strict=True):
            first = float(low + (high - low) * mpf("0.58"))
            candidates = [mpf(float(scalar(first * (1 + 1e-5 * i)))) for i in range(400)]
            centres.append(min(candidates, key=lambda c: max(rounding(f(c), precision) for f in self.functions)))
        return centres

    def constants(self, what: str) -> str:
        """The lines that define the numbers of the intervals."""
        centres = {p: [self.centres(p)] for p in PRECISIONS}
        square = f"{self.name}_SQUARE * t**2 + " if self.square else ""
        parts = [
            number_constant(f"{self.name}_FAR", f"up to it {what} is a polynomial in each of sixteen intervals", both(self.far)),
            number_constant(f"{self.name}_PLACE", f"{square}{self.name}_PLACE * t numbers the intervals", both(self.place)),
            number_constant(f"{self.name}_SQUARE", "the number's curve", both(self.square)) if self.square else "",
            table(f"{self.name}_CENTRES", "the centres of the intervals", centres),
        ]
        return "".join(parts)

    def rows(self, degree: dict[str, int], fit_one: Fit) -> tuple[dict[str, list[list[mpf]]], str]:
        """The coefficients of all intervals, fitted one by one, and a text of the largest errors."""
        borders, rows, errors = self.borders(), {}, []
        for precision in PRECISIONS:
            each = zip(borders, borders[1:], self.centres(precision), strict=False)
            fits = [fit_one(precision, low, high, centre, degree[precision]) for low, high, centre in each]
            rows[precision] = [list(row) for row in zip(*(coefficients for coefficients, _ in fits), strict=True)]
            errors.append(f"{mp.nstr(max(error for _, error in fits), 2)} ({precision})")
        return rows, f"errors {', '.join(errors)}"

    def polynomials(
        self, name: str, comment: str, function: Callable[[mpf], mpf], weight: Callable[[mpf], mpf], degree: dict[str, int]
    ) -> str:
        """The lines that define the polynomials of a function."""
        rows, errors = self.rows(degree, around_centre(function, weight))
        return table(name, f"{comment}, of t less the centre; {errors}", rows)


def around_centre(function: Callable[[mpf], mpf], weight: Callable[[mpf], mpf]) -> Fit:
    """Fit a function of t on an interval by powers of t less the centre."""
    return lambda precision, low, high, centre, degree: fit_step_by_step(
        precision, lambda h: function(centre + h), lambda h: weight(centre + h), (low - centre, high - centre), degree
    )


def erf_tables(intervals: Intervals) -> str:
    """The lines that define what erf is at the centres, and how it rises from there.

    From zero erf rises by t and t times a polynomial, so that no digit of a small number is lost.
    """

    def rise(precision: str, low: mpf, high: mpf, centre: mpf, degree: int) -> tuple[list[mpf], mpf]:
        if centre != 0:
            return around_centre(mp.erf, lambda t: 1 / mp.erf(t))(precision, low, high, centre, degree)
        interval = (low or mpf(2) ** -60, high)
        fitted, error = fit_step_by_step(precision, lambda t: mp.erf(t) / t - 1, lambda t: t / mp.erf(t), interval, degree - 1)
        return [mpf(0), *fitted], error

    rows, errors = intervals.rows({"float32": 6, "float64": 12}, rise)
    comment = f"what erf(t) is more than that, over t less the centre, near zero over t; {errors}"
    return table("ERF_AT_CENTRES", "erf(t) at the centres", {p: rows[p][:1] for p in PRECISIONS}) + table(
        "ERF_RISE", comment, {p: rows[p][1:] for p in PRECISIONS}
    )


def rounding(value: mpf, precision: str) -> mpf:
    """The relative error of the nearest number."""
    return abs(nearest(value, precision) / value - 1)


def normal_tail(t: mpf) -> mpf:
    """Phi(-t)."""
    return mp.ncdf(-t)


def softplus_tail(t: mpf) -> mpf:
    """log(1 + exp(-t))."""
    return mp.log1p(mp.exp(-t))


def lecun_tanh(x: mpf) -> mpf:
    return LECUN_SCALE * mp.tanh(2 * x / 3)


def pull(t: mpf) -> mpf:
    """The derivative of ``t * Phi(-t)``."""
    return mp.ncdf(-t) - t * mp.npdf(t)


def far_tail(v: mpf) -> mpf:
    """``t * Phi(-t) * exp(t * t / 2)`` at ``v = 1 / t**2``."""
    t = 1 / mp.sqrt(v)
    return t * mp.ncdf(-t) * mp.exp(t * t / 2)


def far_pull(v: mpf) -> mpf:
    """The derivative of ``t * Phi(-t)`` over ``-t * exp(-t * t / 2)`` at ``v = 1 / t**2``."""
    return mp.npdf(0) - far_tail(v) * v


def pull_bend(s: mpf) -> mpf:
    """How far it is above its lowest value, over ``s**2``, at ``s = t - sqrt(2)``."""
    return (pull(s + mp.sqrt(2)) - pull(mp.sqrt(2))) / s**2


def module() -> str:
    """The text of coefficients.py."""
    ln2, cubic = mp.log(2), mpf("0.044715")
    slope = 2 * mp.sqrt(2 / mp.pi)
    # MLX's cubic within the logistic function.
    gate_slope, gate_cubic = mpf("1.60033"), mpf("0.0433603")
    pull_curve, pull_tilt = mp.exp(-1) / mp.sqrt(mp.pi), -mp.exp(-1) / mp.sqrt(2 * mp.pi)
    # To the digits that the paper derives them from, beyond those it prints.
    selu_scale = mpf("1.0507009873554804934193349852946")
    selu_slope = selu_scale * mpf("1.6732632423543772848170429916717")
    # The sum with a square below 128 (512) is split without a branch if its grid is that of the largest sums.
    coarse = {"float32": mpf(2) ** -17, "float64": mpf(2) ** -44}

    def shift(inverse: mpf) -> dict[str, mpf]:
        return {p: mp.nint(inverse / coarse[p]) * coarse[p] for p in PRECISIONS}

    def shift_rest(inverse: mpf) -> dict[str, mpf]:
        return {p: inverse - shift(inverse)[p] for p in PRECISIONS}

    half_ln2 = ln2 / 2 * mpf("1.0001")
    tails = Intervals("TAIL", mpf("0.375"), mpf("1.5"), mpf("4.6875"), (normal_tail, pull))
    erfs = Intervals("ERF", mpf("-0.25"), mpf(4), mpf(6), (mp.erf,), from_zero=2)
    softplus_tails = Intervals("SOFTPLUS", mpf(0), mpf("1.25"), mpf("12.375"), (softplus_tail,))
    parts = [
        HEADER,
        number_constant("LOG2_E", "1 / log(2)", both(1 / ln2)),
        number_constant(
            "TO_INTEGER",
            "adding it to a number of less than half its size rounds that to an integer",
            {"float32": mpf(3) * 2**22, "float64": mpf(3) * 2**51},
        ),
        number_constant("LN2_HIGH", "log(2), its nearest number", high(ln2)),
        number_constant("LN2_LOW", "log(2) - LN2_HIGH", low(ln2)),
        number_constant("EXP_LOWEST", "below it exp rounds to zero", {"float32": mpf(-104), "float64": mpf(-746)}),
        number_constant("EXP_HIGHEST", "above it exp overflows", {"float32": mpf(89), "float64": mpf(710)}),
        number_constant(
            "DECAY_END",
            "exp(-DECAY_END) makes a zero of any number times it",
            {"float32": mpf(175), "float64": mpf(1415)},
        ),
        number_constant(
            "LDEXP_LOW_END", "ldexp_low takes exponents down to minus this", {"float32": mpf(190), "float64": mpf(1534)}
        ),
        number_constant("TANH_SMALL", "up to it tanh is its own polynomial", both(TANH_SMALL)),
        number_constant("TANH_END", "from it on 4 * exp(-2 * x) rounds to zero", {"float32": mpf(53), "float64": mpf(374)}),
        number_constant("MISH_LOWEST", "below it x * exp(x) rounds to zero", {"float32": mpf(-110), "float64": mpf(-754)}),
        number_constant("MISH_HIGHEST", "above it exp(-2 * x) does not count", {"float32": mpf(20), "float64": mpf(40)}),
        number_constant("SQRT_TWO", "sqrt(2)", high(mp.sqrt(2))),
        number_constant("SQRT_TWO_REST", "sqrt(2) - SQRT_TWO", low(mp.sqrt(2))),
        number_constant("NORMAL_PEAK", "1 / sqrt(2 * pi)", both(1 / mp.sqrt(2 * mp.pi))),
        number_constant("NORMAL_PEAK_REST", "1 / sqrt(2 * pi) - NORMAL_PEAK", low(1 / mp.sqrt(2 * mp.pi))),
        number_constant("ERF_SLOPE", "2 / sqrt(pi)", high(2 / mp.sqrt(mp.pi))),
        number_constant("ERF_SLOPE_REST", "2 / sqrt(pi) - ERF_SLOPE", low(2 / mp.sqrt(mp.pi))),
        number_constant("ERF_SLOPE_HALF", "1 / sqrt(pi)", both(1 / mp.sqrt(mp.pi))),
        number_constant("SMALLEST_NORMAL", "the smallest normal number", {"float32": mpf(2) ** -126, "float64": mpf(2) ** -1022}),
        number_constant("NORMALISER", "makes subnormal numbers normal", {"float32": mpf(2) ** 32, "float64": mpf(2) ** 64}),
        number_constant("NORMALISER_EXPONENT", "log2(NORMALISER)", {"float32": mpf(32), "float64": mpf(64)}),
        number_constant(
            "SQUARE_END",
            "a number whose square is far from overflow",
            {"float32": mpf(2) ** 63, "float64": mpf(2) ** 510},
        ),
        number_constant(
            "HUGE", "a large number whose sums do not overflow", {"float32": mpf(2) ** 125, "float64": mpf(2) ** 1021}
        ),
        number_constant("TWELFTH", "1 / 12", both(mpf(1) / 12)),
        number_constant("THIRD", "1 / 3", both(mpf(1) / 3)),
        number_constant("FOUR_THIRDS", "4 / 3", both(mpf(4) / 3)),
        number_constant("HALF_PI", "pi / 2", high(mp.pi / 2)),
        number_constant("HALF_PI_REST", "pi / 2 - HALF_PI", low(mp.pi / 2)),
        number_constant("SELU_SCALE", "the slope of selu above zero", both(selu_scale)),
        number_constant("SELU_SLOPE", "the slope of selu just below zero", high(selu_slope)),
        number_constant("SELU_SLOPE_REST", "the rest of it", low(selu_slope)),
        number_constant("QUICK_GELU", "1.702", high(mpf("1.702"))),
        number_constant("QUICK_GELU_REST", "1.702 - QUICK_GELU", low(mpf("1.702"))),
        number_constant("LECUN_SCALE", "1.7159", both(LECUN_SCALE)),
        number_constant("LECUN_SLOPE", "1.7159 * 2 / 3", high(LECUN_SCALE * 2 / 3)),
        number_constant("LECUN_SLOPE_REST", "1.7159 * 2 / 3 - LECUN_SLOPE", low(LECUN_SCALE * 2 / 3)),
        number_constant("TAIL_POLE", "normal_cdf(-t) is exp(-t * t / 2) / (t + TAIL_POLE) times a smooth function", TAIL_POLE),
        number_constant("TAIL_CENTRE", "the middle of t / (t + TAIL_POLE)", TAIL_CENTRE),
        number_constant("NORMAL_END", "from it on normal_cdf(-x) * x and exp(-x * x / 2) round to zero", TAIL_END),
        number_constant(
            "GELU_TANH_END",
            "from it on the tails of gelu_tanh and gelu_sigmoid_cubic round to zero",
            {"float32": mpf(11), "float64": mpf(22)},
        ),
        number_constant("GELU_TANH_SHIFT", "1 / 0.044715 in short", shift(1 / cubic)),
        number_constant("GELU_TANH_SHIFT_REST", "1 / 0.044715 - GELU_TANH_SHIFT", shift_rest(1 / cubic)),
        number_constant("GELU_TANH_CUBIC", "2 * sqrt(2 / pi) * 0.044715 / log(2)", high(slope * cubic / ln2)),
        number_constant("GELU_TANH_CUBIC_REST", "the rest of it", low(slope * cubic / ln2)),
        number_constant("GELU_TANH_SLOPE", "2 * sqrt(2 / pi)", high(slope)),
        number_constant("GELU_TANH_SLOPE_REST", "the rest of it", low(slope)),
        number_constant("GELU_TANH_SLOPE_CUBIC", "6 * sqrt(2 / pi) * 0.044715", both(3 * slope * cubic)),
        number_constant("GELU_CUBIC_SHIFT", "1 / 0.0433603 in short", shift(1 / gate_cubic)),
        number_constant("GELU_CUBIC_SHIFT_REST", "1 / 0.0433603 - GELU_CUBIC_SHIFT", shift_rest(1 / gate_cubic)),
        number_constant("GELU_CUBIC_CUBIC", "1.60033 * 0.0433603 / log(2)", high(gate_slope * gate_cubic / ln2)),
        number_constant("GELU_CUBIC_CUBIC_REST", "the rest of it", low(gate_slope * gate_cubic / ln2)),
        number_constant("GELU_CUBIC_SLOPE", "1.60033", high(gate_slope)),
        number_constant("GELU_CUBIC_SLOPE_REST", "the rest of it", low(gate_slope)),
        number_constant("GELU_CUBIC_SLOPE_CUBIC", "3 * 1.60033 * 0.0433603", both(3 * gate_slope * gate_cubic)),
        polynomial_constant(
            "EXP",
            "exp(x)",
            always(mp.exp),
            always(lambda x: 1 / mp.exp(x)),
            symmetric(half_ln2),
            {"float32": 6, "float64": 11},
            (1, 1),
        ),
        polynomial_constant(
            "EXPM1",
            "(exp(x) - 1 - x) / x**2",
            always(lambda x: (mp.expm1(x) - x) / x**2),
            always(lambda x: x**2 / mp.expm1(x)),
            symmetric(half_ln2),
            {"float32": 4, "float64": 9},
        ),
        polynomial_constant(
            "TANH",
            "(tanh(sqrt(y)) / sqrt(y) - 1) / y",
            always(lambda y: (mp.tanh(mp.sqrt(y)) / mp.sqrt(y) - 1) / y),
            always(lambda y: y * mp.sqrt(y) / mp.tanh(mp.sqrt(y))),
            dict.fromkeys(PRECISIONS, (mpf(2) ** -30, TANH_SMALL**2)),
            {"float32": 5, "float64": 13},
        ),
        polynomial_constant(
            "LECUN_TANH",
            "1.7159 * (tanh(2 * sqrt(y) / 3) / sqrt(y) - 2 / 3) / y",
            always(lambda y: (lecun_tanh(mp.sqrt(y)) / mp.sqrt(y) - LECUN_SCALE * 2 / 3) / y),
            always(lambda y: y * mp.sqrt(y) / lecun_tanh(mp.sqrt(y))),
            dict.fromkeys(PRECISIONS, (mpf(2) ** -30, mpf(1))),
            {"float32": 4, "float64": 12},
        ),
        polynomial_constant(
            "TANH_SHRINK",
            "((sqrt(y) - tanh(sqrt(y))) / (y * sqrt(y)) - 1 / 3) / y",
            always(lambda y: ((mp.sqrt(y) - mp.tanh(mp.sqrt(y))) / (y * mp.sqrt(y)) - mpf(1) / 3) / y),
            always(lambda y: y * y * mp.sqrt(y) / (mp.sqrt(y) - mp.tanh(mp.sqrt(y)))),
            dict.fromkeys(PRECISIONS, (mpf(2) ** -30, mpf(1))),
            {"float32": 7, "float64": 17},
        ),
        polynomial_constant(
            "ATAN",
            "(atan(sqrt(y)) / sqrt(y) - 1) / y",
            always(lambda y: (mp.atan(mp.sqrt(y)) / mp.sqrt(y) - 1) / y),
            always(lambda y: y * mp.sqrt(y) / mp.atan(mp.sqrt(y))),
            dict.fromkeys(PRECISIONS, (mpf(2) ** -30, mpf(1) / 4)),
            {"float32": 5, "float64": 12},
        ),
        number_constant("LOG1P_FIRST", "log(1 + x) / x at 1/2", log1p_first()),
        polynomial_constant(
            "LOG1P",
            "(log(1 + x) / x - LOG1P_FIRST) / u\n# of u = x - 1/2",
            log1p_slope,
            always(lambda u: u / log1p_by_place(u)),
            dict.fromkeys(PRECISIONS, (mp.sqrt(2) - mpf("1.5"), mpf(1) / 2)),
            {"float32": 7, "float64": 16},
        ),
        polynomial_constant(
            "LOG",
            "(log(1 + x) - x) / x**2",
            always(lambda x: (mp.log1p(x) - x) / x**2),
            always(lambda x: x**2 / mp.log1p(x)),
            dict.fromkeys(PRECISIONS, (mp.sqrt(mpf(1) / 2) - 1, mp.sqrt(2) - 1)),
            {"float32": 8, "float64": 19},
        ),
        number_constant("SOFTPLUS_NEAR", "up to it softplus is that of zero and a polynomial", both(SOFTPLUS_NEAR)),
        polynomial_constant(
            "LOG_COSH",
            "log(cosh(sqrt(y) / 2)) / y",
            always(lambda y: mp.log(mp.cosh(mp.sqrt(y) / 2)) / y),
            always(lambda y: y),
            dict.fromkeys(PRECISIONS, (mpf(2) ** -30, SOFTPLUS_NEAR**2)),
            {"float32": 5, "float64": 10},
        ),
        number_constant("ERF_NEAR", "up to it erf is its own polynomial", both(ERF_NEAR)),
        number_constant("ERF_END", "from it on erf rounds to one", ERF_END),
        polynomial_constant(
            "ERF_BEND",
            "(erf(sqrt(y)) / sqrt(y) - 2 / sqrt(pi)) / y",
            always(lambda y: (mp.erf(mp.sqrt(y)) / mp.sqrt(y) - 2 / mp.sqrt(mp.pi)) / y),
            always(lambda y: y * mp.sqrt(y) / mp.erf(mp.sqrt(y))),
            dict.fromkeys(PRECISIONS, (mpf(2) ** -30, ERF_NEAR**2)),
            {"float32": 5, "float64": 10},
        ),
        polynomial_constant(
            "LOG_ERFC",
            "log(1 - erf(x)) / x + 1, as far as 1 - erf(x) counts in erf(x)",
            always(lambda x: mp.log(mp.erfc(x)) / x + 1),
            always(lambda x: x * mp.erfc(x)),
            {p: (ERF_NEAR, ERF_END[p]) for p in PRECISIONS},
            {"float32": 6, "float64": 17},
        ),
        number_constant("TAIL_FIRST", "normal_cdf(-t) * exp(t * t / 2) * (t + TAIL_POLE) at TAIL_CENTRE", tail_first()),
        polynomial_constant(
            "TAIL",
            "(normal_cdf(-t) * exp(t * t / 2) * (t + TAIL_POLE) - TAIL_FIRST) / k\n# of k = t / (t + TAIL_POLE) - TAIL_CENTRE",
            tail_slope,
            lambda p: lambda k: k / tail_of_place(p)(k),
            {p: tail_interval(p) for p in PRECISIONS},
            {"float32": 8, "float64": 23},
        ),
        tails.constants("normal_cdf(-t)"),
        tails.polynomials(
            "NORMAL_TAIL", "normal_cdf(-t)", normal_tail, lambda t: 1 / normal_tail(t), {"float32": 6, "float64": 12}
        ),
        tails.polynomials(
            "TAIL_PULL",
            "the derivative of t * normal_cdf(-t)",
            pull,
            lambda t: 1 / max(abs(pull(t)), min(mpf("0.05"), normal_tail(t))),
            {"float32": 6, "float64": 13},
        ),
        polynomial_constant(
            "FAR_TAIL",
            "t * normal_cdf(-t) * exp(t * t / 2)\n# of 1 / t**2",
            always(far_tail),
            always(lambda v: 1 / far_tail(v)),
            {p: (1 / TAIL_END[p] ** 2, 1 / tails.far**2) for p in PRECISIONS},
            {"float32": 5, "float64": 16},
            fit_rounded=fit_step_by_step,
        ),
        polynomial_constant(
            "FAR_PULL",
            "1 / sqrt(2 * pi) - normal_cdf(-t) * exp(t * t / 2) / t\n# of 1 / t**2",
            always(far_pull),
            always(lambda v: 1 / far_pull(v)),
            {p: (1 / TAIL_END[p] ** 2, 1 / tails.far**2) for p in PRECISIONS},
            {"float32": 4, "float64": 16},
            fit_rounded=fit_step_by_step,
        ),
        softplus_tails.constants("log(1 + exp(-t))"),
        softplus_tails.polynomials(
            "SOFTPLUS_TAIL", "log(1 + exp(-t))", softplus_tail, lambda t: 1 / softplus_tail(t), {"float32": 6, "float64": 13}
        ),
        erfs.constants("erf(t)"),
        erf_tables(erfs),
        number_constant(
            "PULL_LOWEST", "the lowest derivative of t * normal_cdf(-t), which is at sqrt(2)", high(pull(mp.sqrt(2)))
        ),
        number_constant("PULL_LOWEST_REST", "the rest of it", low(pull(mp.sqrt(2)))),
        number_constant("PULL_BEND_FIRST", "from there on it is its own polynomial", both(PULL_BEND_RANGE[0])),
        number_constant("PULL_BEND_LAST", "up to there", both(PULL_BEND_RANGE[1])),
        number_constant("PULL_CURVE", "exp(-1) / sqrt(pi), half of its second derivative at sqrt(2)", high(pull_curve)),
        number_constant("PULL_CURVE_REST", "the rest of it", low(pull_curve)),
        number_constant("PULL_TILT", "-exp(-1) / sqrt(2 * pi), a sixth of its third derivative there", high(pull_tilt)),
        number_constant("PULL_TILT_REST", "the rest of it", low(pull_tilt)),
        polynomial_constant(
            "PULL_BEND",
            "what these and its lowest value leave of the derivative of t * normal_cdf(-t), over s**5, of s = t - sqrt(2)",
            always(lambda s: (pull_bend(s) - pull_curve - pull_tilt * s) / s**3),
            always(lambda s: s**3 / pull_bend(s)),
            dict.fromkeys(PRECISIONS, PULL_BEND_RANGE),
            {"float32": 6, "float64": 15},
        ),
    ]
    return "".join(parts)


def main() -> int:
    printed = module()
    if "--check" in sys.argv[1:]:
        return 0 if TARGET.read_text() == printed else 1
    sys.stdout.write(printed)
    return 0


if __name__ == "__main__":
    sys.exit(main())

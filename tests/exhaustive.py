"""All 2^32 float32 inputs of every activation and its derivative; writes the worst errors into ``docs/accuracy.md``.

A function that never decreases may not do so from one float32 to the next either: a step down is a failure.

Usage: ``python -m tests.exhaustive [--peers] [NAME ...]``, on the cython backend; under a minute an activation on two
cores.  With ``--peers`` the same of the libraries in ``peers.py``, as far as they are installed; some minutes each.

The reference is the float64 kernel, which ``contract/test_accuracy.py`` holds against mpmath: no formula is written
again.  The error is that of ``errors.py``.  It is only computed where the bits of the result are farther from those of
the rounded reference than the worst error found so far allows, which is what makes the whole range affordable.
"""

from __future__ import annotations

import argparse
import math
import sys
import time
from collections.abc import Callable, Iterable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

import errors
import numpy as np
import peers
from accuracy_page import Page
from catalogue import CASES, MAY_STEP_DOWN, Case
from inputs import samples

import fastact as fa

BLOCK = 1 << 23
OUR_PART, PEERS_PART = 1 << 13, 1 << 16
"""As many inputs as the caches hold; others take longer for a call, whatever its size."""
INFINITY = 0x7F800000
SIGN = np.uint32(0x80000000)
TINY = np.finfo(np.float32).tiny
WORKERS = 2
OURS = "fastact"

CONSTANT = {"hard_sigmoid"}
"""Where others have constants, not parameters that a caller gives in float32."""

Results = Callable[[np.ndarray], Iterable[np.ndarray | None]]
"""From inputs to values and derivatives; None for what a library does not have."""


@dataclass
class Worst:
    """The largest error met, and where."""

    error: float = 0.0
    x: float = 0.0

    def note(self, error: np.ndarray, x: np.ndarray) -> None:
        if error.size and error.max() > self.error:
            i = int(np.argmax(error))
            self.error, self.x = float(error[i]), float(x[i])


@dataclass
class Found:
    """What is known of one function of one library."""

    normal: Worst = field(default_factory=Worst)
    subnormal: Worst = field(default_factory=Worst)
    """The same where the input or the true result is a subnormal number."""
    nan: float | None = None
    """Where the result is NaN instead of a number: the least of such inputs."""

    @property
    def worst(self) -> Worst:
        if self.nan is not None:
            return Worst(math.inf, self.nan)
        return max(self.normal, self.subnormal, key=lambda worst: worst.error)

    @classmethod
    def union(cls, parts: list[Found]) -> Found:
        normal, subnormal = ([getattr(part, kind) for part in parts] for kind in ("normal", "subnormal"))
        nans = [part.nan for part in parts if part.nan is not None]
        return cls(*(max(worst, key=lambda w: w.error) for worst in (normal, subnormal)), min(nans, key=abs, default=None))

    def note_nan(self, x: np.ndarray) -> None:
        least = float(x[np.argmin(np.abs(x))])
        if self.nan is None or abs(least) < abs(self.nan):
            self.nan = least


def least_distance(error: float) -> int:
    """Return how many bit patterns at least a float with an error is away from the float nearest to the truth.

    Patterns beyond a power of two count twice or more.  An error of more than half the range is not told from a larger one.
    """
    return max(1, math.ceil(error - 0.5) if error <= 2.5 else math.ceil((min(error, 2.0**23) - 0.5) / 2))


Finds = dict[str, dict[str, Found]]
"""By library and form."""


class Rounded:
    """True results, and what all comparisons with them need."""

    def __init__(self, x: np.ndarray, exact: np.ndarray) -> None:
        self.exact = exact
        self.rounded = exact.astype(np.float32)
        self.size = np.abs(self.rounded)
        self.subnormal = (self.size < TINY) & (self.size > 0) | (np.abs(x) < TINY)
        self.any_subnormal = bool(self.subnormal.any())


class Search:
    """The search through the inputs of one activation, ours or others'; it remembers the worst from block to block."""

    def __init__(self, name: str, libraries: tuple[str, ...]) -> None:
        ours = libraries == (OURS,)
        self.case = Case(name)
        self.size = OUR_PART if ours else PEERS_PART
        self.settings = [p if name in CONSTANT and not ours else float(np.float32(p)) for p in self.case.defaults]
        results = {library: self._results(library) for library in libraries}
        one = np.ones(1, np.float32)
        self.results = {library: call for library, call in results.items() if any(r is not None for r in call(one))}
        self.found: Finds = {library: {} for library in self.results}
        self.monotone = ours and self.case.declaration.monotone and name not in MAY_STEP_DOWN
        self.step_down: float | None = None
        self.undecided = np.array([] if ours else self.case.kinks, np.float32)
        x = samples("float64", density=10)
        value, derivative = self.case.function.value_and_derivative(x, *self.settings)
        self.roots = {
            "value": errors.roots(x, value) if self.case.declaration.root else np.empty(0),
            "derivative": errors.roots(x, derivative),
        }

    def _results(self, library: str) -> Results:
        if library == OURS:
            return lambda x: self.case.function.value_and_derivative(x, *self.case.required)
        return lambda x: [peers.results(library, form, self.case.name, x) for form in peers.FORMS]

    def part(self, bits: np.ndarray) -> None:
        x = bits.view(np.float32)
        references = self.case.function.value_and_derivative(x.astype(np.float64), *self.settings)
        truths = dict(zip(peers.FORMS, (Rounded(x, exact) for exact in references), strict=True))
        for library, results in self.results.items():
            for form, result in zip(peers.FORMS, results(x), strict=True):
                if result is not None:
                    self.compare(self.found[library].setdefault(form, Found()), form, x, result, truths[form])
                if self.monotone and form == "value":
                    self.find_step_down(x, result)

    def find_step_down(self, x: np.ndarray, value: np.ndarray) -> None:
        # The patterns rise with the size: below zero the numbers come from above.
        lower, upper = (value[1:], value[:-1]) if np.signbit(x[0]) else (value[:-1], value[1:])
        falls = np.flatnonzero(upper < lower)
        if falls.size:
            self.step_down = float(x[falls[0]])

    def compare(self, found: Found, form: str, x: np.ndarray, result: np.ndarray, truth: Rounded) -> None:
        known = min(found.normal.error, found.subnormal.error) if truth.any_subnormal else found.normal.error
        distance = np.abs(result.view(np.int32) - truth.rounded.view(np.int32)).view(np.uint32)
        suspects = np.flatnonzero(distance >= least_distance(known))
        # Zeros of both signs are equal, and far apart in bits.
        suspects = suspects[result[suspects] != truth.rounded[suspects]]
        gap = np.abs(result[suspects] - truth.exact[suspects])
        suspects = suspects[~(gap <= known * np.spacing(truth.size[suspects]))]
        if not suspects.size:
            return
        if form == "derivative":
            suspects = suspects[~np.isin(x[suspects], self.undecided)]
        lost = np.isnan(result[suspects])
        if lost.any():
            found.note_nan(x[suspects[lost]])
            suspects = suspects[~lost]
        nearest = errors.from_wider(truth.exact[suspects], result.dtype)
        error = errors.derivative_error(result[suspects], nearest, errors.near(x[suspects], self.roots[form]))
        tiny = truth.subnormal[suspects]
        found.normal.note(error[~tiny], x[suspects[~tiny]])
        found.subnormal.note(error[tiny], x[suspects[tiny]])

    def block(self, first: int) -> tuple[Finds, float | None]:
        """Search `BLOCK` inputs from one bit pattern on, both signs; return the worst so far and where a step went down."""
        with np.errstate(all="ignore"):
            for start in range(first, min(first + BLOCK, INFINITY + 1) if self.results else first, self.size):
                # For steps down, one more than a part.
                bits = np.arange(start, min(start + self.size + self.monotone, INFINITY + 1), dtype=np.uint32)
                self.part(bits)
                self.part(bits | SIGN)
            if not np.nextafter(np.zeros(1), 1) * 2 > 0:
                raise RuntimeError(f"one of {', '.join(self.results)} has left subnormal numbers flushed to zero")
        return self.found, self.step_down


_searches: dict[tuple[str, tuple[str, ...]], Search] = {}


def _block(name: str, libraries: tuple[str, ...], first: int) -> tuple[Finds, float | None]:
    if (name, libraries) not in _searches:
        fa.set_num_threads(1)
        _searches[name, libraries] = Search(name, libraries)
    return _searches[name, libraries].block(first)


def search(name: str, libraries: tuple[str, ...], pool: ProcessPoolExecutor) -> tuple[Finds, float | None]:
    """Return the worst errors over all inputs, and where a step goes down, if one does."""
    # From the middle outwards: the worst comes early, and leaves few suspects.
    starts = sorted(range(0, INFINITY + 1, BLOCK), key=lambda first: abs(first - 0x3F800000))
    blocks = list(pool.map(partial(_block, name, libraries), starts))
    finds = {
        library: {form: Found.union([found[library][form] for found, _ in blocks]) for form in forms}
        for library, forms in blocks[0][0].items()
    }
    return finds, next((step for _, step in blocks if step is not None), None)


def our_cells(finds: dict[str, Found]) -> list[str]:
    """Return errors and inputs of the value and the derivative."""
    worst = [finds[form].worst for form in peers.FORMS]
    return [cell for w in worst for cell in ([f"{w.error:.3f}", repr(w.x)] if w.error > 0.5 else ["0.5", ""])]


def cell(found: Found | None) -> str:
    """Return what a library's column says."""
    if found is None:
        return ""
    remarks = [f"{number(found.normal.error)} @ {np.float32(found.normal.x)!s}" if found.normal.error > 0.5 else "0.5"]
    if found.subnormal.error > max(found.normal.error, 0.5):
        remarks.append(f"subnormal {number(found.subnormal.error)} @ {np.float32(found.subnormal.x)!s}")
    if found.nan is not None:
        remarks.append(f"NaN @ {np.float32(found.nan)!s}")
    return "; ".join(remarks)


def number(error: float) -> str:
    return f"{error:.3f}" if error < 1000 else f"{error:.1e}"


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.exhaustive", description=__doc__.splitlines()[0])
    parser.add_argument("names", nargs="*", metavar="NAME", help="an activation; all of them if none is named")
    parser.add_argument("--peers", action="store_true", help="the functions of other libraries instead of ours")
    options = parser.parse_args()
    if fa.backend != "cython":
        print(f"fastact: the backend is {fa.backend}; this needs the compiled one", file=sys.stderr)
        return 2
    unknown = set(options.names) - {case.name for case in CASES}
    if unknown:
        print(f"fastact: there is no activation {', '.join(sorted(unknown))}", file=sys.stderr)
        return 2
    versions = peers.installed()
    libraries = tuple(versions) if options.peers else (OURS,)
    page, failed = Page.read(), False
    if options.peers:
        page.versions |= versions
    with ProcessPoolExecutor(WORKERS) as pool:
        for case in CASES:
            if options.names and case.name not in options.names:
                continue
            start = time.perf_counter()
            finds, step_down = search(case.name, libraries, pool)
            remarks = []
            if options.peers:
                for form in peers.FORMS:
                    cells = {library: cell(finds.get(library, {}).get(form)) for library in libraries}
                    page.note_peers(form, case.name, cells)
                    remarks += [f"{library} {form} {text}" for library, text in cells.items() if text]
            else:
                page.ours[case.name] = our_cells(finds[OURS])
                remarks.append(" | ".join(page.ours[case.name]))
                bounds = zip(peers.FORMS, case.declaration.ulp, strict=True)
                if any(finds[OURS][form].worst.error > bound for form, bound in bounds):
                    remarks.append("beyond what is declared")
                    failed = True
                if step_down is not None:
                    remarks.append(f"goes down from x = {step_down!r}")
                    failed = True
            page.write()
            print(f"{case.name}  {time.perf_counter() - start:.0f} s  {', '.join(remarks)}", flush=True)
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())

"""All 2^32 float32 inputs of every activation and its derivative; writes the worst errors into ``docs/accuracy.md``.

A function that never decreases may not do so from one float32 to the next either: a step down is a failure.

Usage: ``python -m tests.exhaustive [NAME ...]``, on the cython backend; under a minute an activation on two cores.

The reference is the float64 kernel, which ``contract/test_accuracy.py`` holds against mpmath: no formula is written
again.  The error is that of ``errors.py``.  It is only computed where the bits of the result are farther from those of
the rounded reference than the worst error found so far allows, which is what makes the whole range affordable.
"""

from __future__ import annotations

import re
import sys
import time
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

import errors
import numpy as np
from catalogue import CASES, MAY_STEP_DOWN, Case
from inputs import samples

import fastact as fa

TABLE = Path(__file__).parent.parent / "docs" / "accuracy.md"
BLOCK = 1 << 23
PART = 1 << 13
INFINITY = 0x7F800000
SIGN = np.uint32(0x80000000)
WORKERS = 2

HEAD = """\
# Accuracy

The largest error of each function over all 2^32 float32 inputs, and an input that shows it, with the default
parameters.  Errors are in units in the last place (ulp) of the float32 nearest to the real result; a correctly rounded
result has at most 0.5.  Within a quarter of the size of a root of a derivative, the derivative's error is in ulp of 1.

Made by `python -m tests.exhaustive`.

| activation | value: ulp | at x | derivative: ulp | at x |
|---|---|---|---|---|
"""


@dataclass
class Worst:
    """The largest error met, and where."""

    error: float = 0.0
    x: float = 0.0


class Search:
    """The search through the inputs of one activation; it remembers the worst from block to block."""

    def __init__(self, name: str) -> None:
        self.case = Case(name)
        self.settings = [float(np.float32(p)) for p in self.case.defaults]
        self.worst = [Worst(), Worst()]
        self.step_down: float | None = None
        self.monotone = self.case.declaration.monotone and name not in MAY_STEP_DOWN
        x = samples("float64", density=10)
        value, derivative = self.case.function.value_and_derivative(x, *self.settings)
        self.roots = [errors.roots(x, value) if self.case.declaration.root else np.empty(0), errors.roots(x, derivative)]

    def exact(self, kind: int, x: np.ndarray, result: np.ndarray, reference: np.ndarray) -> np.ndarray:
        truth = errors.from_wider(reference, result.dtype)
        return errors.derivative_error(result, truth, errors.near(x, self.roots[kind]))

    def part(self, bits: np.ndarray) -> None:
        x = bits.view(np.float32)
        results = self.case.function.value_and_derivative(x, *self.case.required)
        if self.monotone:
            # The patterns rise with the size: below zero the numbers come from above.
            lower, upper = (results[0][:-1], results[0][1:]) if bits[0] < SIGN else (results[0][1:], results[0][:-1])
            falls = np.flatnonzero(upper < lower)
            if falls.size:
                self.step_down = float(x[falls[0]])
        references = self.case.function.value_and_derivative(x.astype(np.float64), *self.settings)
        for kind, (result, reference) in enumerate(zip(results, references, strict=True)):
            rounded = reference.astype(np.float32)
            distance = np.abs(result.view(np.int32) - rounded.view(np.int32)).view(np.uint32)
            # An error of e shows as a distance in bits of e - 0.5 at least; between opposite signs it is huge.
            suspects = np.flatnonzero(distance >= max(1, int(np.ceil(self.worst[kind].error - 0.5))))
            if suspects.size:
                error = self.exact(kind, x[suspects], result[suspects], reference[suspects])
                i = int(np.argmax(error))
                if error[i] > self.worst[kind].error:
                    self.worst[kind] = Worst(float(error[i]), float(x[suspects[i]]))

    def block(self, first: int) -> tuple[list[Worst], float | None]:
        """Search `BLOCK` inputs from one bit pattern on, both signs; return the worst so far, and where a step went down."""
        with np.errstate(all="ignore"):
            for start in range(first, min(first + BLOCK, INFINITY + 1), PART):
                # One more than a part, for the step to the next one.
                bits = np.arange(start, min(start + PART, INFINITY) + 1, dtype=np.uint32)
                self.part(bits)
                self.part(bits | SIGN)
        return self.worst, self.step_down


_searches: dict[str, Search] = {}


def _block(name: str, first: int) -> tuple[list[Worst], float | None]:
    if name not in _searches:
        fa.set_num_threads(1)
        _searches[name] = Search(name)
    return _searches[name].block(first)


def search(name: str, pool: ProcessPoolExecutor) -> tuple[list[Worst], float | None]:
    """Return the worst errors of the value and the derivative over all inputs, and where a step goes down, if one does."""
    # From the middle outwards: the worst comes early, and leaves few suspects.
    starts = sorted(range(0, INFINITY + 1, BLOCK), key=lambda first: abs(first - 0x3F800000))
    found = list(pool.map(_block, [name] * len(starts), starts))
    steps = [step for _, step in found if step is not None]
    worst = [max((worst[kind] for worst, _ in found), key=lambda w: w.error) for kind in range(2)]
    return worst, steps[0] if steps else None


def read_table() -> dict[str, str]:
    """Return the rows that a former run has left."""
    if not TABLE.exists():
        return {}
    return {m[1]: m[0] for m in re.finditer(r"^\| `(\w+)` \|.*$", TABLE.read_text(), re.MULTILINE)}


def row(case: Case, worst: list[Worst]) -> str:
    def cells(found: Worst) -> str:
        return f"{found.error:.3f} | {found.x!r}" if found.error > 0.5 else "0.5 | "

    return f"| `{case.name}` | {' | '.join(map(cells, worst))} |"


def main(names: list[str]) -> int:
    if fa.backend != "cython":
        print(f"fastact: the backend is {fa.backend}; this needs the compiled one", file=sys.stderr)
        return 2
    unknown = set(names) - {case.name for case in CASES}
    if unknown:
        print(f"fastact: there is no activation {', '.join(sorted(unknown))}", file=sys.stderr)
        return 2
    rows, failed = read_table(), False
    with ProcessPoolExecutor(WORKERS) as pool:
        for case in CASES:
            if names and case.name not in names:
                continue
            start = time.perf_counter()
            worst, step_down = search(case.name, pool)
            rows[case.name] = row(case, worst)
            TABLE.write_text(HEAD + "".join(rows[c.name] + "\n" for c in CASES if c.name in rows))
            beyond = any(w.error > bound for w, bound in zip(worst, case.declaration.ulp, strict=True))
            failed |= beyond or step_down is not None
            remark = ", beyond what is declared" if beyond else ""
            remark += f", goes down from x = {step_down!r}" if step_down is not None else ""
            print(f"{rows[case.name]}  {time.perf_counter() - start:.0f} s{remark}", flush=True)
    return int(failed)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

"""What stands for the fused instruction where x86 has none, against exact fractions."""

from __future__ import annotations

import platform
import shutil
import subprocess
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from inputs import same_bits, specials

KERNELS = Path(__file__).parents[1] / "kernels"
COMPILER = shutil.which("c++")
PROGRAM = """
#define FASTACT_ISA baseline
#define FASTACT_VECTOR_BYTES 16
#include "words.hpp"
#include <stdio.h>
int main() {
    using V = fastact::baseline::VectorOf<REAL>;
    V operands[3];
    while (fread(operands, sizeof operands, 1, stdin) == 1) {
        const V result = fastact::baseline::fma(operands[0], operands[1], operands[2]);
        fwrite(&result, sizeof result, 1, stdout);
    }
}
"""

pytestmark = pytest.mark.skipif(
    platform.machine() not in ("x86_64", "AMD64") or COMPILER is None or not KERNELS.exists(),
    reason="this needs x86, a C++ compiler and the sources",
)


def rounded(exact: Fraction, dtype: np.dtype) -> float:
    """Return the number of a type that is nearest to a fraction other than zero, of two the even one."""
    info = np.finfo(dtype)
    size = abs(exact)
    power = size.numerator.bit_length() - size.denominator.bit_length()
    power -= size < Fraction(2) ** power
    place = Fraction(2) ** max(power - info.nmant, info.minexp - info.nmant)
    nearest = round(size / place) * place
    value = float(nearest) if nearest <= Fraction(float(info.max)) else np.inf
    return value if exact > 0 else -value


def expected(a: float, b: float, c: float, dtype: np.dtype) -> float:
    if not np.isfinite([a, b]).all():
        return a * b + c
    if not np.isfinite(c):
        return c
    if exact := Fraction(a) * Fraction(b) + Fraction(c):
        return rounded(exact, dtype)
    # Zeros add up to one with their sign if they agree; opposites to +0.
    return a * b + c if 0.0 in (a, b) else 0.0


def triples(dtype: np.dtype) -> np.ndarray:
    """Return ordinary numbers, sums next to halves between two numbers, sums that cancel, what leaves the range, all specials."""
    rng = np.random.default_rng(11)
    info = np.finfo(dtype)
    groups = []
    for spread in (1, 30, -info.minexp // 2, -info.minexp):
        a, b, c = rng.normal(size=(3, 2000)) * 2.0 ** rng.integers(-spread, spread, (3, 2000), endpoint=True)
        groups.append([a, b, c])
    # A product a little smaller than half of the addend's last place, also where that is a subnormal number.
    place = np.concatenate([rng.integers(-40, 40, 2000), np.full(2000, info.minexp - info.nmant)])
    shift = place // 2 - 20
    below = [2.0**shift * (1 + float(info.eps)), 2.0 ** (place - 1 - shift) * (1 - float(info.eps))]
    normal, subnormal = (rng.integers(1 << n, 2 << n, 2000) for n in (info.nmant, info.nmant - 2))
    addend = np.concatenate([normal, subnormal]) * rng.choice([-1, 1], 4000)
    groups.append([*below, np.ldexp(addend.astype(float), place)])
    # What rounding leaves of products, of ordinary ones and of others that are hardly above the subnormal numbers.
    a, b = (x.astype(dtype) for x in rng.normal(size=(2, 2000)))
    for power in (0, info.minexp // 2 + 10):
        factors = [np.ldexp(x, power) for x in (a, b)]
        groups += [[*factors, -(factors[0] * factors[1])], [*factors, -(factors[0] * factors[1]) * (1 + info.eps)]]
    groups.append([x.ravel() for x in np.meshgrid(*[specials(dtype).astype(float)] * 3)])
    with np.errstate(all="ignore"):
        return np.concatenate([np.array(g).astype(dtype) for g in groups], axis=1)


@pytest.mark.parametrize(("real", "name"), [("float", "float32"), ("double", "float64")])
def test_it_rounds_once(real, name, tmp_path):
    (tmp_path / "fma.cpp").write_text(PROGRAM)
    flags = ["-std=c++17", "-O2", "-ffp-contract=off", "-Wno-psabi", f"-DREAL={real}", f"-I{KERNELS}"]
    subprocess.run([COMPILER, *flags, "fma.cpp", "-o", "fma"], cwd=tmp_path, check=True, capture_output=True)
    dtype = np.dtype(name)
    lanes = 16 // dtype.itemsize
    operands = triples(dtype)
    operands = operands[:, : operands.shape[1] // lanes * lanes]
    blocks = operands.reshape(3, -1, lanes).transpose(1, 0, 2)
    run = subprocess.run([tmp_path / "fma"], input=blocks.tobytes(), stdout=subprocess.PIPE, check=True)
    found = np.frombuffer(run.stdout, dtype)
    with np.errstate(all="ignore"):
        wanted = np.array([expected(*map(float, t), dtype) for t in operands.T], dtype)
    wrong = [k for k in range(found.size) if not same_bits(found[k], wanted[k])]
    assert not wrong, [(operands[:, k], found[k], wanted[k]) for k in wrong[:5]]

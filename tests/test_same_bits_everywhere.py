"""The same bits from every ISA, and from cython and numba; the numpy backend, without FMA, is held to them too."""

import subprocess
import sys

import numpy as np
import pytest
import runs
from inputs import same_bits

PAIRS = runs.available()


@pytest.fixture(scope="module")
def saved(tmp_path_factory):
    folder = tmp_path_factory.mktemp("bits")

    def results(backend, isa):
        file = folder / f"{backend}{isa}.npz"
        if not file.exists():
            subprocess.run(
                [sys.executable, str(runs.TESTS / "same_bits_worker.py"), str(file)],
                env=runs.chosen(backend, isa),
                check=True,
                timeout=300,
            )
        return file

    return results


@pytest.mark.skipif(len(PAIRS) < 2, reason="only one backend is available")
@pytest.mark.parametrize("pair", PAIRS[1:], ids="-".join)
def test_same_bits(saved, pair):
    with np.load(saved(*PAIRS[0])) as first, np.load(saved(*pair)) as second:
        assert set(first) == set(second)
        different = []
        for key in first:
            # Row operations have the same bits on every ISA; NumPy and Numba sum in orders of their own.
            if pair[0] != "cython" and key.startswith("rows "):
                continue
            a, b = first[key], second[key]
            if not same_bits(a, b):
                apart = (a != b) & ~(np.isnan(a) & np.isnan(b))
                different.append(f"{key}: {apart.sum()} of {a.size}")
        assert not different, "\n".join(different[:40])

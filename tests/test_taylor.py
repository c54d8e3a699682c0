"""The polynomials that stand for the truth where there are millions of inputs, against mpmath."""

import errors
import numpy as np
import pytest
from inputs import walk

pytest.importorskip("flint", reason="python-flint serves only the long search of dense64.py")

from taylor import cover, expand  # noqa: E402


def test_the_polynomials_agree_with_the_truth(case, true):
    """To a hundredth of a unit, on the same inputs whatever the backend."""
    walked = [walk("float64", 2_000, 2.0**-9, 2.0**10), walk("float64", 500, 2.0**-31, 2.0**-14)]
    parts = list(cover(case.name, case.defaults, np.unique(np.concatenate(walked))))
    served = [(part[[0, -1]], stretch) for part, stretch in parts[::10] if stretch]
    x = np.concatenate([ends for ends, _ in served])
    found = np.concatenate([stretch.at(ends) for ends, stretch in served], axis=1)
    for by, numbers in zip((None, 0), found, strict=True):
        truth = true(case.name, x, case.defaults, by=by)
        error = errors.ulp_error(truth.nearest, errors.from_wider(numbers, x.dtype))
        assert np.abs(error - np.abs(truth.offset)).max() <= 0.01


def test_no_polynomial_across_a_kink(case):
    for kink in case.kinks:
        assert expand(case.name, case.defaults, kink - 0.125, kink + 0.25) is None
        assert expand(case.name, case.defaults, kink, kink + 0.25) is None

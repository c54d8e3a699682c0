"""What the search through all inputs relies on, and the page that it writes."""

import errors
import numpy as np
import pytest
from accuracy_page import FILE, Page
from exhaustive import least_distance
from inputs import walk


@pytest.mark.parametrize("distance", [1, 2, 3, 4, 10, 1000, (1 << 22) - 1, 1 << 22, 1 << 23, 1 << 25])
def test_least_distance(distance):
    """No float so many bit patterns away from the truth has an error that would have been passed over."""
    powers = np.float32(2.0) ** np.arange(-149, 128, dtype=np.float32)
    nearest = np.concatenate([walk("float32", 500), powers, np.nextafter(powers, np.float32(0))])
    for step in (distance, -distance):
        result = (nearest.view(np.int32) + step).view(np.float32)
        same_sign = np.signbit(result) == np.signbit(nearest)
        for offset in (-0.5, 0.5):
            truth = errors.Truth(nearest[same_sign], np.full(same_sign.sum(), offset))
            error = errors.ulp_error(result[same_sign], truth)
            assert max(map(least_distance, error[np.isfinite(error)])) <= distance


def test_writing_what_was_read_changes_nothing():
    assert Page.read().text() == FILE.read_text()

"""The constants in the tree are those that the tool prints."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from fastact import coefficients
from fastact.language import Constant

TOOL = Path(__file__).parent.parent / "tools" / "fit_coefficients.py"


@pytest.mark.skipif(not TOOL.exists(), reason="the tools are not here")
def test_fitting_again_gives_the_same_file():
    printed = subprocess.run([sys.executable, str(TOOL)], capture_output=True, text=True, check=True, timeout=400).stdout
    assert printed == Path(coefficients.__file__).read_text()


def test_constants_are_exact_in_their_precision():
    constants = {name: value for name, value in vars(coefficients).items() if isinstance(value, Constant)}
    assert constants
    for name, constant in constants.items():
        single = np.atleast_1d(constant.float32)
        assert (single.astype(np.float32).astype(np.float64) == single).all() or not np.isfinite(single).all(), name

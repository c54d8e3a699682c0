"""What other libraries offer of our activations is the same function, with the same parameters."""

import json
import subprocess
import sys
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from multiprocessing import get_context
from pathlib import Path

import numpy as np
import peers
import pytest
import row_peers
from catalogue import CASES


@pytest.fixture(scope="module")
def process():
    """A process for other libraries, whose threads would forbid this one to fork."""
    with ProcessPoolExecutor(1, get_context("spawn")) as pool:
        yield pool


@pytest.mark.parametrize("library", peers.installed())
@pytest.mark.parametrize("form", peers.FORMS)
def test_same_function(process, library, form, working_dtype):
    x = np.linspace(-3.71, 3.93, 501).astype(working_dtype)
    waiting = {case: process.submit(peers.results, library, form, case.name, x) for case in CASES}
    found = {case: future.result() for case, future in waiting.items()}
    assert form == "derivative" or any(theirs is not None for theirs in found.values())
    for case, theirs in found.items():
        if theirs is None:
            continue
        ours = case.results(x, np.ones_like(x))[form]
        assert theirs.dtype == x.dtype
        np.testing.assert_allclose(theirs, ours, rtol=1e-4, atol=1e-5, err_msg=case.name)


def test_comparison_of_speed(environment):
    tool = Path(__file__).parent.parent / "tools" / "compare_with_peers.py"
    command = [sys.executable, str(tool), "relu", "--json", "--size", "64", "--seconds", "0"]
    found = json.loads(subprocess.run(command, env=environment, check=True, capture_output=True, text=True).stdout)
    assert [(row["dtype"], row["form"]) for row in found["results"]] == [
        (dtype, form) for dtype in ("float32", "float64") for form in peers.FORMS
    ]
    assert all(row["fastact"] > 0 for row in found["results"])
    assert "NumPy" in found["results"][0]["peers"]


SMALL = {(case.operation, case.axis): replace(case, shape=(64, 48)) for case in row_peers.CASES}


@pytest.mark.parametrize("case", SMALL.values(), ids=lambda case: case.name)
def test_same_operation_along_an_axis(process, case, working_dtype):
    found = process.submit(row_peers.results, case, working_dtype).result()
    ours = found.pop("fastact")
    assert found
    for library, theirs in found.items():
        assert theirs.dtype == ours.dtype
        np.testing.assert_allclose(theirs, ours, rtol=1e-4, atol=1e-5, err_msg=library)

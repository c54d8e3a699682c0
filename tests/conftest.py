"""Activation x dtype, on the backend and ISA chosen at import; ``test_backends.py`` runs ``contract`` on the others."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from catalogue import CASES, SLOW, Case
from errors import Truth
from hypothesis import settings
from inputs import FLOATS
from truth import reference

import fastact as fa

settings.register_profile("fixed", deadline=None, derandomize=True, database=None, max_examples=60)
settings.load_profile("fixed")


def pytest_report_header() -> str:
    return f"fastact {fa.__version__} from {Path(fa.__file__).parent}, backend {fa.backend}, ISA {isa()}"


def isa() -> str:
    """Return the ISA of the compiled kernels in use."""
    if fa.backend != "cython":
        return "-"
    from fastact import _kernels

    return str(_kernels.isa())


@pytest.fixture(params=CASES, ids=lambda case: case.name)
def case(request: pytest.FixtureRequest) -> Case:
    return request.param


@pytest.fixture(params=FLOATS)
def dtype(request: pytest.FixtureRequest) -> str:
    return request.param


@pytest.fixture(params=FLOATS[1:])
def working_dtype(request: pytest.FixtureRequest) -> str:
    """Float16 is computed in float32."""
    return request.param


@pytest.fixture
def rng() -> np.random.Generator:
    return np.random.default_rng(20240229)


@pytest.fixture(scope="session")
def true(request: pytest.FixtureRequest) -> Callable[..., Truth]:
    """The truth, kept in pytest's cache from one run, and one backend, to the next."""
    cache = Path(request.config.cache.mkdir("truth"))
    return lambda *arguments, **keywords: reference(*arguments, cache=cache, **keywords)


@pytest.fixture(params=[None] if SLOW else [None, 5], ids=lambda size: "small blocks" if size else "")
def blocks(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Leave the walk over blocks as it is, and make the blocks so small that a few elements take many."""
    if request.param is not None:
        monkeypatch.setattr("fastact.blocks.BLOCK", request.param)


@pytest.fixture(autouse=True)
def _one_thread_setting():
    """Leave no test's thread count to the next."""
    before = fa.get_num_threads()
    yield
    fa.set_num_threads(before)


ALIKE = {
    "test_forms.py",
    "test_from_output.py",
    "test_layouts.py",
    "test_no_warnings.py",
    "test_promotion.py",
    "test_same_bits.py",
}
REPRESENTATIVE = {"relu", "prelu", "sigmoid", "tanh", "gelu", "softplus", "smu", "hard_tanh", "elu", "xielu"}


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--representative",
        action="store_true",
        help="of the tests in which all activations take the same path through a backend, run those of a few",
    )


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Start on the other backends in the background, and wait for them last.

    What compares the bits of all backends comes after them: by then Numba's compilations are in its cache.
    """
    if config.getoption("representative"):
        items[:] = [item for item in items if item.path.name not in ALIKE or _case(item) in REPRESENTATIVE | {None}]
    waiting = [item for item in items if "other_run" in getattr(item, "fixturenames", ())]
    comparing = [item for item in items if item.path.name == "test_same_bits_everywhere.py"]
    items[:] = [item for item in items if item not in waiting and item not in comparing] + waiting + comparing


def _case(item: pytest.Item) -> str | None:
    parameters = item.callspec.params if hasattr(item, "callspec") else {}
    return parameters["case"].name if "case" in parameters else None


def pytest_collection_finish(session: pytest.Session) -> None:
    if session.config.option.collectonly:
        return
    from runs import others, start

    runs_others = bool(others())

    for item in session.items:
        if "other_run" in getattr(item, "fixturenames", ()) and runs_others:
            start(*item.callspec.params["other_run"])


@pytest.fixture
def environment() -> dict[str, str]:
    """The environment of a subprocess that chooses its own backend."""
    return {name: value for name, value in os.environ.items() if not name.startswith("FASTACT_")}

"""The examples in the docstrings do what they say."""

import doctest
import importlib
import inspect
import pkgutil

import numpy as np
import pytest

import fastact as fa

RUN = {"__main__", "_kernels", "numba", "numba_words", "_numba_extension", "cli", "demo", "plotting", "cython"}
MODULES = [name for _, name, _ in pkgutil.walk_packages(fa.__path__, "fastact.") if not RUN & set(name.split("."))]


def run(text_or_object, name, **globals_):
    with np.printoptions(legacy=False):
        finder, runner = doctest.DocTestFinder(recurse=False), doctest.DocTestRunner(verbose=False)
        found = 0
        for test in finder.find(text_or_object, name, globs={"fa": fa, "np": np} | globals_):
            assert runner.run(test).failed == 0, f"the examples of {name} are wrong; see the captured output"
            found += len(test.examples)
        return found


def test_activations(case):
    for function in (case.declaration.function, case.declaration.from_output):
        assert function is None or run(function, case.name) > 0


@pytest.mark.parametrize("name", MODULES)
def test_modules(name):
    module = importlib.import_module(name)
    results = doctest.testmod(module, extraglobs={"fa": fa, "np": np})
    assert results.failed == 0


def test_public_functions_have_examples():
    for name in fa.__all__:
        thing = getattr(fa, name)
        if inspect.isfunction(thing) and not name.endswith("_"):
            assert run(thing, name) > 0 or name in ("show_config", "set_num_threads"), name


OPERATIONS = [getattr(fa, name) for name in fa.__all__]
OPERATIONS = [f for f in OPERATIONS if callable(f) and f.__module__ == "fastact" and not isinstance(f, fa.Form)]


@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda operation: operation.__name__)
def test_operations(operation):
    examples = doctest.DocTestParser()
    assert examples.get_examples(inspect.getdoc(operation))
    for function in (operation, getattr(operation, "backward", operation)):
        test = examples.get_doctest(inspect.getdoc(function), {"fa": fa, "np": np}, operation.__name__, None, 0)
        assert doctest.DocTestRunner().run(test).failed == 0


def test_summary_lines(case):
    """One line, ended by a full stop, as help() and tables of contents show it."""
    lines = case.declaration.doc.splitlines()
    assert lines[0].endswith(".")
    assert lines[1] == ""
    assert len(lines[0]) <= 100

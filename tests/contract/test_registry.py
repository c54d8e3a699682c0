"""Names: those of fastact, and those by which other libraries know the same functions."""

import numpy as np
import pytest

import fastact as fa
from fastact.declaration import DECLARATIONS


def test_list_is_the_declarations():
    names = fa.list_activations()
    assert names == list(DECLARATIONS)
    assert len(names) == len(set(names))
    names.clear()
    assert fa.list_activations()


def test_foundation_is_there():
    foundation = (
        "identity step relu leaky_relu prelu elu sigmoid log_sigmoid tanh softplus silu gelu gelu_tanh mish hard_swish "
        "squareplus smu smu1"
    ).split()
    assert set(foundation) <= set(fa.list_activations())


def test_get(case):
    assert fa.get(case.name) is case.function
    for alias in case.declaration.aliases:
        assert fa.get(alias) is case.function
    assert fa.get(case.name.upper()) is case.function


def test_no_alias_means_two_things():
    names = [name for d in DECLARATIONS.values() for name in (d.name, *d.aliases)]
    assert len(names) == len(set(names))


@pytest.mark.parametrize(
    ("foreign", "ours"),
    [
        ("linear", "identity"),
        ("logistic", "sigmoid"),
        ("expit", "sigmoid"),
        ("logsigmoid", "log_sigmoid"),
        ("swish", "silu"),
        ("gelu_pytorch_tanh", "gelu_tanh"),
        ("gelu_new", "gelu_tanh"),
        ("gelu_fast", "gelu_tanh"),
        ("hardswish", "hard_swish"),
        ("hard_silu", "hard_swish"),
    ],
)
def test_names_of_other_libraries(foreign, ours):
    assert fa.get(foreign) is getattr(fa, ours)


def test_the_name_with_three_meanings_is_refused():
    """``gelu_approx`` is tanh in JAX, a cubic sigmoid in MLX, quick_gelu in thinc."""
    with pytest.raises(ValueError, match="gelu_approx"):
        fa.get("gelu_approx")


def test_defaults_of_the_field(case):
    defaults = {
        "leaky_relu": {"negative_slope": 0.01},
        "elu": {"alpha": 1.0},
        "softplus": {"beta": 1.0},
        "silu": {"beta": 1.0},
        "squareplus": {"b": 4.0},
    }
    if case.name in defaults:
        assert dict(case.declaration.parameters) == defaults[case.name]


def test_show_config(capsys):
    assert fa.show_config() is None
    text = capsys.readouterr().out
    for word in (fa.__version__, np.__version__, fa.backend, "threads"):
        assert word in text

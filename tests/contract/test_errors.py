"""Bad input: one clear sentence that names the argument, raised before anything is written."""

import inspect
import re

import numpy as np
import pytest
from catalogue import CASES
from numpy.lib.stride_tricks import as_strided

import fastact as fa
from fastact.operation import InPlace


def sentence(caught, *words):
    """Check that a message is one sentence and contains the words."""
    text = str(caught.value)
    assert "\n" not in text
    assert 10 < len(text) < 250, text
    assert not re.search(r"\. [A-Z]", text), text
    for word in words:
        assert re.search(rf"\b{word}\b", text), f"{word!r} is not in {text!r}"


def read_only(shape=4, dtype="float32"):
    x = np.ones(shape, dtype)
    x.flags.writeable = False
    return x


# In place


@pytest.mark.parametrize(
    ("x", "error", "word"),
    [
        (read_only(), ValueError, "read-only"),
        (np.broadcast_to(np.float32(1), (4,)), ValueError, "read-only"),
        (np.arange(4), TypeError, "int64"),
        (np.array([True]), TypeError, "bool"),
        (np.ones(3, complex), TypeError, "complex128"),
        (np.ones(3, object), TypeError, "object"),
        ([1.0, 2.0], TypeError, "list"),
        (1.0, TypeError, "float"),
        (np.float32(1.0), TypeError, "float32"),
        (None, TypeError, "NoneType|None"),
        (np.ma.masked_array([1.0, -1.0], [True, False]), TypeError, "MaskedArray|masked"),
    ],
    ids=lambda x: getattr(x, "__name__", None) or str(getattr(x, "dtype", x))[:20],
)
def test_in_place_refuses(case, x, error, word):
    before = np.array(x, copy=True)
    with pytest.raises(error) as caught:
        case.in_place(x, *case.required)
    sentence(caught, "x", word)
    assert (np.asarray(x) == before).all()


def test_in_place_refuses_memory_that_repeats(case):
    """Each result would be an argument again."""
    base = np.linspace(-2, 2, 8, dtype=np.float32)
    before = base.copy()
    for x in (as_strided(base, (4,), (0,)), as_strided(base, (4, 4), (4, 4)), as_strided(base, (3, 4), (8, 4))):
        with pytest.raises(ValueError, match="share memory|overlap") as caught:
            case.in_place(x, *case.required)
        sentence(caught, "x")
        assert (base == before).all()


def test_in_place_accepts_strides_without_meaning(case):
    """An axis of one element may have any stride; an empty array has no memory to share."""
    base = np.linspace(-2, 2, 8, dtype=np.float32)
    wanted = case.function(base.copy(), *case.required)
    assert (case.in_place(as_strided(base, (1, 8), (0, 4)), *case.required) == wanted).all()
    case.in_place(as_strided(base, (0, 4), (4, 0)), *case.required)


def test_in_place_parameter_must_fit(case):
    if not case.defaults:
        pytest.skip("no parameters")
    x = np.linspace(-2, 2, 6, dtype=np.float32)
    before = x.copy()
    for shape in ((5,), (2, 6)):
        with pytest.raises(ValueError, match=r"\(") as caught:
            case.in_place(x, np.full(shape, case.defaults[0]), *case.defaults[1:])
        sentence(caught, next(iter(case.declaration.parameters)))
        assert (x == before).all()


# out=


@pytest.mark.parametrize("form", ["call", "derivative", "backward"])
@pytest.mark.parametrize(
    ("out", "error"),
    [
        (read_only(6), ValueError),
        (np.ones(5, "float32"), ValueError),
        (np.ones((6, 2), "float32"), ValueError),
        (np.ones(6, "int32"), TypeError),
        (np.ones(6, bool), TypeError),
        ([0.0] * 6, TypeError),
        (3.0, TypeError),
        ((np.ones(6, "float32"), np.ones(6, "float32")), (TypeError, ValueError)),
    ],
    ids=["read-only", "short", "other shape", "integers", "booleans", "list", "number", "two"],
)
def test_bad_out(case, form, out, error):
    if case.required and form == "backward":
        pytest.skip("backward has more than one result")
    x = np.linspace(-2, 2, 6, dtype=np.float32)
    before = np.array(out, copy=True)
    call = {
        "call": lambda: case.function(x, *case.required, out=out),
        "derivative": lambda: case.function.derivative(x, *case.required, out=out),
        "backward": lambda: case.function.backward(x, x, out=out),
    }[form]
    with pytest.raises(error) as caught:
        call()
    sentence(caught, "out")
    assert (np.array(out) == before).all()


@pytest.mark.parametrize(
    "spoil",
    [
        lambda y, d: (y, read_only(6)),
        lambda y, d: (read_only(6), d),
        lambda y, d: (y, d[:-1]),
        lambda y, d: (y[:-1], d),
        lambda y, d: (y, np.ones(6, "int64")),
        lambda y, d: (y,),
        lambda y, d: y,
        lambda y, d: (y, y),
    ],
    ids=[
        "second read-only",
        "first read-only",
        "second short",
        "first short",
        "integers",
        "one",
        "no tuple",
        "twice one",
    ],
)
def test_bad_out_of_value_and_derivative(case, spoil):
    """Also if only the second is bad the first stays as it was."""
    x = np.linspace(-2, 2, 6, dtype=np.float32)
    y, d = np.full_like(x, 7), np.full_like(x, 8)
    with pytest.raises((TypeError, ValueError)) as caught:
        case.function.value_and_derivative(x, *case.required, out=spoil(y, d))
    sentence(caught, "out")
    assert (y == 7).all()
    assert (d == 8).all()


# Arguments


def test_unknown_keyword(case):
    for form in (case.function, case.in_place, case.function.derivative, case.function.value_and_derivative):
        with pytest.raises(TypeError, match="slope_of_nothing") as caught:
            form(np.ones(3), *case.required, slope_of_nothing=1.0)
        sentence(caught)
    with pytest.raises(TypeError, match="slope_of_nothing"):
        case.function.backward(np.ones(3), np.ones(3), *case.required, slope_of_nothing=1.0)


def test_too_many_arguments(case):
    with pytest.raises(TypeError) as caught:
        case.function(np.ones(3), *case.defaults, 1.0, 2.0, 3.0, 4.0, 5.0)
    sentence(caught)
    with pytest.raises(TypeError):
        case.in_place(np.ones(3), *case.defaults, 1.0, 2.0, 3.0, 4.0, 5.0)


def test_a_parameter_twice(case):
    if not case.defaults:
        pytest.skip("no parameters")
    name = next(iter(case.declaration.parameters))
    with pytest.raises(TypeError, match=name):
        case.function(np.ones(3), case.defaults[0], **{name: case.defaults[0]})


def test_missing_arguments(case):
    with pytest.raises(TypeError, match="x") as caught:
        case.function()
    sentence(caught)
    if case.required:
        with pytest.raises(TypeError, match=next(iter(case.declaration.parameters))) as caught:
            case.function(np.ones(3))
        sentence(caught)


@pytest.mark.parametrize("bad", ["text", None, 1j, [], np.ones(2, complex), object()], ids=lambda x: type(x).__name__)
def test_bad_parameter(case, bad):
    if not case.defaults:
        pytest.skip("no parameters")
    x = np.ones(3)
    name = next(iter(case.declaration.parameters))
    for form in (case.function, case.in_place, case.function.derivative):
        with pytest.raises((TypeError, ValueError)) as caught:
            form(x, bad, *case.defaults[1:])
        sentence(caught, name)
    assert (x == 1).all()


def test_parameter_outside_of_its_domain(case):
    x = np.ones(3)
    for name, (low, high) in case.declaration.domain.items():
        settings = dict(zip(case.declaration.parameters, case.defaults, strict=True))
        bounds = (np.nextafter(low, -np.inf), low - max(1, abs(low)), np.nextafter(high, np.inf))
        outside = [bound for bound in bounds if np.isfinite(bound)]
        assert outside
        for bad in outside:
            for value in (float(bad), np.full(3, bad), np.array([case.defaults[0], bad, bad])):
                for form in (case.function, case.in_place, case.function.derivative):
                    with pytest.raises(ValueError, match=name) as caught:
                        form(x, **(settings | {name: value}))
                    sentence(caught, name)
    assert (x == 1).all()


def test_parameter_that_is_no_number(case):
    """Whatever way a NaN comes, as a number or within an array, it is refused by name."""
    x = np.ones(3)
    for name in case.declaration.parameters:
        settings = dict(zip(case.declaration.parameters, case.defaults, strict=True))
        for value in (float("nan"), np.float32("nan"), np.array([settings[name], np.nan, settings[name]])):
            for form in (case.function, case.in_place, case.function.derivative, case.function.value_and_derivative):
                with pytest.raises(ValueError, match=name) as caught:
                    form(x, **(settings | {name: value}))
                sentence(caught, name)
            with pytest.raises(ValueError, match=name):
                case.function.backward(x, x, **(settings | {name: value}))
    assert (x == 1).all()


ORDERED = [case for case in CASES if case.declaration.ordered]


@pytest.mark.parametrize("case", ORDERED, ids=lambda case: case.name)
@pytest.mark.parametrize("wrap", [float, np.float32, lambda bound: np.full(3, bound)], ids=["number", "scalar", "array"])
def test_parameters_in_the_wrong_order(case, wrap):
    x = np.ones(3)
    lower, upper = case.declaration.ordered
    for form in (case.function, case.in_place, case.function.derivative, case.function.value_and_derivative):
        with pytest.raises(ValueError, match=f"{lower} is 2.0, above {upper}, 1.0") as caught:
            form(x, **{lower: wrap(2.0), upper: wrap(1.0)})
        sentence(caught, lower, upper)
        with pytest.raises(ValueError, match=f"{lower} is 1.5, above {upper}"):
            form(x, **{lower: wrap(1.5)})
    with pytest.raises(ValueError, match=lower):
        case.function.backward(x, x, **{lower: wrap(2.0), upper: wrap(1.0)})
    assert (x == 1).all()
    both = case.function(x, **{lower: wrap(0.5), upper: wrap(0.5)})
    assert np.isfinite(both).all()


def test_ordered_parameters_that_do_not_broadcast():
    x = np.ones((2, 3))
    with pytest.raises(ValueError, match="broadcast") as caught:
        fa.hard_tanh(x, np.zeros(2), np.ones(3))
    sentence(caught, "low", "high")


def test_shapes_that_do_not_broadcast(case):
    x = np.ones((3, 4))
    if case.defaults:
        with pytest.raises(ValueError, match=r"\(") as caught:
            case.function(x, np.full(3, case.defaults[0]), *case.defaults[1:])
        sentence(caught)
    with pytest.raises(ValueError, match=r"\(") as caught:
        case.function.backward(np.ones((4, 3)), x, *case.required)
    sentence(caught, "grad")


def test_grad_of_more_axes_than_x(case):
    """The gradient of x must have the shape of x."""
    with pytest.raises(ValueError, match="grad") as caught:
        case.function.backward(np.ones((2, 3)), np.ones(3), *case.required)
    sentence(caught, "grad")


@pytest.mark.parametrize(
    "grad", [np.ones(3, complex), np.ones(3, object), None, "text"], ids=lambda g: str(getattr(g, "dtype", g))
)
def test_bad_grad(case, grad):
    with pytest.raises(TypeError) as caught:
        case.function.backward(grad, np.ones(3), *case.required)
    sentence(caught, "grad")


@pytest.mark.parametrize("approximate", ["Tanh", "erf", None, 1])
def test_unknown_approximation(approximate):
    x = np.ones(3)
    for form in (fa.gelu, fa.gelu_, fa.gelu.derivative):
        with pytest.raises((ValueError, TypeError)) as caught:
            form(x, approximate=approximate)
        sentence(caught, "approximate", "none", "tanh")
    assert (x == 1).all()


# Names, threads


@pytest.mark.parametrize("name", ["", "gellu", "RELU!", "numpy"])
def test_unknown_name(name):
    with pytest.raises((ValueError, KeyError)) as caught:
        fa.get(name)
    assert repr(name) in str(caught.value)
    sentence(caught)
    if name == "gellu":
        sentence(caught, "gelu")


@pytest.mark.parametrize("name", [None, 3, np.exp])
def test_name_of_the_wrong_type(name):
    with pytest.raises(TypeError) as caught:
        fa.get(name)
    sentence(caught, "name")


@pytest.mark.parametrize(
    ("n", "error"), [(0, ValueError), (-1, ValueError), (1.5, TypeError), ("2", TypeError), (None, TypeError)]
)
def test_bad_number_of_threads(n, error):
    before = fa.get_num_threads()
    with pytest.raises(error) as caught:
        fa.set_num_threads(n)
    sentence(caught, "n")
    with pytest.raises(error), fa.num_threads(n):
        pass
    assert fa.get_num_threads() == before


def test_attribute_that_does_not_exist():
    with pytest.raises(AttributeError, match="no_such_thing"):
        fa.no_such_thing  # noqa: B018


# Row operations

OPERATIONS = ["softmax", "log_softmax", "zscore"]


@pytest.mark.parametrize("operation", OPERATIONS)
@pytest.mark.parametrize("axis", [2, -3, 100])
def test_axis_out_of_range(operation, axis):
    x = np.ones((2, 3))
    for name in (operation, operation + "_"):
        with pytest.raises(np.exceptions.AxisError, match="axis") as caught:
            getattr(fa, name)(x, axis=axis)
        sentence(caught)
    assert (x == 1).all()


@pytest.mark.parametrize("operation", OPERATIONS)
@pytest.mark.parametrize("axis", ["0", 1.0, (0, 0)])
def test_axis_of_the_wrong_kind(operation, axis):
    with pytest.raises((TypeError, ValueError)) as caught:
        getattr(fa, operation)(np.ones((2, 3)), axis=axis)
    sentence(caught, "axis")


@pytest.mark.parametrize("operation", OPERATIONS)
@pytest.mark.parametrize(
    ("x", "error"),
    [
        (read_only((2, 3)), ValueError),
        (np.arange(6).reshape(2, 3), TypeError),
        (np.ones((2, 3), complex), TypeError),
        ([[1.0, 2.0]], TypeError),
        (as_strided(np.ones(4), (2, 3), (8, 8)), ValueError),
        (np.ma.masked_array([[1.0, 2.0]], [[True, False]]), TypeError),
    ],
    ids=["read-only", "integers", "complex", "list", "overlap", "masked"],
)
def test_row_operations_in_place_refuse(operation, x, error):
    before = np.array(x, copy=True)
    with pytest.raises(error) as caught:
        getattr(fa, operation + "_")(x)
    sentence(caught, "x")
    assert (np.asarray(x) == before).all()


IN_PLACE = [twin for twin in (getattr(fa, name) for name in fa.__all__) if isinstance(twin, InPlace)]


@pytest.mark.parametrize("twin", IN_PLACE, ids=lambda twin: twin.__name__)
def test_operations_in_place_have_no_out(twin):
    """Neither by name nor in its place, nor are arguments that would follow it taken for others."""
    x, out = np.arange(24.0).reshape(2, 4, 3), np.zeros((2, 4, 3))
    parameters = inspect.signature(twin).parameters.values()
    by_position = [p for p in parameters if p.kind is p.POSITIONAL_OR_KEYWORD][1:]
    for positional, named in (
        ([], {"out": out}),
        ([], {"out": x}),
        ([], {"out": None}),
        ([None if p.default is p.empty else p.default for p in by_position] + [out], {}),
    ):
        with pytest.raises(TypeError) as caught:
            twin(x, *positional, **named)
        sentence(caught, twin.__name__, "out" if named else "by position")
    assert (x == np.arange(24.0).reshape(2, 4, 3)).all()
    assert (out == 0).all()


@pytest.mark.parametrize(
    "x", [np.arange(4.0), np.arange(8.0)[::2], np.arange(4, dtype=np.float16)], ids=["dense", "strided", "half"]
)
def test_one_array_for_two_results(x):
    with pytest.raises(TypeError) as caught:
        fa.relu.value_and_derivative(x, out=np.zeros_like(x))
    sentence(caught, "relu.value_and_derivative", "out is ndarray", "tuple of two arrays")


def test_out_that_overlaps_itself():
    memory = np.zeros(4)
    out = np.lib.stride_tricks.as_strided(memory, (2, 2), (8, 8))
    for x in (np.ones((2, 2)), np.ones((2, 4))[:, ::2]):
        with pytest.raises(ValueError, match="elements of out share memory"):
            fa.relu(x, out=out)
    assert (memory == 0).all()


@pytest.mark.parametrize("twin", [fa.softmax_, fa.layer_norm_, fa.batch_norm_])
def test_operations_in_place_without_arguments(twin):
    with pytest.raises(TypeError) as caught:
        twin()
    sentence(caught, twin.__name__, "x")


@pytest.mark.parametrize(
    ("call", "argument"),
    [
        (lambda x: fa.softmax(x, scale="2"), "scale"),
        (lambda x: fa.softmax(x, softcap="2"), "softcap"),
        (lambda x: fa.layer_norm(x, eps="0.5"), "eps"),
        (lambda x: fa.normalize(x, p=b"2"), "p"),
        (lambda x: fa.clip_by_norm_(x, "2"), "max_norm"),
        (lambda x: fa.cross_entropy(x, [0, 1], label_smoothing="0.5"), "label_smoothing"),
        (lambda x: fa.swiglu_oai(x, limit="7"), "limit"),
    ],
)
def test_text_is_no_number(call, argument):
    with pytest.raises(TypeError) as caught:
        call(np.ones((2, 4)))
    sentence(caught, argument, "must be a real number")


@pytest.mark.parametrize("operation", OPERATIONS)
@pytest.mark.parametrize(
    "x",
    [np.ones((2, 3), complex), np.ones(3, object), np.array(["a"]), None, "text"],
    ids=lambda x: str(getattr(x, "dtype", x)),
)
def test_row_operations_refuse(operation, x):
    with pytest.raises(TypeError) as caught:
        getattr(fa, operation)(x)
    sentence(caught, "x")


@pytest.mark.parametrize("operation", OPERATIONS)
@pytest.mark.parametrize(
    ("out", "error"),
    [
        (read_only((2, 3), "float64"), ValueError),
        (np.ones((3, 2)), ValueError),
        (np.ones(3), ValueError),
        (np.ones((2, 3), int), TypeError),
        ([[0.0] * 3] * 2, TypeError),
    ],
    ids=["read-only", "transposed", "row", "integers", "list"],
)
def test_row_operations_bad_out(operation, out, error):
    before = np.array(out, copy=True)
    with pytest.raises(error) as caught:
        getattr(fa, operation)(np.arange(6.0).reshape(2, 3), out=out)
    sentence(caught, "out")
    assert (np.array(out) == before).all()
    if operation != "zscore":
        with pytest.raises(error) as caught:
            getattr(fa, operation).backward(np.ones((2, 3)), np.ones((2, 3)), out=out)
        sentence(caught, "out")


@pytest.mark.parametrize("operation", ["softmax", "log_softmax"])
def test_row_operations_bad_grad(operation):
    with pytest.raises(ValueError, match=r"\(") as caught:
        getattr(fa, operation).backward(np.ones((2, 4)), np.ones((2, 3)))
    sentence(caught, "grad")


@pytest.mark.parametrize(
    ("ddof", "eps", "word"),
    [("one", 0.0, "ddof"), (0, "a", "eps"), (0, -1.0, "eps"), (np.nan, 0.0, "ddof"), (0, np.nan, "eps")],
)
def test_zscore_bad_settings(ddof, eps, word):
    x = np.arange(6.0).reshape(2, 3)
    for name in ("zscore", "zscore_"):
        with pytest.raises((TypeError, ValueError)) as caught:
            getattr(fa, name)(x, ddof=ddof, eps=eps)
        sentence(caught, word)
    assert (x == np.arange(6.0).reshape(2, 3)).all()

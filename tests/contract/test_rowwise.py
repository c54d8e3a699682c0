"""Softmax, log_softmax and zscore against long double and mpmath: values, axes, special values, layouts, bits."""

import itertools

import numpy as np
import pytest
from catalogue import SLOW
from errors import from_real, from_wider, ulp_error
from inputs import LAYOUTS, Laid, same_bits
from mpmath import mp, mpf

import fastact as fa

SHAPES = [
    (1,),
    (2,),
    (7,),
    (300,),
    (5, 1),
    (1, 5),
    (3, 4),
    (33, 17),
    (4, 1000),
    (2, 3, 5),
    (3, 40, 7),
    (2, 129, 16),
    (1, 8, 1, 3),
]
OPERATIONS = ["softmax", "log_softmax", "zscore"]
SOFT = OPERATIONS[:2]
BOUND = {"softmax": 2.5, "log_softmax": 3, "zscore": 3.5}
"""In ulp: the exponentials are rounded before they are summed (docs/decisions, rounded exponentials); a score is the quotient
by a statistic that is right to 2, after three roundings of its own."""
NOTHING_WIDER = fa.backend != "cython" and np.finfo(np.longdouble).nmant == np.finfo(np.float64).nmant
CASES_OF_AXES = [(shape, axis) for shape in SHAPES for axis in range(-len(shape), len(shape))]


def true_softmax(x, axis):
    e = np.exp(x - x.max(axis=axis, keepdims=True))
    return e / e.sum(axis=axis, keepdims=True)


def true_log_softmax(x, axis):
    largest = x.max(axis=axis, keepdims=True)
    return x - largest - np.log(np.exp(x - largest).sum(axis=axis, keepdims=True))


def true_zscore(x, axis, ddof=0, eps=0.0):
    mean = x.mean(axis=axis, keepdims=True)
    deviation = np.sqrt(((x - mean) ** 2).sum(axis=axis, keepdims=True) / (x.shape[axis] - ddof) + eps)
    return (x - mean) / np.where(deviation == 0, 1, deviation)


TRUE = {"softmax": true_softmax, "log_softmax": true_log_softmax, "zscore": true_zscore}


def units(result, wanted, floor):
    """Return the error in units in the last place, of numbers of the size `floor` below it."""
    wanted = np.asarray(wanted)
    size = np.maximum(np.abs(wanted).astype(float), floor)
    return np.abs(result - wanted).astype(float) / np.spacing(size.astype(result.dtype)).astype(float)


# Values


@pytest.mark.parametrize(("shape", "axis"), CASES_OF_AXES, ids=str)
@pytest.mark.parametrize("operation", OPERATIONS)
def test_every_axis_of_every_shape(operation, shape, axis, rng):
    """Float32 against long double, where a result near zero counts in units of the row's size."""
    x = rng.normal(scale=4, size=shape).astype(np.float32)
    before = x.copy()
    result = getattr(fa, operation)(x, axis=axis)
    wanted = TRUE[operation](x.astype(np.longdouble), axis)
    assert result.dtype == x.dtype
    assert result.shape == x.shape
    assert units(result, wanted, {"softmax": 0, "log_softmax": 1e-30, "zscore": 0.25}[operation]).max() <= BOUND[operation]
    assert same_bits(x, before)
    out = np.empty_like(x)
    assert getattr(fa, operation)(x, axis=axis, out=out) is out
    assert same_bits(out, result)
    assert getattr(fa, operation + "_")(x, axis=axis) is x
    assert same_bits(x, result)


def real_softmax(row):
    e = [mp.exp(mpf(float(v))) for v in row]
    return [v / mp.fsum(e) for v in e]


def real_log_softmax(row):
    row = [mpf(float(v)) for v in row]
    total = max(row) + mp.log(mp.fsum(mp.exp(v - max(row)) for v in row))
    return [v - total for v in row]


def real_zscore(row):
    row = [mpf(float(v)) for v in row]
    mean = mp.fsum(row) / len(row)
    deviation = mp.sqrt(mp.fsum((v - mean) ** 2 for v in row) / len(row))
    return [(v - mean) / deviation for v in row]


@pytest.mark.parametrize("scale", [1e-3, 1.0, 10.0, 40.0])
@pytest.mark.parametrize("offset", [0.0, 1.0, -300.0, 1e4])
@pytest.mark.parametrize("operation", OPERATIONS)
def test_against_mpmath(operation, working_dtype, scale, offset, rng, request):
    """Long rows, short rows, with offsets that exp cannot see without a shift."""
    if NOTHING_WIDER and operation == "zscore" and working_dtype == "float64":
        reason = "an open defect: only the compiled kernels carry float64 sums in twice the precision without a long double"
        request.applymarker(pytest.mark.xfail(strict=False, reason=reason))
    for length in (1, 2, 3, 16, 130):
        if operation == "zscore" and length == 1:
            continue
        x = (rng.normal(scale=scale, size=length) + offset).astype(working_dtype)
        result = getattr(fa, operation)(x)
        with mp.workprec(700):
            row = {"softmax": real_softmax, "log_softmax": real_log_softmax, "zscore": real_zscore}[operation](x)
            truth = from_real(row, x.dtype)
        if operation == "zscore":
            # Next to the mean the result is the small difference of large numbers, right to a unit of the row's size.
            size = np.maximum(np.abs(truth.nearest), x.dtype.type(0.25))
            error = ulp_error(result, truth) * np.spacing(np.abs(truth.nearest)) / np.spacing(size)
        else:
            error = ulp_error(result, truth)
        assert error.max() <= BOUND[operation], (length, error.max(), x[error.argmax()], result[error.argmax()])


@pytest.mark.parametrize("margin", [10, 16, 20, 30, 60, 80])
def test_log_softmax_of_a_dominant_class(working_dtype, margin):
    """The loss of a confident model: -4.12e-9 and not 0."""
    x = np.array([margin, 0, 0], working_dtype)
    result = fa.log_softmax(x)
    with mp.workprec(300):
        truth = from_real(real_log_softmax(x), x.dtype)
    assert ulp_error(result, truth).max() <= 2
    assert result[0] < 0


@pytest.mark.parametrize("offset", [0.0, 1e2, 1e4, -1e4, 1e6])
@pytest.mark.parametrize("axis", [0, 1])
def test_zscore_with_an_offset(offset, axis, rng):
    """Mean and deviation are right to 2 ulp of themselves, so that the scores do not depend on the data's offset."""
    x = (rng.normal(scale=3, size=(1000, 64)) + offset).astype(np.float32)
    result = fa.zscore(x, axis=axis)
    wanted = true_zscore(x.astype(np.longdouble), axis)
    assert units(result, wanted, 0.25).max() <= BOUND["zscore"]


def test_zscore_of_many_rows_at_an_offset(rng):
    """A hundred thousand float32 at 1e4: a running float32 sum would be off in the third digit."""
    x = (rng.normal(scale=5, size=(100_000, 4)) + 1e4).astype(np.float32)
    result = fa.zscore(x, axis=0)
    assert units(result, true_zscore(x.astype(np.longdouble), 0), 0.25).max() <= BOUND["zscore"]
    long = np.ascontiguousarray(x.T)
    assert units(fa.zscore(long, axis=1), true_zscore(long.astype(np.longdouble), 1), 0.25).max() <= BOUND["zscore"]


@pytest.mark.parametrize(("ddof", "eps"), [(0, 0.0), (1, 0.0), (0, 1e-5), (1, 0.5), (2, 1e-3)])
def test_zscore_settings(working_dtype, ddof, eps, rng):
    x = rng.normal(loc=50, scale=3, size=(6, 40)).astype(working_dtype)
    result = fa.zscore(x, axis=1, ddof=ddof, eps=eps)
    wanted = true_zscore(x.astype(np.longdouble), 1, ddof, np.longdouble(x.dtype.type(eps)))
    assert units(result, wanted, 0.25).max() <= BOUND["zscore"]


def test_zscore_of_a_constant_row_is_zero(dtype):
    """The deviation is zero; scikit-learn's convention is to divide by one."""
    assert (fa.zscore(np.full((3, 7), 1e3, dtype), axis=1) == 0).all()
    assert (fa.zscore(np.full((3, 1), 0.1, dtype), axis=1) == 0).all()


@pytest.mark.parametrize("shape", [(20, 50), (5, 1), (1, 9), (300, 100), (2, 9000), (4, 6, 8)], ids=str)
def test_float16_is_computed_in_float32(shape, rng):
    """Kernels widen so many rows at a time that these are one block, several, and rows longer than a block."""
    x = rng.normal(scale=3, size=shape).astype(np.float16)
    for operation, axis in itertools.product(OPERATIONS, (0, -1)):
        result = getattr(fa, operation)(x, axis=axis)
        assert result.dtype == np.float16
        wanted = from_wider(TRUE[operation](x.astype(float), axis), x.dtype)
        assert (ulp_error(result, wanted) <= 0.501).all() or operation == "zscore"
        in_place = x.copy()
        assert same_bits(getattr(fa, operation + "_")(in_place, axis=axis), result)


@pytest.mark.parametrize("parameters", [np.float16, np.float32])
def test_float16_with_parameters_and_statistics(parameters, rng):
    """Rows do not depend on those that are widened with them, nor on the type of what all have in common."""
    x, grad = rng.normal(size=(2, 300, 100)).astype(np.float16)
    weight, bias = rng.normal(size=(2, 100)).astype(np.float16)
    y, statistics = fa.layer_norm(x, weight.astype(parameters), bias.astype(parameters), return_statistics=True)
    by_x, by_weight, by_bias = fa.layer_norm.backward(grad, x, weight.astype(parameters), statistics=statistics)
    assert y.dtype == by_x.dtype == np.float16
    assert by_weight.dtype == by_bias.dtype == parameters
    wide = [a.astype(np.longdouble) for a in (x, grad, weight, bias)]
    wide_x, wide_grad, wide_weight, wide_bias = wide
    mean = wide_x.mean(axis=1, keepdims=True)
    factor = 1 / np.sqrt(((wide_x - mean) ** 2).mean(axis=1, keepdims=True) + np.longdouble(1e-5))
    plain = (wide_x - mean) * factor
    scaled = wide_grad * wide_weight
    by_plain = (scaled - scaled.mean(axis=1, keepdims=True) - plain * (scaled * plain).mean(axis=1, keepdims=True)) * factor
    np.testing.assert_allclose(statistics.mean, mean.astype(float), rtol=1e-6, atol=1e-8)
    np.testing.assert_allclose(statistics.factor, factor.astype(float), rtol=1e-6)
    np.testing.assert_allclose(y, (plain * wide_weight + wide_bias).astype(float), rtol=1e-3, atol=1e-4)
    np.testing.assert_allclose(by_x, by_plain.astype(float), rtol=1e-3, atol=1e-4)
    rtol = 1e-3 if parameters is np.float16 else 1e-5
    np.testing.assert_allclose(by_weight, (wide_grad * plain).sum(axis=0).astype(float), rtol, 1e-5)
    np.testing.assert_allclose(by_bias, wide_grad.sum(axis=0).astype(float), rtol, 1e-5)


def test_defaults():
    """The last axis: SciPy's whole array is the classic mistake."""
    x = np.array([[1.0, 2.0], [3.0, 5.0]])
    for operation in OPERATIONS:
        assert same_bits(getattr(fa, operation)(x), getattr(fa, operation)(x, axis=1))
    assert np.allclose(fa.softmax(x).sum(axis=-1), 1, rtol=1e-15)


@pytest.mark.parametrize("operation", OPERATIONS)
def test_integers_and_lists(operation):
    x = [[1, 2, 4], [4, 0, 1]]
    result = getattr(fa, operation)(x)
    assert result.dtype == np.float64
    assert same_bits(result, getattr(fa, operation)(np.array(x, float)))
    assert getattr(fa, operation)(np.array(x, np.int16)).dtype == np.exp(np.array(x, np.int16)).dtype


# Backward


@pytest.mark.parametrize(("shape", "axis"), CASES_OF_AXES[::3], ids=str)
@pytest.mark.parametrize("operation", SOFT)
def test_backward(operation, shape, axis, rng):
    x = rng.normal(scale=2, size=shape).astype(np.float32)
    grad = rng.normal(size=shape).astype(np.float32)
    function = getattr(fa, operation)
    y = function(x, axis=axis)
    wide_y, wide_grad = y.astype(np.longdouble), grad.astype(np.longdouble)
    if operation == "softmax":
        wanted = wide_y * (wide_grad - (wide_grad * wide_y).sum(axis=axis, keepdims=True))
        scale = wide_y * (np.abs(wide_grad) + np.abs(wide_grad * wide_y).sum(axis=axis, keepdims=True))
    else:
        wanted = wide_grad - np.exp(wide_y) * wide_grad.sum(axis=axis, keepdims=True)
        scale = np.abs(wide_grad) + np.exp(wide_y) * np.abs(wide_grad).sum(axis=axis, keepdims=True)
    g = function.backward(grad, y, axis=axis)
    assert g.dtype == x.dtype
    # Two ulp of what is subtracted: the difference itself may be anything.
    assert (np.abs(g - wanted) <= 2 * np.finfo(np.float32).eps * scale).all()
    out = grad.copy()
    assert function.backward(out, y, axis=axis, out=out) is out
    assert same_bits(out, g)
    out = y.copy()
    assert function.backward(grad, out, axis=axis, out=out) is out
    assert same_bits(out, g)


@pytest.mark.parametrize("operation", SOFT)
def test_backward_is_the_gradient_of_a_loss(operation, rng):
    x, grad = rng.normal(size=(3, 5)), rng.normal(size=(3, 5))
    function = getattr(fa, operation)
    g = function.backward(grad, function(x, axis=0), axis=0)
    for place in np.ndindex(x.shape):
        h = np.zeros_like(x)
        h[place] = 1e-5
        difference = (grad * (function(x + h, axis=0) - function(x - h, axis=0))).sum() / 2e-5
        assert abs(difference - g[place]) < 1e-8


# Special values (the table of the conventions)


@pytest.mark.parametrize(
    ("row", "soft", "log_soft"),
    [
        ([1, np.inf], [0, 1], [-np.inf, 0]),
        ([np.inf, np.inf], [0.5, 0.5], [-np.log(2), -np.log(2)]),
        ([np.inf, 3, np.inf, np.inf, np.inf], [0.25, 0, 0.25, 0.25, 0.25], [-np.log(4), -np.inf, *[-np.log(4)] * 3]),
        ([-np.inf, -np.inf], [np.nan, np.nan], [np.nan, np.nan]),
        ([1, -np.inf], [1, 0], [0, -np.inf]),
        ([1, np.nan], [np.nan, np.nan], [np.nan, np.nan]),
        ([np.nan, np.inf], [np.nan, np.nan], [np.nan, np.nan]),
        ([-np.inf, np.inf], [0, 1], [-np.inf, 0]),
        ([5], [1], [0]),
        ([-np.inf], [np.nan], [np.nan]),
        ([np.inf], [1], [0]),
    ],
    ids=str,
)
def test_special_rows(dtype, row, soft, log_soft):
    """In a row of its own, in both places of a matrix, and as columns."""
    x = np.array(row, dtype)
    ordinary = np.linspace(-1, 1, x.size, dtype=dtype)
    for result, wanted in ((fa.softmax, soft), (fa.log_softmax, log_soft)):
        wanted = np.array(wanted, dtype)
        matrix = np.array([ordinary, x, ordinary, x])
        for found in (result(x), result(matrix)[1], result(matrix)[3], result(np.array(matrix.T), axis=0)[:, 1]):
            np.testing.assert_allclose(found, wanted, rtol=2 * np.finfo(dtype).eps, atol=0)
        assert same_bits(result(matrix)[0], result(ordinary))


@pytest.mark.parametrize("length", [3, 17, 64, 200])
def test_nan_anywhere_fills_the_row(dtype, length):
    """A vector's maximum must not lose it in any lane."""
    for place in range(length):
        x = np.zeros((2, length), dtype)
        x[0, place] = np.nan
        for operation in OPERATIONS:
            result = getattr(fa, operation)(x)
            assert np.isnan(result[0]).all(), (operation, place)
            assert not np.isnan(result[1]).any(), (operation, place)


def test_largest_and_smallest_numbers(working_dtype):
    big = float(np.finfo(working_dtype).max)
    assert (fa.softmax(np.array([big, -big], working_dtype)) == [1, 0]).all()
    assert (fa.softmax(np.array([-big, -big], working_dtype)) == [0.5, 0.5]).all()
    assert (fa.log_softmax(np.array([big, big], working_dtype)) == -working_dtype_log2(working_dtype)).all()
    tiny = np.array([5, 1, 2], working_dtype) * np.finfo(working_dtype).smallest_subnormal
    assert units(fa.softmax(tiny), np.full(3, np.longdouble(1) / 3), 0).max() <= 1


def working_dtype_log2(dtype):
    return np.dtype(dtype).type(np.log(np.longdouble(2)))


def test_subnormal_probabilities(working_dtype):
    """They are kept, not flushed."""
    low = {"float32": -95.0, "float64": -725.0}[working_dtype]
    y = fa.softmax(np.array([0.0, low], working_dtype))[1]
    assert 0 < y < np.finfo(working_dtype).tiny


@pytest.mark.parametrize("operation", OPERATIONS)
@pytest.mark.parametrize(("shape", "axis"), [((0,), 0), ((0, 3), 0), ((0, 3), 1), ((3, 0), 1), ((3, 0), 0), ((2, 0, 4), -1)])
def test_empty(operation, dtype, shape, axis):
    x = np.empty(shape, dtype)
    assert getattr(fa, operation)(x, axis=axis).shape == shape
    assert getattr(fa, operation)(x, axis=axis).dtype == np.dtype(dtype)
    assert getattr(fa, operation + "_")(x, axis=axis) is x
    if operation in SOFT:
        assert getattr(fa, operation).backward(x, x, axis=axis).shape == shape


# Layouts and bits


@pytest.mark.parametrize("operation", OPERATIONS)
def test_layouts(operation, dtype, rng):
    values = rng.normal(scale=3, size=500).astype(dtype)
    function, in_place = getattr(fa, operation), getattr(fa, operation + "_")
    for layout in LAYOUTS:
        grown = Laid(layout, dtype, values)
        for axis in range(grown.array.ndim):
            grown = Laid(layout, dtype, values)
            plain = grown.native()
            wanted = function(plain, axis=axis)
            assert same_bits(function(grown.array, axis=axis), wanted), (layout, axis)
            assert grown.unchanged(), (layout, axis)
            if operation in SOFT:
                wanted_g = function.backward(plain, wanted, axis=axis)
                assert same_bits(function.backward(grown.array, wanted, axis=axis), wanted_g), (layout, axis)
            assert in_place(grown.array, axis=axis) is grown.array
            assert same_bits(grown.array, wanted), (layout, axis)
            assert grown.canaries_alive(), (layout, axis)
            out = Laid(layout, dtype, values[::-1])
            assert function(plain, axis=axis, out=out.array) is out.array
            assert same_bits(out.array, wanted), (layout, axis)
            assert out.canaries_alive(), (layout, axis)


@pytest.mark.parametrize("operation", OPERATIONS)
def test_out_overlaps(operation, working_dtype, rng):
    for make in (
        lambda b: (b[:-1], b[1:]),
        lambda b: (b[1:], b[:-1]),
        lambda b: (b, b[::-1]),
        lambda b: (b[:, :-1], b[:, 1:]),
        lambda b: (b[:20, :20], b[:20, :20].T),
    ):
        x, out = make(rng.normal(size=(30, 25)).astype(working_dtype))
        for axis in (0, 1):
            wanted = getattr(fa, operation)(x.copy(), axis=axis)
            assert same_bits(getattr(fa, operation)(x, axis=axis, out=out), wanted)


@pytest.mark.parametrize("operation", OPERATIONS)
@pytest.mark.parametrize("shape", [(4000, 10), (60, 100)] if SLOW else [(40_000, 10), (600, 1000), (2, 300_000), (3, 5000, 33)])
def test_threads(operation, working_dtype, shape, rng):
    x = rng.normal(size=shape).astype(working_dtype)
    function = getattr(fa, operation)
    for axis in range(x.ndim):
        with fa.num_threads(1):
            one = function(x, axis=axis)
            g_one = function.backward(x, one, axis=axis) if operation in SOFT else None
        for threads in (2, 3):
            with fa.num_threads(threads):
                assert same_bits(function(x, axis=axis), one), (axis, threads)
                assert same_bits(getattr(fa, operation + "_")(x.copy(), axis=axis), one), (axis, threads)
                if operation in SOFT:
                    assert same_bits(function.backward(x, one, axis=axis), g_one), (axis, threads)


@pytest.mark.parametrize("operation", OPERATIONS)
def test_rows_do_not_depend_on_their_place(operation, working_dtype, rng):
    """A row alone, in a matrix, as a column among others: the same bits."""
    for length in [*range(1, 70), 127, 128, 129, 1000]:
        row = rng.normal(size=length).astype(working_dtype)
        alone = getattr(fa, operation)(row)
        matrix = rng.normal(size=(5, length)).astype(working_dtype)
        matrix[3] = row
        assert same_bits(getattr(fa, operation)(matrix)[3], alone), length
        assert same_bits(getattr(fa, operation)(np.asfortranarray(matrix))[3], alone), length
        assert same_bits(np.ascontiguousarray(getattr(fa, operation)(np.ascontiguousarray(matrix.T), axis=0)[:, 3]), alone), (
            length
        )


@pytest.mark.parametrize(
    "length", [511, 512, 513, 700, 1000, 1055] if SLOW else [511, 512, 513, 700, 1000, 1055, 70_000, 140_001]
)
def test_rows_do_not_depend_on_their_alignment(length, working_dtype, rng):
    """Rows from every element of a line of the cache on, read and written: the same bits, and none beside the row is touched."""
    row = rng.normal(size=length).astype(working_dtype)
    row[length // 3] = row[length // 5] = row.max()
    weight = rng.normal(size=length).astype(working_dtype)
    functions = [
        lambda x, out: fa.softmax(x, out=out),
        lambda x, out: fa.log_softmax(x, out=out),
        lambda x, out: fa.layer_norm(x, weight, weight, out=out),
        lambda x, out: fa.rms_norm(x, weight, out=out),
        lambda x, out: fa.normalize(x, out=out),
        lambda x, out: fa.hardmax(x, out=out),
        lambda x, out: fa.softmax.backward(x, row, out=out),
        lambda x, out: fa.layer_norm.backward(x, row, out=out),
        lambda x, out: np.copyto(out, fa.logsumexp(x)),
    ]
    line = 64 // row.itemsize
    x, out = (np.empty(length + 4 * line, working_dtype) for _ in range(2))
    x, out = (a[-a.ctypes.data % 64 // row.itemsize :][: length + 3 * line] for a in (x, out))
    for function in functions:
        wanted = np.empty_like(row)
        function(row, wanted)
        for at in range(line):
            for to in {at, (at + 5) % line}:
                part, target = x[line + at :][:length], out[line + to :][:length]
                x.fill(np.nan)
                part[...] = row
                out.fill(7)
                function(part, target)
                assert same_bits(target, wanted), (at, to)
                assert (out[: line + to] == 7).all(), (at, to)
                assert (out[line + to + length :] == 7).all(), (at, to)
                function(part, part)
                assert same_bits(part, wanted), at
                assert np.isnan(x[: line + at]).all(), at
                assert np.isnan(x[line + at + length :]).all(), at


@pytest.mark.parametrize("operation", OPERATIONS)
def test_names_and_pickle(operation):
    import inspect
    import pickle

    for name in (operation, operation + "_"):
        function = getattr(fa, name)
        assert function.__name__ == name
        assert function.__module__ == "fastact"
        assert pickle.loads(pickle.dumps(function)) is function
        assert inspect.getdoc(function).splitlines()[0].endswith(".")
        assert list(inspect.signature(function).parameters)[:2] == ["x", "axis"]

"""Layer norm, RMS norm, z-scores, ranges and norms of rows: values, gradients, special values, settings."""

import subprocess
import sys

import numpy as np
import pytest
import row_truth
from inputs import same_bits

import fastact as fa

ULPS = {"float32": 4, "float64": 4}
"""A score is the quotient by a statistic that is right to 2, after roundings of its own."""
CASES = {
    "layer_norm": (lambda x, axis, **o: fa.layer_norm(x, axis=axis, **o), row_truth.layer_norm),
    "rms_norm": (lambda x, axis, **o: fa.rms_norm(x, axis=axis, eps=1e-5, **o), row_truth.rms_norm),
    "zscore": (
        lambda x, axis, **o: fa.zscore(x, axis, 1, 0.125, **o),
        lambda x, a: row_truth.zscore(x, a, 1, 0.125),
    ),
    "minmax": (lambda x, axis, **o: fa.minmax(x, axis, **o), row_truth.minmax),
    "normalize-1": (lambda x, axis, **o: fa.normalize(x, 1, axis, **o), lambda x, a: row_truth.normalize(x, a, 1)),
    "normalize-2": (lambda x, axis, **o: fa.normalize(x, 2, axis, **o), lambda x, a: row_truth.normalize(x, a, 2)),
    "normalize-3": (lambda x, axis, **o: fa.normalize(x, 3, axis, **o), lambda x, a: row_truth.normalize(x, a, 3)),
    "normalize-inf": (
        lambda x, axis, **o: fa.normalize(x, np.inf, axis, **o),
        lambda x, a: row_truth.normalize(x, a, np.inf),
    ),
}
BACKWARD = {
    "layer_norm": lambda g, x, a: fa.layer_norm.backward(g, x, axis=a),
    "rms_norm": lambda g, x, a: fa.rms_norm.backward(g, x, axis=a, eps=1e-5),
    "zscore": lambda g, x, a: fa.zscore.backward(g, x, a, 1, 0.125),
    "minmax": lambda g, x, a: fa.minmax.backward(g, x, a),
    "normalize-1": lambda g, x, a: fa.normalize.backward(g, x, 1, a),
    "normalize-2": lambda g, x, a: fa.normalize.backward(g, x, 2, a),
    "normalize-3": lambda g, x, a: fa.normalize.backward(g, x, 3, a),
    "normalize-inf": lambda g, x, a: fa.normalize.backward(g, x, np.inf, a),
}
CARRIED_FURTHER = fa.backend == "cython" or np.finfo(np.longdouble).nmant > np.finfo(np.float64).nmant
"""Without the compiled kernels float64 sums are carried in long double, which may be no wider."""


def ulps(result, wanted, floor=0.25):
    size = np.maximum(np.abs(wanted).astype(float), floor)
    return float((np.abs(result - wanted) / np.spacing(size.astype(result.dtype))).max())


@pytest.mark.parametrize("axis", [0, 1, 2])
@pytest.mark.parametrize("shape", [(2, 3, 5), (3, 40, 7), (1, 300, 2), (2, 129, 16)], ids=str)
@pytest.mark.parametrize("case", CASES)
def test_values(case, shape, axis, working_dtype, rng):
    function, truth = CASES[case]
    if shape[axis] == 1:
        pytest.skip("a row of one element has no deviation")
    # In float64 long double is a truth at small offsets only.
    for offset in (0, {"float32": 1e4, "float64": 16 * CARRIED_FURTHER}[working_dtype]):
        if offset and case in ("rms_norm", "normalize-3"):
            continue
        x = (rng.normal(scale=3, size=shape) + offset).astype(working_dtype)
        result = function(x, axis)
        assert ulps(result, truth(x.astype(np.longdouble), axis)) <= ULPS[working_dtype]
        out = np.empty_like(x)
        assert function(x, axis, out=out) is out
        assert same_bits(out, result)
        twin = getattr(fa, case.partition("-")[0] + "_")
        settings = {"zscore": (1, 0.125)}.get(case, ())
        order = (float(case.partition("-")[2]),) if "-" in case else ()
        eps = {"eps": 1e-5} if case in ("layer_norm", "rms_norm") else {}
        written = np.asfortranarray(x)
        assert (twin(written, *order, axis=axis, **eps) if not settings else twin(written, axis, *settings)) is written
        assert same_bits(np.ascontiguousarray(written), result)


@pytest.mark.parametrize("axis", [0, 1, (0, 2), None], ids=str)
@pytest.mark.parametrize("case", CASES)
def test_backward(case, axis, working_dtype, rng):
    """Against differences of the formula; no element is near a kink of a norm or a range."""
    x = rng.permutation(np.linspace(-2.05, 3, 24)).reshape(3, 4, 2).astype(working_dtype)
    grad = rng.normal(size=x.shape).astype(working_dtype)
    axes = tuple(range(3)) if axis is None else axis if isinstance(axis, tuple) else (axis,)
    order = (*(a for a in range(3) if a not in axes), *axes)
    rows = (-1, int(np.prod([x.shape[a] for a in axes])))

    def loss(z):
        arranged = z.transpose(order).reshape(rows)
        return (grad.transpose(order).reshape(rows) * CASES[case][1](arranged, 1)).sum()

    result = BACKWARD[case](grad, x, axis)
    assert result.dtype == x.dtype
    np.testing.assert_allclose(
        result, row_truth.gradient(loss, x), rtol=0, atol={"float32": 4e-6, "float64": 1e-10}[working_dtype]
    )


@pytest.mark.parametrize("axis", [-1, 0, (1, 2), (0, 2)], ids=str)
def test_affine_parameters(axis, working_dtype, rng):
    """Weights and biases of the shape of a row, and their gradients, summed over the rows."""
    x = (rng.normal(size=(4, 5, 6)) + 100).astype(working_dtype)
    axes = (axis % 3,) if isinstance(axis, int) else axis
    row = tuple(x.shape[a] for a in axes)
    weight, bias = rng.normal(size=row).astype(working_dtype), rng.normal(size=row).astype(working_dtype)
    grad = rng.normal(size=x.shape).astype(working_dtype)
    whole = tuple(x.shape[a] if a in axes else 1 for a in range(3))
    wide, w, b = x.astype(np.longdouble), weight.reshape(whole), bias.reshape(whole)
    mean = wide.mean(axis=axes, keepdims=True)
    variance = ((wide - mean) ** 2).mean(axis=axes, keepdims=True)
    plain = (wide - mean) / np.sqrt(variance + np.longdouble(1e-5))
    others = tuple(a for a in range(3) if a not in axes)
    bound = {"float32": 2e-6, "float64": 4e-15}[working_dtype]

    y, statistics = fa.layer_norm(x, weight, bias, axis, return_statistics=True)
    np.testing.assert_allclose(y, plain * w + b, atol=bound)
    np.testing.assert_allclose(statistics.mean, mean, rtol=1e-12)
    by_x, by_weight, by_bias = fa.layer_norm.backward(grad, x, weight, axis)
    np.testing.assert_allclose(by_weight, (grad * plain).sum(axis=others), atol=20 * bound)
    np.testing.assert_allclose(by_bias, grad.astype(np.longdouble).sum(axis=others), atol=bound)
    np.testing.assert_allclose(by_x, fa.layer_norm.backward((grad * w).astype(working_dtype), x, None, axis), atol=2 * bound)
    again = fa.layer_norm.backward(grad, x, weight, axis, statistics=statistics)
    for one, other in zip((by_x, by_weight, by_bias), again, strict=True):
        np.testing.assert_allclose(one, other, atol=2 * bound)

    root = wide / np.sqrt((wide * wide).mean(axis=axes, keepdims=True) + np.longdouble(1e-6))
    y, statistics = fa.rms_norm(x, weight, axis, 1e-6, return_statistics=True)
    np.testing.assert_allclose(y, root * w, atol=bound)
    for given in (None, statistics):
        by_x, by_weight = fa.rms_norm.backward(grad, x, weight, axis, 1e-6, statistics=given)
        np.testing.assert_allclose(by_weight, (grad * root).sum(axis=others), atol=20 * bound)
        np.testing.assert_allclose(by_x, fa.rms_norm.backward((grad * w).astype(working_dtype), x, None, axis, 1e-6), atol=bound)


@pytest.mark.parametrize("offset", [0.0, 1e2, 1e3, 1e4, 1e5])
def test_layer_norm_of_data_with_an_offset(offset, rng):
    """The table that peers fail: off by 6e-3 at 1e5."""
    x = (rng.normal(size=(50, 1024)) + offset).astype(np.float32)
    assert ulps(fa.layer_norm(x), row_truth.layer_norm(x.astype(np.longdouble), 1)) <= ULPS["float32"]


@pytest.mark.parametrize("offset", [0.0, 1e2, 1e3, 1e4, 1e5])
@pytest.mark.parametrize(("function", "eps"), [(fa.layer_norm, 1e-5), (fa.zscore, 0.0)], ids=["layer_norm", "zscore"])
def test_gradients_of_data_with_an_offset(function, eps, offset, rng):
    x = (rng.normal(size=(50, 1024)) + offset).astype(np.float32)
    grad = rng.normal(size=x.shape).astype(np.float32)
    z = row_truth.layer_norm(x.astype(np.longdouble), 1, eps)
    factor = 1 / np.sqrt(x.astype(np.longdouble).var(axis=1, keepdims=True) + np.longdouble(eps))
    wanted = factor * (grad - grad.mean(axis=1, keepdims=True, dtype=np.longdouble) - z * (grad * z).mean(axis=1, keepdims=True))
    assert np.abs(function.backward(grad, x, eps=eps) - wanted).max() < 2e-6


def test_columns_of_many_rows(rng):
    """100 000 x 50 float32 at 1e4, where a float32 mean is off by standard deviations: statistics right to 2 ulp."""
    x = (rng.normal(scale=5, size=(100_000, 50)) + 1e4).astype(np.float32)
    y, smallest, largest = fa.minmax(x, axis=0, return_statistics=True)
    assert same_bits(smallest, x.min(axis=0, keepdims=True))
    assert same_bits(largest, x.max(axis=0, keepdims=True))
    assert ulps(y, row_truth.minmax(x.astype(np.longdouble), 0), floor=0) <= 2
    assert ulps(fa.zscore(x, axis=0), row_truth.zscore(x.astype(np.longdouble), 0)) <= 3.5


FEW_LONG_COLUMNS = """
import numpy as np
import fastact as fa

for n in (16400, 32768):
    for dtype in (np.float32, np.float64):
        x = np.random.default_rng(n).normal(size=(n, 3)).astype(dtype)
        scale = np.linspace(-2, 2, n, dtype=dtype)
        wanted = (x - x.mean(axis=0)) / np.sqrt(x.var(axis=0) + 1e-5) * scale[:, None] + scale[:, None]
        for threads in (1, 3):
            with fa.num_threads(threads):
                for _ in range(4):
                    assert np.abs(fa.layer_norm(x, scale, scale, 0) - wanted).max() < 1e-4
"""


def test_dense_parameters_of_few_long_columns():
    """In a process of its own: copies of the parameters that end in the memory behind them would be found when it is freed."""
    done = subprocess.run([sys.executable, "-P", "-c", FEW_LONG_COLUMNS], capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done


@pytest.mark.parametrize("shape", [(40, 32), (16, 24), (8, 3), (1000, 20), (1000, 33), (5, 300), (4, 3, 50)], ids=str)
@pytest.mark.parametrize(
    "layout", [np.asarray, np.asfortranarray, lambda x: np.repeat(x, 2, -1)[..., ::2], lambda x: np.flip(np.flip(x).copy())]
)
def test_add_and_normalize_in_every_layout(layout, shape, dtype, rng):
    x, residual = rng.normal(size=(2, *shape)).astype(dtype)
    for axis in range(len(shape)):
        weight = rng.normal(size=shape[axis]).astype(dtype)
        wide = x.astype(np.longdouble) + residual
        along = [1] * len(shape)
        along[axis] = -1
        bound = 4e-3 if dtype == "float16" else 1e-5 if dtype == "float32" else 1e-12
        y, total = fa.add_layer_norm(layout(x), layout(residual), np.repeat(weight, 2)[::2], axis=axis)
        np.testing.assert_allclose(y, row_truth.layer_norm(wide, axis) * weight.reshape(along), rtol=0, atol=bound)
        np.testing.assert_array_equal(total, x + residual)
        y, total = fa.add_rms_norm(layout(x), layout(residual), weight, axis=axis, eps=1e-5)
        np.testing.assert_allclose(y, row_truth.rms_norm(wide, axis) * weight.reshape(along), rtol=0, atol=bound)
        np.testing.assert_array_equal(total, x + residual)


def test_add_and_normalize(working_dtype, rng):
    for shape in ((7,), (300, 1000), (4, 3, 50)):
        x, residual = rng.normal(size=(2, *shape)).astype(working_dtype)
        weight, bias = rng.normal(size=(2, shape[-1])).astype(working_dtype)
        y, total = fa.add_layer_norm(x, residual, weight, bias)
        assert same_bits(total, x + residual)
        assert same_bits(y, fa.layer_norm(total, weight, bias))
        y, total = fa.add_rms_norm(x, residual, weight)
        assert same_bits(total, x + residual)
        assert same_bits(y, fa.rms_norm(total, weight))
        grad, more = rng.normal(size=(2, *shape)).astype(working_dtype)
        by_sum, by_weight, by_bias = fa.add_layer_norm.backward(grad, total, weight, grad_total=more)
        wanted = fa.layer_norm.backward(grad, total, weight)
        assert same_bits(by_sum, wanted[0] + more)
        assert same_bits(by_weight, wanted[1])
        assert same_bits(by_bias, wanted[2])
        by_sum, by_weight = fa.add_rms_norm.backward(grad, total, weight)
        assert same_bits(by_sum, fa.rms_norm.backward(grad, total, weight)[0])
        assert same_bits(fa.add_rms_norm.backward(grad, total, grad_total=more), fa.rms_norm.backward(grad, total) + more)
    y, total = fa.add_layer_norm(x, residual, axis=0)
    assert same_bits(y, fa.layer_norm(x + residual, axis=0))


def test_weight_norm(working_dtype, rng):
    x, gain = rng.normal(size=(5, 8)).astype(working_dtype), rng.normal(size=5).astype(working_dtype)
    grad = rng.normal(size=(5, 8)).astype(working_dtype)
    result = fa.weight_norm(x, gain)
    length = row_truth.norm(x.astype(np.longdouble), 1, 2)
    assert ulps(result, x / length * gain[:, np.newaxis], floor=0) <= 2
    by_x, by_gain = fa.weight_norm.backward(grad, x, gain)
    bound = {"float32": 2e-6, "float64": 1e-11}[working_dtype]
    np.testing.assert_allclose(by_gain, (grad * x / length).sum(axis=1), atol=bound)
    wanted = row_truth.gradient(lambda z: (grad * z / row_truth.norm(z, 1, 2) * gain[:, np.newaxis]).sum(), x)
    np.testing.assert_allclose(by_x, wanted, atol=bound)
    for same in (gain[:, np.newaxis], gain):
        assert same_bits(fa.weight_norm(x, same), result)
    assert same_bits(fa.weight_norm(x, 2.0), fa.weight_norm(x, np.full(5, 2.0)))
    assert same_bits(fa.weight_norm(x.T, gain, axis=0).T, result)


def test_constant_rows_and_zeros(dtype):
    constant = np.full((2, 6), 7, dtype)
    zeros = np.zeros((2, 6), dtype)
    assert (fa.layer_norm(constant, bias=np.full(6, 3.0), eps=0.0) == 3).all()
    assert (fa.minmax(constant) == 0).all()
    assert (fa.minmax(constant, feature_range=(-1, 1)) == -1).all()
    assert (fa.rms_norm(zeros, eps=0.0) == 0).all()
    for p in (1, 2, 3, np.inf):
        assert (fa.normalize(zeros, p, eps=0.0) == 0).all()
        assert (fa.normalize.backward(zeros + 1, zeros, p, eps=0.0) == 1).all()
    assert (fa.weight_norm(zeros, 2.0) == 0).all()
    assert (fa.minmax.backward(constant, constant) == 0).all()
    assert (fa.zscore.backward(constant, constant) == 0).all()


@pytest.mark.parametrize("case", CASES)
def test_nan_fills_its_row(case, dtype):
    for length in (3, 17, 70):
        for place in (0, length // 2, length - 1):
            x = np.linspace(1, 2, 3 * length, dtype=dtype).reshape(3, length)
            x[1, place] = np.nan
            for result in (CASES[case][0](x, 1), CASES[case][0](np.ascontiguousarray(x.T), 0).T):
                assert np.isnan(result[1]).all()
                assert not np.isnan(result[[0, 2]]).any()


def test_extreme_magnitudes(working_dtype):
    """Squares that overflow or vanish in the working precision."""
    tiny, huge = {"float32": (1e-38, 5e37), "float64": (1e-150, 1e150)}[working_dtype]
    for size in (tiny, huge):
        x = np.array([3, 4, 0, 0], working_dtype) * np.array(size, working_dtype)
        np.testing.assert_allclose(fa.normalize(x, eps=0.0), [0.6, 0.8, 0, 0], rtol=1e-6)
        np.testing.assert_allclose(fa.rms_norm(x, eps=0.0), [1.2, 1.6, 0, 0], rtol=1e-6)
        z = np.array([-1, 1], working_dtype) * np.array(size, working_dtype)
        np.testing.assert_allclose(fa.layer_norm(z, eps=0.0), [-1, 1], rtol=1e-6)
        np.testing.assert_allclose(fa.zscore(z, eps=0.0), [-1, 1], rtol=1e-6)


@pytest.mark.parametrize("case", CASES)
def test_dtypes_and_empties(case, dtype, rng):
    function = CASES[case][0]
    x = rng.normal(size=(4, 6)).astype(dtype)
    assert function(x, 1).dtype == dtype
    assert function([[1, 2, 4]], 1).dtype == np.float64
    for shape in ((0, 3), (3, 0)):
        for axis in (0, 1):
            assert function(np.empty(shape, dtype), axis).shape == shape


def test_integers_of_the_worked_example():
    assert fa.minmax([10, 20, 30, 40, 50]).tolist() == [0, 0.25, 0.5, 0.75, 1]


@pytest.mark.parametrize(
    ("call", "error", "words"),
    [
        (lambda x: fa.layer_norm(x, np.ones(4)), ValueError, "weight has shape"),
        (lambda x: fa.layer_norm(x, bias=np.ones((2, 3))), ValueError, "bias has shape"),
        (lambda x: fa.layer_norm_(x, eps=-1.0), ValueError, "eps is -1.0"),
        (lambda x: fa.layer_norm(x, axis=2), np.exceptions.AxisError, "axis 2"),
        (lambda x: fa.layer_norm.backward(np.ones(3), x), ValueError, "grad has shape"),
        (lambda x: fa.rms_norm_(x, np.ones(2)), ValueError, "weight has shape"),
        (lambda x: fa.rms_norm(x, eps=np.nan), ValueError, "eps is nan"),
        (lambda x: fa.normalize_(x, 0.5), ValueError, "p is 0.5"),
        (lambda x: fa.normalize_(x, "two"), TypeError, "p is 'two'"),
        (lambda x: fa.normalize(x, eps=-1e-3), ValueError, "eps is -0.001"),
        (lambda x: fa.minmax_(x, feature_range=(1, 0)), ValueError, "feature_range is"),
        (lambda x: fa.minmax(x, feature_range=1), TypeError, "feature_range is 1"),
        (lambda x: fa.weight_norm(x, np.ones(3)), ValueError, "gain has shape"),
        (lambda x: fa.add_layer_norm(x, np.ones(3)), ValueError, "residual has shape"),
        (lambda x: fa.zscore.backward(x, x, eps=-1.0), ValueError, "eps is -1.0"),
        (lambda x: fa.add_layer_norm.backward(x, x, grad_total=x[0]), ValueError, "grad_total has shape"),
        (lambda x: fa.layer_norm(x.astype(complex)), TypeError, "x has dtype complex128"),
        (lambda x: fa.layer_norm(x, out=np.empty(3)), ValueError, "out has shape"),
    ],
)
def test_bad_arguments(call, error, words):
    x = np.arange(6.0).reshape(2, 3)
    before = x.copy()
    with pytest.raises(error, match=words):
        call(x)
    assert same_bits(x, before)


@pytest.mark.parametrize("shape", [(4, 40), (1, 300), (40, 4)], ids=str)
def test_parameters_within_the_output(shape, rng, working_dtype):
    x = rng.normal(size=shape).astype(working_dtype)
    out = rng.normal(size=shape).astype(working_dtype)
    weight, bias = out[0], out[-1]
    wanted = fa.layer_norm(x, weight.copy(), bias.copy())
    assert same_bits(fa.layer_norm(x, weight, bias, out=out), wanted)
    wanted = fa.rms_norm(x, x[0].copy(), eps=1e-6)
    assert same_bits(fa.rms_norm_(x, x[0], eps=1e-6), wanted)


@pytest.mark.parametrize("axis", [0, 1, -1, (1,)], ids=str)
def test_a_call_does_not_depend_on_how_it_is_written(axis, rng, working_dtype):
    """Positions or names, a contiguous array or not, defaults left out or given: one result."""
    x = rng.normal(size=(7, 9)).astype(working_dtype)
    n = x.shape[axis if isinstance(axis, int) else axis[0]]
    weight, bias = rng.normal(size=(2, n)).astype(working_dtype)
    apart = np.repeat(x, 2, 1)[:, ::2]
    wanted = fa.layer_norm(apart, weight, bias, axis, 1e-5)
    assert same_bits(fa.layer_norm(x, weight, bias, axis), wanted)
    assert same_bits(fa.layer_norm(x, bias=bias, weight=weight, axis=axis, eps=1e-5), wanted)
    assert same_bits(fa.layer_norm(x, weight, axis=axis, bias=bias, out=np.empty_like(x)), wanted)
    assert same_bits(fa.layer_norm(x, weight.repeat(2)[::2], bias, axis), wanted)
    assert same_bits(fa.layer_norm_(x.copy(), weight, bias, axis), wanted)
    wanted = fa.rms_norm(apart, weight, axis, float(np.finfo(working_dtype).eps))
    assert same_bits(fa.rms_norm(x, weight, axis), wanted)
    assert same_bits(fa.rms_norm_(x.copy(), axis=axis, weight=weight), wanted)
    assert same_bits(fa.minmax(x, axis), fa.minmax(apart, axis, (0.0, 1.0)))
    with pytest.raises(ValueError, match="weight has shape"):
        fa.layer_norm(x, weight[:-1], bias, axis)
    with pytest.raises(ValueError, match="eps is"):
        fa.rms_norm(x, weight, axis, eps=-1.0)
    with pytest.raises(TypeError, match="gain"):
        fa.rms_norm(x, weight, axis, gain=1.0)

"""Softmin, logsumexp, sparsemax, hardmax; scales, caps and masks."""

import numpy as np
import pytest
import row_truth
from inputs import same_bits

import fastact as fa

SHARING = [fa.softmax, fa.log_softmax, fa.softmin, fa.sparsemax, fa.hardmax]
BACKWARD_BOUND = {"float32": 1e-6, "float64": 1e-11}


def named(function):
    return function.__name__


def ulps(result, wanted, floor=0.0):
    size = np.maximum(np.abs(wanted).astype(float), floor)
    return float((np.abs(result - wanted) / np.spacing(size.astype(result.dtype))).max())


@pytest.mark.parametrize("axis", [0, 1, 2])
@pytest.mark.parametrize("shape", [(1, 1, 1), (3, 40, 5), (2, 7, 65), (1, 300, 1)], ids=str)
def test_values(shape, axis, working_dtype, rng):
    if fa.backend != "cython" and working_dtype == "float64":
        pytest.skip("long double is the truth of float64 only where the sums are not long double themselves")
    x = rng.normal(scale=3, size=shape).astype(working_dtype)
    wide = x.astype(np.longdouble)
    assert ulps(fa.softmin(x, axis=axis), row_truth.softmax(-wide, axis)) <= 3
    result = fa.logsumexp(x, axis=axis, keepdims=True)
    assert result.shape == tuple(1 if a == axis else n for a, n in enumerate(shape))
    assert ulps(result, row_truth.logsumexp(wide, axis), floor=1.0) <= 2
    assert same_bits(fa.logsumexp(x, axis=axis), result.squeeze(axis))
    assert ulps(fa.sparsemax(x, axis=axis), row_truth.sparsemax(wide, axis), floor=1.0) <= 2
    chosen = fa.hardmax(x, axis=axis)
    assert (chosen.sum(axis=axis) == 1).all()
    assert (np.argmax(chosen, axis=axis) == np.argmax(x, axis=axis)).all()


def test_several_axes(rng):
    x = rng.normal(size=(3, 4, 5))
    flat = x.transpose(1, 0, 2).reshape(4, 15)
    for function in SHARING:
        wanted = function(flat).reshape(4, 3, 5).transpose(1, 0, 2)
        np.testing.assert_allclose(function(x, axis=(0, 2)), wanted, rtol=1e-15)
        np.testing.assert_allclose(function(x, axis=None), function(x.ravel()).reshape(x.shape), rtol=1e-15)
    np.testing.assert_allclose(fa.logsumexp(x, axis=(0, 2)), fa.logsumexp(flat), rtol=1e-15)
    assert fa.logsumexp(x, axis=None).shape == ()


@pytest.mark.parametrize("axis", [0, 1])
def test_scale_cap_and_mask(axis, working_dtype, rng):
    """Each against the formula with what was asked for written out."""
    x = rng.normal(scale=3, size=(6, 40)).astype(working_dtype)
    keep = rng.random(x.shape) < 0.7
    keep[:, :2] = keep[:2] = True
    wide = x.astype(np.longdouble)
    bound = {"float32": 2e-6, "float64": 5e-15}[working_dtype]
    cap = np.longdouble(5)
    for options, logits in (
        ({"scale": 0.25}, wide / 4),
        ({"softcap": 5.0}, cap * np.tanh(wide / cap)),
        ({"scale": 0.5, "softcap": 5.0}, cap * np.tanh(wide / 2 / cap)),
        ({"mask": keep}, np.where(keep, wide, -np.inf)),
        ({"mask": keep[:1]}, np.where(keep[:1], wide, -np.inf)),
        ({"mask": keep[:, :1]}, np.where(keep[:, :1], wide, -np.inf)),
        ({"mask": -x, "scale": 2.0}, wide),
        ({"mask": np.where(keep, 0, -np.inf).astype(working_dtype), "scale": 0.5}, np.where(keep, wide / 2, -np.inf)),
    ):
        with np.errstate(all="ignore"):
            shares, logs = row_truth.softmax(logits, axis), row_truth.log_softmax(logits, axis)
            total = row_truth.logsumexp(logits, axis).squeeze(axis)
        if np.isnan(shares).any():
            continue
        np.testing.assert_allclose(fa.softmax(x, axis=axis, **options), shares, rtol=20 * bound, atol=0)
        np.testing.assert_allclose(fa.log_softmax(x, axis=axis, **options), logs, rtol=bound, atol=bound)
        np.testing.assert_allclose(fa.logsumexp(x, axis=axis, **options), total, rtol=bound, atol=bound)
        np.testing.assert_allclose(fa.sparsemax(x, axis=axis, **options), row_truth.sparsemax(logits, axis), atol=4 * bound)
        out = np.empty_like(x)
        assert fa.softmax(x, axis=axis, out=out, **options) is out
        written = x.copy()
        assert fa.softmax_(written, axis=axis, **options) is written
        assert same_bits(out, written)


KEEP = np.random.default_rng(5).random((3, 4, 5)) < 0.7
KEEP[0, 1] = KEEP[:, 2, 3] = False
MASKS = {
    "booleans": KEEP,
    "of a row": KEEP[0, 0],
    "one for a row": KEEP[:, :, :1].copy(),
    "one for a batch": KEEP[:, :1].copy(),
    "one for a column of a batch": KEEP[:, 0][:, np.newaxis].copy(),
    "a part of it": KEEP[:, :, :1],
    "all of it": np.array(False),
    "other strides": np.asfortranarray(KEEP),
    "every second": np.repeat(KEEP, 2, axis=2)[:, :, ::2],
    "float32": np.where(KEEP, np.float32(0.5), -np.float32(np.inf)),
    "float64": np.where(KEEP, 0.5, -np.inf),
    "float16, of a row": np.where(KEEP[2, 0], np.float16(0.5), -np.float16(np.inf)),
    "unaligned": np.frombuffer(b"\0" + np.where(KEEP[1], 0.5, -np.inf).tobytes(), dtype="u1")[1:].view(np.float64).reshape(4, 5),
}


@pytest.mark.parametrize("axis", [0, 1, 2])
@pytest.mark.parametrize("kind", MASKS)
def test_masks_of_every_kind(kind, axis, working_dtype, rng):
    """Whatever part of x it is for and however it lies in memory; rows that are all masked give zeros."""
    x = rng.normal(size=KEEP.shape).astype(working_dtype)
    mask = MASKS[kind]
    logits = 0.5 * x.astype(np.longdouble)
    logits = np.where(mask, logits, -np.inf) if mask.dtype == bool else logits + mask
    with np.errstate(invalid="ignore"):
        shares, logs = row_truth.softmax(logits, axis), row_truth.log_softmax(logits, axis)
    hidden = np.broadcast_to((logits == -np.inf).all(axis=axis, keepdims=True), x.shape)
    eps = np.finfo(working_dtype).eps
    for function, wanted in ((fa.softmax, np.where(hidden, 0, shares)), (fa.log_softmax, np.where(hidden, -np.inf, logs))):
        result = function(x, axis=axis, scale=0.5, mask=mask)
        np.testing.assert_allclose(result, wanted, rtol=4 * eps, atol=0)
        written = x.copy()
        twin = fa.softmax_ if function is fa.softmax else fa.log_softmax_
        assert twin(written, axis, scale=0.5, mask=mask) is written
        assert same_bits(written, result)
        if mask.dtype == working_dtype and mask.shape == x.shape:
            over = mask.copy()
            assert function(x, axis, over, scale=0.5, mask=over) is over
            assert same_bits(over, result)
            beside = np.concatenate([mask.ravel(), mask.ravel()])
            out, moved = beside[7 : 7 + x.size].reshape(x.shape), beside[: x.size].reshape(x.shape)
            function(x, axis=axis, out=out, scale=0.5, mask=moved)
            assert same_bits(out, result)


@pytest.mark.parametrize("axis", [0, 1])
def test_masked_shares_are_as_exact(axis, working_dtype, rng):
    """With a scale that does not round: 2 ulp, as without a mask."""
    if fa.backend != "cython" and working_dtype == "float64":
        pytest.skip("long double is the truth of float64 only where the sums are not long double themselves")
    x = rng.normal(scale=3, size=(300, 200)).astype(working_dtype)
    keep = rng.random(x.shape) < 0.7
    logits = np.where(keep, x.astype(np.longdouble) / 2, -np.inf)
    assert ulps(fa.softmax(x, axis, scale=0.5, mask=keep), row_truth.softmax(logits, axis)) <= 2


@pytest.mark.parametrize("axis", [0, 1])
@pytest.mark.parametrize("length", [2, 3, 10, 100, 3000])
def test_the_digits_of_a_dominant_class(length, axis, working_dtype, rng):
    """What the others add is small beside the largest exponential: from as much down to nothing, in neighbouring rows."""
    if working_dtype == "float64" and np.finfo(np.longdouble).nmant == np.finfo(np.float64).nmant:
        pytest.skip("the truth has no more digits than the result here")
    margins = np.arange(0, 50, 0.25)
    x = rng.normal(size=(margins.size, length)).astype(working_dtype)
    rows, classes = np.arange(margins.size), rng.integers(0, length, margins.size)
    x[rows, classes] = row_truth.logsumexp(x, 1)[:, 0] + margins
    classes = x.argmax(axis=1)
    others = np.exp(x.astype(np.longdouble) - x.max(axis=1, keepdims=True))
    others[rows, classes] = 0
    loss = np.log1p(others.sum(axis=1))

    scores = x if axis else x.T
    result = fa.log_softmax(scores, axis=axis)
    result = result if axis else result.T
    assert ulps(result[rows, classes], -loss) <= 2.5
    for r in rows[::40]:
        assert same_bits(result[r], fa.log_softmax(x[r]))
    losses, gradient = fa.cross_entropy.value_and_gradient(scores, classes, axis=axis, reduction="none")
    gradient = gradient if axis else gradient.T
    assert ulps(losses, loss) <= 2.5
    assert ulps(gradient[rows, classes], np.expm1(-loss)) <= 3
    assert ulps(fa.logsumexp(scores, axis=axis), x.max(axis=1) + loss, floor=1.0) <= 2


NEAR = {"float32": 37.0, "float64": 370.0}
STARTS = [-np.inf, -1e30, -1e4, -2000.0, -111.0, -105.0, -104.9, -50.0, -1.0, 0.0, 100.0, 209.9, 211.0, 2000.0, 1e30]


@pytest.mark.parametrize("axis", [0, 1])
@pytest.mark.parametrize("length", [3, 40, 300])
def test_the_first_elements_may_be_anything(length, axis, working_dtype, rng):
    """They tell how to scale the exponentials of a row if the largest is not far above; rows in which it is lie among others."""
    if working_dtype == "float64" and np.finfo(np.longdouble).nmant == np.finfo(np.float64).nmant:
        pytest.skip("the truth has no more digits than the result here")
    near = np.array(NEAR[working_dtype], working_dtype)
    rows = np.repeat(np.array([*STARTS, -near, -np.nextafter(near, 0), near], working_dtype), 20)
    x = rng.normal(size=(rows.size, length)).astype(working_dtype)
    x[:, 0] = rows
    if length > 32:
        x[1::2, :16] = np.minimum(x[1::2, :16], rows[1::2, None])
    x[:, 1] = np.where(rng.random(rows.size) < 0.5, 0, x[:, 1])
    x[::7] = np.minimum(x[::7], 0)
    wide = x.astype(np.longdouble)
    e = np.exp(wide - wide.max(axis=1, keepdims=True))
    shares = e / e.sum(axis=1, keepdims=True)
    scores = x if axis else x.T

    def rows_of(result):
        return result if axis else result.T

    found = rows_of(fa.softmax(scores, axis=axis))
    tiny = np.finfo(working_dtype).tiny
    assert ulps(found, shares, floor=tiny) <= 3
    assert ulps(fa.logsumexp(scores, axis=axis), row_truth.logsumexp(wide, 1)[:, 0], floor=1.0) <= 2
    logs = rows_of(fa.log_softmax(scores, axis=axis))
    finite = np.isfinite(x)
    assert ulps(logs[finite], row_truth.log_softmax(wide, 1)[finite], floor=1.0) <= 3
    assert (logs[~finite] == -np.inf).all()
    fewer = np.ascontiguousarray(scores[::9] if axis else scores[:, ::9])
    for function, twin, result in ((fa.softmax, fa.softmax_, found), (fa.log_softmax, fa.log_softmax_, logs)):
        assert same_bits(rows_of(twin(scores.copy(), axis=axis)), result)
        assert same_bits(rows_of(function(fewer, axis=axis)), result[::9])
        assert same_bits(np.stack([function(row) for row in x[::9]]), result[::9])
    targets = np.full(rows.size, length - 1)
    losses, gradient = fa.cross_entropy.value_and_gradient(scores, targets, axis=axis, reduction="none")
    assert ulps(losses, row_truth.logsumexp(wide, 1)[:, 0] - wide[:, -1], floor=1.0) <= 3
    assert ulps(rows_of(gradient)[:, :-1], shares[:, :-1], floor=tiny) <= 5


def test_softmin_scales(rng):
    x = rng.normal(size=20)
    np.testing.assert_allclose(fa.softmin(x, scale=2.0), row_truth.softmax(-2 * x, 0), rtol=1e-14)


@pytest.mark.parametrize("function", SHARING, ids=named)
def test_fully_masked_rows(function, dtype):
    """Zero by default, as attention wants it; a masked NaN or infinity does not matter."""
    x = np.array([[1, 2, 3, 4], [np.nan, np.inf, 0, 1]], dtype)
    mask = np.array([[True, True, False, False], [False, False, False, False]])
    logarithm = function is fa.log_softmax
    for masked_row, share in (("zero", 0.0), ("nan", np.nan), ("uniform", 0.25)):
        with np.errstate(divide="ignore"):
            wanted = np.log(share) if logarithm else share
        row = function(x, mask=mask, masked_row=masked_row)[1]
        np.testing.assert_allclose(row, np.full(4, wanted), rtol=2 * np.finfo(dtype).eps)
    first = function(x, mask=mask)[0]
    assert (first[2:] == (-np.inf if logarithm else 0)).all()
    assert np.isfinite(first[:2]).all()
    hidden = function(np.array([1, np.nan, np.inf, 2], dtype), mask=[True, False, False, True])
    np.testing.assert_array_equal(hidden[[0, 3]], function(np.array([1, 2], dtype)))


def test_logsumexp_of_special_rows(dtype):
    inf = np.inf
    x = np.array([[1, inf], [inf, inf], [-inf, -inf], [-inf, 2], [1, np.nan], [-inf, np.nan]], dtype)
    np.testing.assert_array_equal(fa.logsumexp(x), np.array([inf, inf, -inf, 2, np.nan, np.nan], dtype))
    assert (fa.logsumexp(np.empty((3, 0), dtype)) == -inf).all()
    assert fa.logsumexp(np.empty((0, 3), dtype)).shape == (0,)
    assert fa.logsumexp(x, mask=np.zeros(2, bool)).tolist() == [-inf] * 6


def test_sparsemax_and_hardmax_of_special_rows(dtype):
    inf = np.inf
    x = np.array([[1, inf, 0], [inf, -inf, inf], [-inf, -inf, -inf], [1, np.nan, 2], [3, 3, 3], [-inf, 5, 5]], dtype)
    third = np.array(1, dtype) / 3
    with np.errstate(invalid="ignore"):
        wanted = [[0, 1, 0], [0.5, 0, 0.5], [np.nan] * 3, [np.nan] * 3, [third] * 3, [0, 0.5, 0.5]]
        np.testing.assert_allclose(fa.sparsemax(x), np.array(wanted, dtype), rtol=np.finfo(dtype).eps)
    wanted = [[0, 1, 0], [1, 0, 0], [1, 0, 0], [np.nan] * 3, [1, 0, 0], [0, 1, 0]]
    np.testing.assert_array_equal(fa.hardmax(x), np.array(wanted, dtype))


def test_sparsemax_of_long_rows(rng):
    """Many equal and many close scores: the support is found, and the shares add up to one."""
    for x in (np.zeros(5000), rng.normal(size=20_000), rng.normal(scale=1e-3, size=20_000), np.linspace(0, 1, 1000)):
        np.testing.assert_allclose(fa.sparsemax(x), row_truth.sparsemax(x.astype(np.longdouble), 0), atol=1e-15)


@pytest.mark.parametrize("slow", [1, 3, 29, 40])
@pytest.mark.parametrize("axis", [0, 1])
def test_sparsemax_of_rows_that_take_more_steps_than_others(axis, slow, working_dtype, rng):
    """Those whose scores are close to each other need up to nine steps, the others one."""
    x = rng.normal(scale=np.where(rng.permutation(40) < slow, 0.1, 100)[:, np.newaxis], size=(40, 1024)).astype(working_dtype)
    x = x if axis == 1 else np.asfortranarray(x).T
    wanted = row_truth.sparsemax(x.astype(np.longdouble), axis)
    np.testing.assert_allclose(fa.sparsemax(x, axis=axis), wanted, rtol=0, atol=2 * np.finfo(working_dtype).eps)


@pytest.mark.parametrize("axis", [0, 1, 2, (0, 2), None], ids=str)
@pytest.mark.parametrize("order", ["C", "F"])
def test_hardmax_of_ties(order, axis, dtype, rng):
    """The first one in the order of C, whatever the layout."""
    x = np.asarray(rng.integers(3, size=(4, 5, 6)), dtype, order=order)
    axes = (0, 1, 2) if axis is None else axis if isinstance(axis, tuple) else (axis,)
    rows = np.moveaxis(x, axes, range(-len(axes), 0))
    wanted = np.zeros(rows.shape, dtype)
    for place in np.ndindex(rows.shape[: -len(axes)]):
        wanted[place].flat[rows[place].argmax()] = 1
    wanted = np.moveaxis(wanted, range(-len(axes), 0), axes)
    np.testing.assert_array_equal(fa.hardmax(x, axis=axis), wanted)
    np.testing.assert_array_equal(fa.hardmax_(x.copy(order), axis=axis), wanted)


@pytest.mark.parametrize("axis", [0, 1, (0, 1)], ids=str)
def test_backward(axis, working_dtype, rng):
    """Against differences of the formula."""
    x = rng.normal(size=(4, 6)).astype(working_dtype)
    grad = rng.normal(size=(4, 6)).astype(working_dtype)
    bound = BACKWARD_BOUND[working_dtype]

    def check(function, truth, backward):
        wanted = row_truth.gradient(lambda z: (grad * truth(z)).sum(), x)
        np.testing.assert_allclose(backward, wanted, rtol=0, atol=4 * bound, err_msg=function)

    def along(truth):
        if axis == (0, 1):
            return lambda z: truth(z.ravel(), 0).reshape(z.shape)
        return lambda z: truth(z, axis)

    soft, log_soft, sparse = along(row_truth.softmax), along(row_truth.log_softmax), along(row_truth.sparsemax)
    check("softmax", lambda z: soft(z / 2), fa.softmax.backward(grad, fa.softmax(x, axis, scale=0.5), axis, scale=0.5))
    y = fa.log_softmax(x, axis, scale=0.5)
    check("log_softmax", lambda z: log_soft(z / 2), fa.log_softmax.backward(grad, y, axis, scale=0.5))
    y = fa.softmin(x, axis, scale=2.0)
    check("softmin", lambda z: soft(-2 * z), fa.softmin.backward(grad, y, axis, scale=2.0))
    check("sparsemax", sparse, fa.sparsemax.backward(grad, fa.sparsemax(x, axis), axis))


@pytest.mark.parametrize("axis", [0, 1])
def test_backward_of_logsumexp(axis, working_dtype, rng):
    x = rng.normal(size=(4, 6)).astype(working_dtype)
    grad = rng.normal(size=(4, 6)[1 - axis]).astype(working_dtype)
    keep = np.ones((4, 6), bool)
    keep[1, 2] = False
    cap = np.longdouble(3)
    for options, logits in (
        ({}, lambda z: z),
        ({"scale": 0.5}, lambda z: z / 2),
        ({"scale": 0.5, "softcap": 3.0}, lambda z: cap * np.tanh(z / 2 / cap)),
        ({"mask": keep}, lambda z: np.where(keep, z, -np.inf)),
    ):
        wanted = row_truth.gradient(
            lambda z, logits=logits: (np.expand_dims(grad, axis) * row_truth.logsumexp(logits(z), axis)).sum(), x
        )
        result = fa.logsumexp.backward(grad, x, axis, **options)
        np.testing.assert_allclose(result, wanted, rtol=0, atol=4 * BACKWARD_BOUND[working_dtype])
        out = x.copy()
        assert fa.logsumexp.backward(grad, out, axis, out=out, **options) is out
        assert same_bits(out, result)


def test_jacobian(rng):
    x = rng.normal(size=(2, 5))
    y, grad = fa.softmax(x), rng.normal(size=(2, 5))
    jacobian = fa.softmax_jacobian(y)
    assert jacobian.shape == (2, 5, 5)
    np.testing.assert_allclose(np.einsum("nij,nj->ni", jacobian, grad), fa.softmax.backward(grad, y), atol=1e-15)


@pytest.mark.parametrize("function", SHARING, ids=named)
def test_in_place_dtypes_and_empties(function, dtype, rng):
    twin = getattr(fa, function.__name__ + "_")
    x = rng.normal(size=(5, 6)).astype(dtype)
    for axis in (0, 1, None):
        wanted = function(x, axis=axis)
        assert wanted.dtype == dtype
        for view in (x.copy(), np.asfortranarray(x), np.repeat(x, 2, axis=1)[:, ::2]):
            assert twin(view, axis=axis) is view
            assert same_bits(np.ascontiguousarray(view), wanted)
    assert function([[1, 2]]).dtype == np.float64
    for shape in ((0,), (3, 0), (0, 3)):
        assert function(np.empty(shape, dtype)).shape == shape


@pytest.mark.parametrize(
    ("options", "error", "words"),
    [
        ({"mask": np.ones(3, bool)}, ValueError, "mask has shape"),
        ({"mask": np.ones((2, 2, 4), bool)}, ValueError, "mask has shape"),
        ({"mask": np.ones(4, int)}, TypeError, "mask has dtype"),
        ({"scale": np.nan}, ValueError, "scale is nan"),
        ({"scale": "two"}, TypeError, "scale is 'two'"),
        ({"softcap": 0.0}, ValueError, "softcap is 0.0"),
        ({"softcap": -1.0}, ValueError, "softcap is -1.0"),
        ({"mask": np.ones(4, bool), "masked_row": "one"}, ValueError, "masked_row is 'one'"),
    ],
    ids=str,
)
@pytest.mark.parametrize("function", SHARING, ids=named)
def test_bad_options(function, options, error, words):
    x = np.arange(8.0).reshape(2, 4)
    before = x.copy()
    with pytest.raises(error, match=words):
        function(x, **options)
    with pytest.raises(error, match=words):
        getattr(fa, function.__name__ + "_")(x, **options)
    assert same_bits(x, before)


def test_bad_gradient_of_logsumexp():
    with pytest.raises(ValueError, match=r"logsumexp.backward: grad has shape \(3,\)"):
        fa.logsumexp.backward(np.ones(3), np.ones((2, 4)))


@pytest.mark.parametrize("kind", ["booleans", "floats"])
@pytest.mark.parametrize(
    ("axis", "shape_of_mask"),
    [(None, (1, 3, 1, 5)), ((1, 3), (2, 3, 1, 1)), ((1, 3), (2, 1, 4, 5)), ((2, 3), (1, 1, 4, 1)), ((0, 1, 3), (1, 3, 1, 5))],
    ids=str,
)
def test_masks_that_vary_along_some_axes_of_a_row(axis, shape_of_mask, kind, dtype, rng):
    """They hide the same elements as masks of the whole shape."""
    x = rng.normal(scale=2, size=(2, 3, 4, 5)).astype(dtype)
    mask = rng.random(shape_of_mask) < 0.6
    mask = mask if kind == "booleans" else np.where(mask, rng.normal(size=shape_of_mask), -np.inf).astype(dtype)
    whole = np.broadcast_to(mask, x.shape).copy()
    for function in (*SHARING, fa.logsumexp):
        wanted = function(x, axis=axis, mask=whole)
        assert same_bits(function(x, axis=axis, mask=mask), wanted)
        if function is not fa.logsumexp:
            written = x.copy()
            getattr(fa, f"{function.__name__}_")(written, axis=axis, mask=mask)
            assert same_bits(written, wanted)
    kept = np.isfinite(whole) if kind == "floats" else whole
    sums = fa.softmax(x, axis=axis, mask=mask).sum(axis=axis, keepdims=True, dtype=float)
    some = kept.any(axis=axis, keepdims=True)
    np.testing.assert_allclose(sums, some, atol=0.01 if dtype == "float16" else 1e-6)


def test_logsumexp_backward_takes_the_shape_of_the_result(working_dtype, rng):
    x = rng.normal(size=(2, 4, 3)).astype(working_dtype)
    grad = rng.normal(size=(2, 3)).astype(working_dtype)
    wanted = grad[:, np.newaxis] * fa.softmax(x, axis=1)
    np.testing.assert_allclose(fa.logsumexp.backward(grad, x, axis=1), wanted, rtol=1e-6)
    np.testing.assert_allclose(fa.logsumexp.backward(grad[:, np.newaxis], x, axis=1), wanted, rtol=1e-6)
    for shape in ((3, 2), (6,), (1, 6, 1), (2, 1, 3, 1)):
        with pytest.raises(ValueError, match="grad has shape"):
            fa.logsumexp.backward(grad.reshape(shape), x, axis=1)


def test_logsumexp_backward_over_its_gradient(dtype):
    """Rows of one element, so that both have the same elements."""
    grad = np.array([[5], [7]], dtype)
    assert fa.logsumexp.backward(grad, np.zeros((2, 1), dtype), out=grad) is grad
    np.testing.assert_array_equal(grad, [[5], [7]])


def test_a_masked_nan_has_no_gradient(working_dtype):
    x, mask = np.array([np.nan, 1, 2], working_dtype), [False, True, True]
    wanted = fa.logsumexp.backward(1.0, x[1:], softcap=5.0)
    np.testing.assert_array_equal(fa.logsumexp.backward(1.0, x, softcap=5.0, mask=mask), [0, *wanted])


@pytest.mark.parametrize("mask", [True, np.array(True), np.array(0.0)], ids=repr)
def test_masks_without_axes(mask, dtype):
    x = np.array(2, dtype)
    assert fa.softmax(x, axis=None, mask=mask) == 1
    assert fa.log_softmax(x, axis=None, mask=mask) == 0
    assert fa.logsumexp(x, axis=None, mask=mask) == 2
    assert fa.logsumexp.backward(1.0, x, axis=None, mask=mask) == 1


def test_masks_with_masks_are_refused():
    with pytest.raises(TypeError, match="mask is a masked array"):
        fa.softmax(np.ones(3), mask=np.ma.array([True, True, False], mask=[True, False, False]))

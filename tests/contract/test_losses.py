"""The losses against their formulas in long double, and their gradients against differences of these."""

import tracemalloc

import numpy as np
import pytest
import row_truth
from inputs import same_bits
from mpmath import mp, mpf

import fastact as fa

REDUCTIONS = ["mean", "sum", "none"]


def reduced(losses, reduction, weight):
    return losses if reduction == "none" else losses.sum() / (weight if reduction == "mean" else 1)


def true_cross_entropy(x, probabilities, axis):
    return -(probabilities * row_truth.log_softmax(x, axis)).sum(axis=axis)


def check(loss, truth, x, bound, **options):
    value, gradient = loss.value_and_gradient(x, **options)
    assert value.dtype == gradient.dtype == x.dtype
    wanted = truth(x.astype(np.longdouble))
    np.testing.assert_allclose(value, wanted, rtol=bound, atol=bound)
    slopes = row_truth.gradient(lambda z: truth(z).sum(), x)
    np.testing.assert_allclose(gradient, slopes, rtol=0, atol=max(4 * bound, 1e-11))
    assert same_bits(np.asarray(loss(x, **options)), np.asarray(value))
    out = x.copy()
    again = loss.value_and_gradient(out, **options, out=out)
    assert again[1] is out
    assert same_bits(out, gradient)
    assert same_bits(np.asarray(again[0]), np.asarray(value))


BOUND = {"float32": 1e-6, "float64": 4e-15}


@pytest.mark.parametrize("reduction", REDUCTIONS)
@pytest.mark.parametrize("smoothing", [0.0, 0.1, 1.0])
@pytest.mark.parametrize("axis", [0, 1, -1])
def test_cross_entropy_of_indices(axis, smoothing, reduction, working_dtype, rng):
    x = rng.normal(scale=2, size=(4, 5, 3)).astype(working_dtype)
    classes = x.shape[axis]
    target = rng.integers(classes, size=np.delete(x.shape, axis))
    target.flat[1] = -100
    used = target != -100
    for weight in (None, rng.uniform(0.5, 2, size=classes)):
        of_class = np.ones(classes) if weight is None else weight
        shape = [1, 1, 1]
        shape[axis] = classes
        one = np.expand_dims(np.where(used, target, 0), axis) == np.arange(classes).reshape(shape)
        target_share = ((1 - np.longdouble(smoothing)) * one + np.longdouble(smoothing) / classes) * of_class.reshape(shape)
        target_share = target_share * np.expand_dims(used, axis)
        total = (of_class[np.where(used, target, 0)] * used).sum()

        def truth(z, target_share=target_share, total=total):
            return reduced(true_cross_entropy(z, target_share, axis), reduction, total)

        check(
            fa.cross_entropy,
            truth,
            x,
            4 * BOUND[working_dtype],
            target=target,
            axis=axis,
            weight=weight,
            label_smoothing=smoothing,
            reduction=reduction,
        )


@pytest.mark.parametrize("reduction", REDUCTIONS)
@pytest.mark.parametrize("smoothing", [0.0, 0.2])
def test_cross_entropy_of_probabilities(smoothing, reduction, working_dtype, rng):
    x = rng.normal(scale=2, size=(4, 7)).astype(working_dtype)
    target = row_truth.softmax(rng.normal(size=(4, 7)), 1).astype(working_dtype)
    for weight in (None, rng.uniform(0.5, 2, size=7)):
        share = (1 - np.longdouble(smoothing)) * target + np.longdouble(smoothing) / 7
        share = share if weight is None else share * weight

        def truth(z, share=share):
            return reduced(true_cross_entropy(z, share, 1), reduction, 4)

        check(
            fa.cross_entropy,
            truth,
            x,
            4 * BOUND[working_dtype],
            target=target,
            weight=weight,
            label_smoothing=smoothing,
            reduction=reduction,
        )


def test_smoothing_is_computed_in_float32(rng):
    x, target = rng.normal(size=(3, 4)), np.array([[0, 1, 0, 0], [0.5, 0.5, 0, 0], [0, 0, 0, 1]], np.float16)
    wanted = fa.cross_entropy.value_and_gradient(x, target.astype(float), label_smoothing=0.1)
    for found, exact in zip(fa.cross_entropy.value_and_gradient(x, target, label_smoothing=0.1), wanted, strict=True):
        np.testing.assert_allclose(found, exact, rtol=1e-14)


@pytest.mark.parametrize("margin", [10, 16, 20, 30, 60, 80])
def test_a_confident_row_keeps_its_digits(margin, working_dtype):
    """The loss and the gradient of a right and confident model: small numbers, not 0."""
    x = np.array([[margin, 0, 0], [0, margin, 1]], working_dtype)
    losses, gradient = fa.cross_entropy.value_and_gradient(x, [0, 1], reduction="none")
    with mp.workprec(300):
        for row, target, loss, slopes in zip(x, (0, 1), losses, gradient, strict=True):
            e = [mp.exp(mpf(float(v))) for v in row]
            total = mp.fsum(e)
            eps = 4 * np.finfo(working_dtype).eps
            assert abs(loss / -mp.log(e[target] / total) - 1) < eps
            for j, slope in enumerate(slopes):
                wanted = e[j] / total if j != target else -mp.fsum(v for k, v in enumerate(e) if k != j) / total
                assert abs(slope / wanted - 1) < eps


def test_cross_entropy_of_special_rows(dtype):
    inf = np.inf
    x = np.array([[1, -inf, 1], [inf, 0, 0], [0, -inf, 0], [np.nan, 0, 0]], dtype)
    losses, gradient = fa.cross_entropy.value_and_gradient(x, [0, 0, 1, 2], reduction="none")
    np.testing.assert_allclose(losses, np.array([np.log(2), 0, inf, np.nan], dtype), rtol=np.finfo(dtype).eps)
    np.testing.assert_allclose(gradient[:3], [[-0.5, 0, 0.5], [0, 0, 0], [0.5, -1, 0.5]], rtol=np.finfo(dtype).eps)
    assert np.isnan(gradient[3]).all()
    sure = np.array([[0, 1, 0]], dtype)
    assert fa.cross_entropy(np.array([[-inf, 0, -inf]], dtype), sure) == 0
    # All rows ignored: the mean of nothing.
    assert np.isnan(fa.cross_entropy(x[:1], [-100]))
    assert fa.cross_entropy(x[:1], [-100], reduction="sum") == 0


@pytest.mark.parametrize("reduction", REDUCTIONS)
def test_nll_loss(reduction, working_dtype, rng):
    x = row_truth.log_softmax(rng.normal(size=(6, 4)), 1).astype(working_dtype)
    target = np.array([0, 3, 1, -1, 2, 2])
    weight = rng.uniform(0.5, 2, size=4)
    used = target >= 0

    def truth(z):
        chosen = -z[np.arange(6), np.where(used, target, 0)] * weight[np.where(used, target, 0)] * used
        return reduced(chosen, reduction, (weight[np.where(used, target, 0)] * used).sum())

    options = {"target": target, "weight": weight, "ignore_index": -1, "reduction": reduction}
    check(fa.nll_loss, truth, x, BOUND[working_dtype], **options)


def test_the_order_of_a_sum_does_not_follow_the_layout_of_the_target(working_dtype, rng):
    large = 1e12 * rng.normal(size=51)
    scores = rng.permutation(np.concatenate([large, -large, rng.normal(size=51)])).reshape(17, 9)
    x = np.repeat(scores[:, np.newaxis], 5, axis=1).astype(working_dtype)
    target = rng.integers(5, size=(17, 9))
    total = fa.nll_loss(x, target, axis=1, reduction="sum")
    assert same_bits(fa.nll_loss(x, np.asfortranarray(target), axis=1, reduction="sum"), total)


def test_the_weight_of_a_class_without_rows_does_not_matter(working_dtype):
    x = np.array([[0, 1, 2], [2, 0, 1]], working_dtype)
    for loss in (fa.cross_entropy, fa.nll_loss):
        for reduction in REDUCTIONS:
            wanted = loss.value_and_gradient(x, [2, -100], weight=[1, 1, 1], reduction=reduction)
            found = loss.value_and_gradient(x, [2, -100], weight=[np.inf, np.nan, 1], reduction=reduction)
            for a, b in zip(found, wanted, strict=True):
                assert same_bits(a, b)


@pytest.mark.parametrize("reduction", REDUCTIONS)
@pytest.mark.parametrize("shape", [(7,), (3, 4), (2, 3, 4)], ids=str)
def test_losses_of_elements(shape, reduction, working_dtype, rng):
    x = rng.normal(scale=3, size=shape).astype(working_dtype)
    probabilities = rng.random(shape).astype(working_dtype)
    size = x.size
    for weight in (None, rng.uniform(0.5, 2, size=shape[-1:]).astype(working_dtype)):
        w = 1 if weight is None else weight

        def truth(z, w=w):
            return reduced(w * probabilities * np.logaddexp(0, -z) + (1 - probabilities) * np.logaddexp(0, z), reduction, size)

        options = {"target": probabilities, "pos_weight": weight, "reduction": reduction}
        check(fa.binary_cross_entropy_with_logits, truth, x, BOUND[working_dtype], **options)
    target = rng.normal(size=shape).astype(working_dtype)
    options = {"target": target, "reduction": reduction}
    check(fa.mse_loss, lambda z: reduced((z - target) ** 2, reduction, size), x, 2 * BOUND[working_dtype], **options)


def test_binary_cross_entropy_of_confident_scores(dtype):
    """No term cancels, and 0 times infinity is 0."""
    x = np.array([30, -30, 10, np.inf, -np.inf], dtype)
    target = np.array([1, 0, 0, 1, 0], dtype)
    losses, gradient = fa.binary_cross_entropy_with_logits.value_and_gradient(x, target, reduction="none")
    small = np.exp(np.longdouble(-30))
    ten = np.exp(np.longdouble(-10))
    eps = 2 * np.finfo(dtype).eps
    rest, share = np.log1p(small), small / (1 + small)
    np.testing.assert_allclose(losses, np.array([rest, rest, 10 + np.log1p(ten), 0, 0]).astype(dtype), rtol=eps)
    np.testing.assert_allclose(gradient, np.array([-share, share, 1 / (1 + ten), 0, 0]).astype(dtype), rtol=eps)


@pytest.mark.parametrize("loss", [fa.cross_entropy, fa.nll_loss, fa.binary_cross_entropy_with_logits, fa.mse_loss], ids=repr)
def test_the_value_alone_takes_little_memory(loss, dtype):
    x = np.zeros((4096, 256), dtype)
    target = np.zeros(4096, int) if loss in (fa.cross_entropy, fa.nll_loss) else x
    loss(x[:1], target[:1])
    tracemalloc.start()
    loss(x, target)
    _, value = tracemalloc.get_traced_memory()
    tracemalloc.reset_peak()
    loss.value_and_gradient(x, target)
    _, with_gradient = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert value < with_gradient - 0.9 * x.nbytes


def test_shapes_without_elements(dtype):
    assert fa.cross_entropy(np.empty((0, 3), dtype), np.empty(0, int), reduction="sum") == 0
    assert np.isnan(fa.cross_entropy(np.empty((0, 3), dtype), np.empty(0, int)))
    for loss in (fa.mse_loss, fa.binary_cross_entropy_with_logits):
        assert np.isnan(loss(np.empty(0, dtype), np.empty(0, dtype)))
        assert loss(np.empty(0, dtype), np.empty(0, dtype), reduction="none").shape == (0,)
        assert loss(np.array(2.0, dtype), np.array(1.0, dtype)).shape == ()


def test_objects():
    import pickle

    for loss in (fa.cross_entropy, fa.nll_loss, fa.mse_loss, fa.binary_cross_entropy_with_logits):
        assert pickle.loads(pickle.dumps(loss)) is loss
        assert repr(loss) == f"<fastact.{loss.__name__}>"
        assert pickle.loads(pickle.dumps(loss.value_and_gradient)) is loss.value_and_gradient


@pytest.mark.parametrize(
    ("call", "error", "words"),
    [
        (lambda x, o: fa.cross_entropy(x, [0], out=o), ValueError, "target has shape"),
        (lambda x, o: fa.cross_entropy(x, [0, 3], out=o), ValueError, "target has 3; a class index must be from 0 to 2"),
        (lambda x, o: fa.cross_entropy(x, [0, -1], out=o), ValueError, "target has -1"),
        (lambda x, o: fa.cross_entropy(x, [0, 1], weight=[1.0], out=o), ValueError, "weight has shape"),
        (lambda x, o: fa.cross_entropy(x, [0, 1], label_smoothing=1.5, out=o), ValueError, "label_smoothing is 1.5"),
        (lambda x, o: fa.cross_entropy(x, [0, 1], reduction="all", out=o), ValueError, "reduction is 'all'"),
        (lambda x, o: fa.cross_entropy(x, [0, 1], axis=2, out=o), np.exceptions.AxisError, "axis 2"),
        (lambda x, o: fa.cross_entropy(x, [[0.5, 0.5]], out=o), ValueError, "target has shape"),
        (lambda x, o: fa.cross_entropy(x, [0, 1], axis=(0, 1), out=o), TypeError, "axis is"),
        (lambda x, o: fa.cross_entropy(x, [True, False], out=o), TypeError, "target has dtype bool"),
        (lambda x, o: fa.cross_entropy(x, x > 2, out=o), TypeError, "target has dtype bool"),
        (lambda x, o: fa.cross_entropy(x, [0, 1], ignore_index=1.0, out=o), TypeError, "ignore_index is 1.0"),
        (lambda x, o: fa.cross_entropy(x, [0, 1], ignore_index=None, out=o), TypeError, "ignore_index is None"),
        (lambda x, o: fa.cross_entropy(x, [0, 1], ignore_index=True, out=o), TypeError, "ignore_index is True"),
        (lambda x, o: fa.cross_entropy(x, [0, 1], ignore_index=np.False_, out=o), TypeError, "ignore_index is np.False_"),
        (lambda x, o: fa.nll_loss(x, [0, 1], ignore_index=False, out=o), TypeError, "ignore_index is False"),
        (lambda x, o: fa.nll_loss(x, [0.0, 1.0], out=o), TypeError, "target has dtype float64"),
        (lambda x, o: fa.nll_loss(x, [True, False], out=o), TypeError, "target has dtype bool"),
        (lambda x, o: fa.nll_loss(x, [0, 1], ignore_index="0", out=o), TypeError, "ignore_index is '0'"),
        (lambda x, o: fa.mse_loss(x, [1.0], out=o), ValueError, "target has shape"),
        (lambda x, o: fa.mse_loss(x, x, reduction=None, out=o), ValueError, "reduction is None"),
        (lambda x, o: fa.binary_cross_entropy_with_logits(x, x, pos_weight=[1.0, 2.0], out=o), ValueError, "pos_weight has"),
        (lambda x, o: fa.mse_loss(x, x, out=o[0]), ValueError, "out has shape"),
    ],
)
def test_bad_arguments(call, error, words):
    x = np.arange(6.0).reshape(2, 3)
    out = np.zeros((2, 3))
    with pytest.raises(error, match=words):
        call(x, out)
    assert (out == 0).all()

"""The main job on real data: a small network learns handwritten digits, then classifies a million of them.

Everything that is no matrix product is fastact's: the images are normalised by ``zscore``, the network has ``gelu`` in
its hidden layers and ``softmax`` behind the last one, and the gradients come from their ``backward`` forms.  Inference
runs beside plain NumPy, step by step, in place on buffers that are allocated once.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass

import numpy as np

from .arrays import Array
from .plain_numpy import PLAIN, PLAIN_ROWS
from .registry import get
from .scalings import zscore, zscore_
from .softmaxes import log_softmax, softmax_

__all__ = ["Digits", "Network", "Step", "format_table", "infer", "load_digits", "train"]

Progress = Callable[[Iterable[int]], Iterable[int]]
"""Wraps what is iterated over, as ``tqdm.tqdm`` does."""

SIZES = (64, 128, 64, 10)
BATCH = 2048
"""Rows in a batch of inference: few enough for its activations to stay in cache."""

gelu, gelu_ = get("gelu"), get("gelu").in_place


@dataclass(frozen=True)
class Digits:
    """The 1797 images of 8 x 8 pixels from 0 to 16, a row each, and what they show."""

    images: Array
    labels: Array
    held_out: Array
    """Which of them the training does not see: a fifth."""


def load_digits() -> Digits:
    """Return the handwritten digits that come with scikit-learn."""
    from sklearn import datasets

    images, labels = datasets.load_digits(return_X_y=True)
    held_out = np.random.default_rng(5).random(len(labels)) < 0.2
    return Digits(images.astype(np.float32), labels, held_out)


class Network:
    """Linear layers with gelu between them and softmax behind."""

    def __init__(self, rng: np.random.Generator) -> None:
        self.weights = [
            (rng.standard_normal(shape) * np.sqrt(2 / shape[0])).astype(np.float32)
            for shape in zip(SIZES[:-1], SIZES[1:], strict=True)
        ]
        self.biases = [np.zeros(size, np.float32) for size in SIZES[1:]]

    def gradients(self, x: Array, labels: Array) -> list[Array]:
        """Return the gradients of the mean cross-entropy by the weights, then by the biases."""
        inputs, sums = [x], []
        for weight, bias in zip(self.weights[:-1], self.biases[:-1], strict=True):
            sums.append(inputs[-1] @ weight + bias)
            inputs.append(gelu(sums[-1]))
        log_probabilities = log_softmax(inputs[-1] @ self.weights[-1] + self.biases[-1])

        gradient = np.zeros_like(log_probabilities)
        gradient[np.arange(len(labels)), labels] = -1 / len(labels)
        gradient = log_softmax.backward(gradient, log_probabilities)
        by_weights, by_biases = [inputs[-1].T @ gradient], [gradient.sum(axis=0)]
        for layer in reversed(range(len(sums))):
            gradient = gradient @ self.weights[layer + 1].T
            gelu.backward(gradient, sums[layer], out=gradient)
            by_weights.insert(0, inputs[layer].T @ gradient)
            by_biases.insert(0, gradient.sum(axis=0))
        return by_weights + by_biases

    def predict(self, x: Array) -> Array:
        """Return the most probable label of each row of normalised images."""
        for weight, bias in zip(self.weights[:-1], self.biases[:-1], strict=True):
            x = gelu_(x @ weight + bias)
        return np.asarray(np.argmax(x @ self.weights[-1] + self.biases[-1], axis=1))


def train(digits: Digits, progress: Progress, epochs: int = 40) -> tuple[Network, float]:
    """Train a network by Adam.

    Parameters
    ----------
    digits : Digits
    progress : callable
        Wraps the epochs.
    epochs : int, optional

    Returns
    -------
    network : Network
    accuracy : float
        The share of the held-out images that it recognises.
    """
    rng = np.random.default_rng(1)
    network = Network(rng)
    images = zscore(digits.images)
    x, labels = images[~digits.held_out], digits.labels[~digits.held_out]
    parameters = network.weights + network.biases
    mean = [np.zeros_like(p) for p in parameters]
    square = [np.zeros_like(p) for p in parameters]
    steps = 0
    for _ in progress(range(epochs)):
        for batch in np.array_split(rng.permutation(len(x)), len(x) // 64):
            steps += 1
            rate = 2e-3 * np.sqrt(1 - 0.999**steps) / (1 - 0.9**steps)
            for p, m, s, gradient in zip(parameters, mean, square, network.gradients(x[batch], labels[batch]), strict=True):
                m += 0.1 * (gradient - m)
                s += 0.001 * (gradient * gradient - s)
                p -= np.float32(rate) * m / (np.sqrt(s) + np.float32(1e-8))
    recognised = network.predict(images[digits.held_out]) == digits.labels[digits.held_out]
    return network, float(np.mean(recognised))


@dataclass
class Step:
    """A step of inference: what it took, over all rows, and how far apart the results are."""

    name: str
    fastact: float = 0.0
    numpy: float = 0.0
    difference: float = 0.0


class _Pipeline:
    """The steps of inference over buffers for one batch."""

    def __init__(self, network: Network, with_fastact: bool) -> None:
        self.network = network
        self.layers = [np.empty((BATCH, size), np.float32) for size in SIZES]
        self.scratch = [(np.empty_like(layer), np.empty_like(layer)) for layer in self.layers[1:-1]]
        self.with_fastact = with_fastact

    def steps(self, rows: int) -> list[tuple[str, Callable[[], object], Array]]:
        """Return name, action and result of each step, for so many rows of the buffers."""
        layers = [layer[:rows] for layer in self.layers]
        steps: list[tuple[str, Callable[[], object], Array]] = [("normalise", lambda: self.normalise(layers[0]), layers[0])]
        for i in range(1, len(layers)):
            steps.append((f"linear {i}", lambda i=i: self.linear(i, layers), layers[i]))  # type: ignore[misc]
            if i < len(layers) - 1:
                steps.append((f"gelu {i}", lambda i=i: self.gelu(i, layers[i]), layers[i]))  # type: ignore[misc]
        steps.append(("softmax", lambda: self.softmax(layers[-1]), layers[-1]))
        return steps

    def linear(self, i: int, layers: list[Array]) -> None:
        np.matmul(layers[i - 1], self.network.weights[i - 1], out=layers[i])
        np.add(layers[i], self.network.biases[i - 1], out=layers[i])

    def normalise(self, x: Array) -> None:
        if self.with_fastact:
            zscore_(x)
        else:
            PLAIN_ROWS["zscore"](x, x)

    def gelu(self, i: int, x: Array) -> None:
        if self.with_fastact:
            gelu_(x)
        else:
            a, b = self.scratch[i - 1]
            PLAIN["gelu"].value(x, x, a[: len(x)], b[: len(x)])

    def softmax(self, x: Array) -> None:
        if self.with_fastact:
            softmax_(x)
        else:
            PLAIN_ROWS["softmax"](x, x)


def infer(network: Network, images: Array, rows: int, progress: Progress) -> tuple[list[Step], int]:
    """Classify images, repeated to so many rows, with fastact and with plain NumPy.

    Parameters
    ----------
    network : Network
    images : ndarray of float32
        Not normalised.
    rows : int
    progress : callable
        Wraps the beginnings of the batches.

    Returns
    -------
    steps : list of Step
    agreeing : int
        In how many rows both predict the same digit.
    """
    ours, plain = _Pipeline(network, True), _Pipeline(network, False)
    source = np.resize(images, (len(images) + BATCH, images.shape[1]))
    totals = [Step(name) for name, _, _ in ours.steps(0)]
    agreeing = 0
    for begin in progress(range(0, rows, BATCH)):
        count = min(BATCH, rows - begin)
        batch = source[begin % len(images) :][:count]
        np.copyto(ours.layers[0][:count], batch)
        np.copyto(plain.layers[0][:count], batch)
        for total, our, their in zip(totals, ours.steps(count), plain.steps(count), strict=True):
            # They take turns in going first: the second finds the threads of the matrix products awake.
            if begin // BATCH % 2:
                total.fastact += _duration(our[1])
                total.numpy += _duration(their[1])
            else:
                total.numpy += _duration(their[1])
                total.fastact += _duration(our[1])
            total.difference = max(total.difference, float(np.max(np.abs(our[2] - their[2]))))
        agreeing += int(np.sum(our[2].argmax(axis=1) == their[2].argmax(axis=1)))
    return totals, agreeing


def _duration(call: Callable[[], object]) -> float:
    begin = time.perf_counter()
    call()
    return time.perf_counter() - begin


def format_table(steps: list[Step], rows: int) -> str:
    """Return rows a second, ratio and largest difference of each step and of all together."""
    total = Step("total", sum(s.fastact for s in steps), sum(s.numpy for s in steps), steps[-1].difference)
    lines = [
        f"{'':<12}{'fastact':>16}{'plain NumPy':>16}{'ratio':>10}{'largest difference':>21}",
        f"{'':<12}{'rows/s':>16}{'rows/s':>16}",
    ]
    for step in [*steps, total]:
        lines.append(
            f"{step.name:<12}{rows / step.fastact:>16,.0f}{rows / step.numpy:>16,.0f}"
            f"{step.numpy / step.fastact:>8.1f} x{step.difference:>21.1e}"
        )
    return "\n".join(lines)

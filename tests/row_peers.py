"""What other libraries offer of our operations along an axis: to compare speed, having seen that the function is the same.

A library is imported when it is first asked for.  Whoever can write into an existing array does, as we do.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache, partial
from typing import Any

import numpy as np
import peers

import fastact as fa
from fastact.plain_numpy import PLAIN_ROWS, cross_entropy, gated
from fastact.plain_numpy import bias_activation as plain_bias_activation

__all__ = ["CASES", "Case", "calls", "installed", "results"]

Operands = tuple[np.ndarray, ...]


@dataclass(frozen=True)
class Case:
    """An operation on arrays of a shape."""

    operation: str
    shape: tuple[int, int]
    axis: int = -1

    @property
    def name(self) -> str:
        along = "" if self.axis == -1 else f" along axis {self.axis}"
        return f"{self.operation}{along}, {self.shape[0]} x {self.shape[1]}"

    def operands(self, dtype: str) -> Operands:
        """Return the arrays that it takes, as large as those of networks and of data are."""
        rng = np.random.default_rng(2026)
        x = rng.standard_normal(self.shape).astype(dtype)
        vectors = [rng.standard_normal(self.shape[1]).astype(dtype) for _ in range(2)]
        if self.operation == "cross_entropy":
            return x, rng.integers(0, self.shape[1], self.shape[0])
        if self.operation == "swiglu":
            return x, rng.standard_normal(self.shape).astype(dtype)
        if self.operation in ("zscore", "minmax"):
            return (x + np.asarray(1e4, dtype),)
        return (x, *vectors[: {"layer_norm": 2, "rms_norm": 1, "bias_gelu": 1}.get(self.operation, 0)])


CASES = (
    *(Case(softmax, (1024, 1024), axis) for axis in (-1, 0) for softmax in ("softmax", "log_softmax")),
    *(Case(softmax, shape) for shape in ((32, 10), (100_000, 10), (50, 50_257)) for softmax in ("softmax", "log_softmax")),
    *(Case(norm, shape) for norm in ("layer_norm", "rms_norm") for shape in ((128, 768), (1024, 1024))),
    *(Case("swiglu", (1024, columns)) for columns in (1024, 4096)),
    *(Case("bias_gelu", shape) for shape in ((128, 768), (1024, 3072))),
    *(Case("cross_entropy", shape) for shape in ((1024, 1024), (50, 50_257))),
    *(Case(scaling, (100_000, 50), 0) for scaling in ("zscore", "minmax")),
)


def _fastact(operation: str, axis: int, x: np.ndarray, *others: np.ndarray) -> peers.Call:
    out = np.empty_like(x)
    if operation == "cross_entropy":
        return lambda: fa.cross_entropy.value_and_gradient(x, *others)[1]
    if operation == "bias_gelu":
        return lambda: fa.bias_activation(x, *others, "gelu", out=out)
    if operation == "swiglu":
        return lambda: fa.swiglu(x, *others, out=out)
    return partial(getattr(fa, operation), x, *others, axis=axis, out=out)


def _numpy(operation: str, axis: int, x: np.ndarray, *others: np.ndarray) -> peers.Call:
    out, a, b = (np.empty_like(x) for _ in range(3))

    def returning(function: Callable[..., Any], *arguments: Any) -> peers.Call:
        def call() -> np.ndarray:
            function(*arguments)
            return out

        return call

    def softmax() -> None:
        np.exp(np.subtract(x, np.max(x, axis=0), out=out), out=out)
        np.divide(out, np.sum(out, axis=0), out=out)

    def log_softmax() -> None:
        np.subtract(x, np.max(x, axis=0), out=out)
        np.subtract(out, np.log(np.sum(np.exp(out, out=a), axis=0)), out=out)

    def norm() -> None:
        PLAIN_ROWS[operation](x, out)
        np.multiply(out, others[0], out=out)
        for bias in others[1:]:
            np.add(out, bias, out=out)

    def zscore() -> None:
        # Sums of float32 down a column would be off by standard deviations, a mean of float32 by a thousandth of one.
        mean = np.mean(x, axis=0, dtype=np.float64)
        rounded = mean.astype(x.dtype)
        np.subtract(np.subtract(x, rounded, out=out), (mean - rounded).astype(x.dtype), out=out)
        squares = np.einsum("ij,ij->j", out, out, dtype=np.float64)
        np.multiply(out, np.sqrt(len(x) / squares).astype(x.dtype), out=out)

    def minmax() -> None:
        lowest = np.min(x, axis=0)
        np.subtract(x, lowest, out=out)
        np.multiply(out, 1 / (np.max(x, axis=0) - lowest), out=out)

    if operation == "bias_gelu":
        return returning(plain_bias_activation, "gelu", x, *others, out, a, b)
    if operation == "swiglu":
        return returning(gated, "silu", x, *others, out, a, b)
    if operation == "cross_entropy":
        return returning(cross_entropy, x, *others, out)
    down = {"softmax": softmax, "log_softmax": log_softmax, "zscore": zscore, "minmax": minmax}
    if axis == 0:
        return returning(down[operation])
    if others:
        return returning(norm)
    return returning(PLAIN_ROWS[operation], x, out)


def _torch(operation: str, axis: int, *operands: np.ndarray) -> peers.Call | None:
    import torch
    import torch.nn.functional as F

    torch.set_num_threads(1)
    aten = torch.ops.aten
    x, *others = map(torch.from_numpy, operands)
    out = torch.empty_like(x)
    statistics = [torch.empty((len(x), 1), dtype=x.dtype) for _ in range(2)]

    def swiglu() -> Any:
        return torch.mul(aten.silu.out(x, out=out), *others, out=out)

    def bias_gelu() -> Any:
        return aten.gelu.out(torch.add(x, *others, out=out), out=out)

    def entropy() -> Any:
        leaf = x.detach().requires_grad_()
        return torch.autograd.grad(F.cross_entropy(leaf, *others), leaf)[0]

    def layer_norm() -> Any:
        return aten.native_layer_norm.out(x, x.shape[1:], *others, 1e-5, out0=out, out1=statistics[0], out2=statistics[1])[0]

    functions: Mapping[str, peers.Call] = {
        "softmax": lambda: torch.softmax(x, axis, out=out),
        "log_softmax": lambda: aten.log_softmax.int_out(x, axis, out=out),
        "layer_norm": layer_norm,
        "rms_norm": lambda: F.rms_norm(x, x.shape[1:], *others),
        "swiglu": swiglu,
        "bias_gelu": bias_gelu,
        "cross_entropy": entropy,
    }
    return functions.get(operation)


def _jax(operation: str, axis: int, *operands: np.ndarray) -> peers.Call | None:
    asarray = peers.load("JAX").asarray
    import jax
    from jax import nn
    from jax import numpy as jnp

    def layer_norm(x: Any, weight: Any, bias: Any) -> Any:
        return nn.standardize(x, axis=-1, epsilon=1e-5) * weight + bias

    def rms_norm(x: Any, weight: Any) -> Any:
        return x * jax.lax.rsqrt(jnp.mean(x * x, axis=-1, keepdims=True) + jnp.finfo(x.dtype).eps) * weight

    def loss(x: Any, target: Any) -> Any:
        return -jnp.take_along_axis(nn.log_softmax(x), target[:, None], 1).mean()

    functions: Mapping[str, Callable[..., Any]] = {
        "softmax": partial(nn.softmax, axis=axis),
        "log_softmax": partial(nn.log_softmax, axis=axis),
        "layer_norm": layer_norm,
        "rms_norm": rms_norm,
        "swiglu": lambda x, second: nn.silu(x) * second,
        "bias_gelu": lambda x, bias: nn.gelu(x + bias, approximate=False),
        "cross_entropy": jax.grad(loss),
    }
    if operation not in functions:
        return None
    function, arrays = jax.jit(functions[operation]), [asarray(operand) for operand in operands]
    return lambda: function(*arrays).block_until_ready()


def _onnx_runtime(operation: str, axis: int, *operands: np.ndarray) -> peers.Call | None:
    operators = {
        "softmax": ("Softmax", {"axis": axis}),
        "log_softmax": ("LogSoftmax", {"axis": axis}),
        "layer_norm": ("LayerNormalization", {"epsilon": 1e-5}),
    }
    if operation not in operators:
        return None
    operator, attributes = operators[operation]
    session = peers.onnx_session(operator, operands[0].dtype.name, operands[0].ndim, operands[1:], attributes)
    return None if session is None else peers.onnx_call(session, operands[0])


LIBRARIES: Mapping[str, Callable[..., peers.Call | None]] = {
    "PyTorch": _torch,
    "JAX": _jax,
    "ONNX Runtime": _onnx_runtime,
    "NumPy": _numpy,
}


def calls(case: Case, dtype: str) -> dict[str, peers.Call]:
    """Return a call for the operation of each library that is installed and has it; ours is the first."""
    operands = case.operands(dtype)
    found = {"fastact": _fastact(case.operation, case.axis, *operands)}
    for library, make in LIBRARIES.items():
        call = make(case.operation, case.axis, *operands) if library in installed() else None
        if call is not None:
            found[library] = call
    return found


def results(case: Case, dtype: str) -> dict[str, np.ndarray]:
    """Return what each library makes of the operation."""
    return {library: np.asarray(call()) for library, call in calls(case, dtype).items()}


@cache
def installed() -> dict[str, str]:
    """Return the versions of the libraries that are there."""
    return {name: version for name, version in peers.installed().items() if name in LIBRARIES}

"""What other libraries offer of our activations, with parameters equal to our defaults: to compare accuracy and speed.

A library is imported when it is first asked for.  Functions that differ from ours beyond rounding are left out.
"""

from __future__ import annotations

import os
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, partial
from importlib.metadata import PackageNotFoundError, version
from typing import Any

import numpy as np

from fastact.benchmarking import PARAMETER

__all__ = ["FORMS", "Call", "Peer", "installed", "load", "onnx_call", "onnx_session", "results"]

FORMS = ("value", "derivative")

Call = Callable[[], Any]
"""Computes a function of what it was made for, and nothing else; NumPy reads what it returns."""


class Peer(ABC):
    """The functions of a library, on one thread."""

    @abstractmethod
    def value(self, name: str, x: np.ndarray) -> Call | None:
        """Return a call for the values of an activation at x; None where there is no such function of this dtype."""

    def derivative(self, name: str, x: np.ndarray) -> Call | None:
        """Return a call for its derivatives, by the library's own differentiation; None where there is none."""
        return None


class Ufuncs(Peer):
    """Functions that know ``out=``."""

    def __init__(self, functions: Mapping[str, Callable[..., Any]]) -> None:
        self.functions = functions

    def value(self, name: str, x: np.ndarray) -> Call | None:
        return partial(self.functions[name], x, out=np.empty_like(x)) if name in self.functions else None


def _numpy() -> Peer:
    return Ufuncs(
        {
            "step": lambda x, out: np.heaviside(x, 0.0, out=out),
            "relu": lambda x, out: np.maximum(x, 0.0, out=out),
            "relu6": lambda x, out: np.clip(x, 0.0, 6.0, out=out),
            "hard_tanh": lambda x, out: np.clip(x, -1.0, 1.0, out=out),
            "exponential": np.exp,
            "tanh": np.tanh,
            "softplus": lambda x, out: np.logaddexp(x, 0.0, out=out),
            "arctan": np.arctan,
        }
    )


def _scipy() -> Peer:
    from scipy import special

    functions = {"sigmoid": "expit", "log_sigmoid": "log_expit", "softplus": "softplus", "erf": "erf"}
    return Ufuncs({ours: getattr(special, theirs) for ours, theirs in functions.items() if hasattr(special, theirs)})


class Torch(Peer):
    """PyTorch, which differentiates by autograd; a derivative takes a forward and a backward pass."""

    def __init__(self) -> None:
        import torch
        import torch.nn.functional as F

        torch.set_num_threads(1)
        self.torch = torch
        aten = torch.ops.aten
        self.functions: dict[str, Callable[[Any], Any]] = {
            "relu": F.relu,
            "leaky_relu": F.leaky_relu,
            "prelu": lambda t: F.prelu(t, torch.full((), PARAMETER, dtype=t.dtype)),
            "rrelu": F.rrelu,
            "relu6": F.relu6,
            "threshold": lambda t: F.threshold(t, PARAMETER, PARAMETER),
            "hard_sigmoid": F.hardsigmoid,
            "hard_tanh": F.hardtanh,
            "hard_swish": F.hardswish,
            "hard_shrink": F.hardshrink,
            "soft_shrink": F.softshrink,
            "exponential": torch.exp,
            "elu": F.elu,
            "selu": F.selu,
            "celu": F.celu,
            "sigmoid": torch.sigmoid,
            "log_sigmoid": F.logsigmoid,
            "tanh": torch.tanh,
            "tanh_shrink": F.tanhshrink,
            "softplus": F.softplus,
            "mish": F.mish,
            "silu": F.silu,
            "gelu_tanh": partial(F.gelu, approximate="tanh"),
            "erf": torch.erf,
            "gelu": F.gelu,
            "softsign": F.softsign,
            "arctan": torch.atan,
        }
        self.into: dict[str, Callable[..., Any]] = {
            "step": lambda t, out: torch.heaviside(t, t.new_zeros(()), out=out),
            "relu": partial(torch.clamp_min, min=0.0),
            "leaky_relu": aten.leaky_relu.out,
            "relu6": lambda t, out: aten.hardtanh.out(t, 0.0, 6.0, out=out),
            "threshold": lambda t, out: aten.threshold.out(t, PARAMETER, PARAMETER, out=out),
            "hard_sigmoid": aten.hardsigmoid.out,
            "hard_tanh": aten.hardtanh.out,
            "hard_swish": aten.hardswish.out,
            "hard_shrink": aten.hardshrink.out,
            "soft_shrink": aten.softshrink.out,
            "exponential": torch.exp,
            "elu": aten.elu.out,
            "sigmoid": torch.sigmoid,
            "log_sigmoid": aten.log_sigmoid.out,
            "tanh": torch.tanh,
            "softplus": aten.softplus.out,
            "mish": aten.mish.out,
            "silu": aten.silu.out,
            "gelu_tanh": partial(aten.gelu.out, approximate="tanh"),
            "erf": torch.erf,
            "gelu": aten.gelu.out,
            "arctan": torch.atan,
        }
        """The kernels behind these functions that write into a tensor."""

    def value(self, name: str, x: np.ndarray) -> Call | None:
        tensor = self.torch.from_numpy(x)
        if name in self.into:
            return partial(self.into[name], tensor, out=self.torch.empty_like(tensor))
        return partial(self.functions[name], tensor) if name in self.functions else None

    def derivative(self, name: str, x: np.ndarray) -> Call | None:
        if name not in self.functions:
            return None
        function, grad = self.functions[name], self.torch.autograd.grad
        tensor = self.torch.from_numpy(x).requires_grad_()
        ones = self.torch.ones_like(tensor)
        return lambda: grad(function(tensor), tensor, ones)[0]


class Jax(Peer):
    """JAX, compiled by ``jit``; a derivative is the gradient of the sum."""

    def __init__(self) -> None:
        os.environ["XLA_FLAGS"] = os.environ.get("XLA_FLAGS", "") + " --xla_cpu_multi_thread_eigen=false"
        import jax
        from jax import nn
        from jax import numpy as jnp

        jax.config.update("jax_platforms", "cpu")
        jax.config.update("jax_enable_x64", True)
        self.asarray = jnp.asarray
        functions: dict[str, Callable[[Any], Any]] = {
            "step": lambda x: jnp.heaviside(x, 0.0),
            "relu": nn.relu,
            "leaky_relu": nn.leaky_relu,
            "relu6": nn.relu6,
            "hard_sigmoid": nn.hard_sigmoid,
            "hard_tanh": nn.hard_tanh,
            "hard_swish": nn.hard_swish,
            "sparse_plus": nn.sparse_plus,
            "sparse_sigmoid": nn.sparse_sigmoid,
            "exponential": jnp.exp,
            "elu": nn.elu,
            "selu": nn.selu,
            "celu": nn.celu,
            "sigmoid": nn.sigmoid,
            "log_sigmoid": nn.log_sigmoid,
            "tanh": nn.tanh,
            "softplus": nn.softplus,
            "mish": nn.mish,
            "silu": nn.silu,
            "gelu_tanh": partial(nn.gelu, approximate=True),
            "erf": jax.scipy.special.erf,
            "gelu": partial(nn.gelu, approximate=False),
            "softsign": nn.soft_sign,
            "squareplus": nn.squareplus,
            "arctan": jnp.arctan,
        }

        def gradient(function: Callable[[Any], Any]) -> Any:
            return jax.jit(jax.grad(lambda x: function(x).sum()))

        self.values = {name: jax.jit(function) for name, function in functions.items()}
        self.gradients = {name: gradient(function) for name, function in functions.items()}

    def value(self, name: str, x: np.ndarray) -> Call | None:
        return self._call(self.values.get(name), x)

    def derivative(self, name: str, x: np.ndarray) -> Call | None:
        return self._call(self.gradients.get(name), x)

    def _call(self, function: Any, x: np.ndarray) -> Call | None:
        if function is None:
            return None
        array = self.asarray(x)
        return lambda: function(array).block_until_ready()


ONNX_OPSET = 24
ONNX_IR_VERSION = 10
"""What ONNX Runtime can read, for it is behind the package that writes models."""


def onnx_session(operator: str, dtype: str, ndim: int, constants: Sequence[np.ndarray], attributes: Mapping[str, Any]) -> Any:
    """Return a session for one operator from x, and constants, to y; None where ONNX Runtime has it not of this dtype."""
    import onnxruntime
    from onnx import helper, numpy_helper

    inputs = [numpy_helper.from_array(constant, f"c{i}") for i, constant in enumerate(constants)]
    node = helper.make_node(operator, ["x", *(c.name for c in inputs)], ["y"], **attributes)
    kind = helper.np_dtype_to_tensor_dtype(np.dtype(dtype))
    x, y = (helper.make_tensor_value_info(end, kind, [None] * ndim) for end in "xy")
    model = helper.make_model(
        helper.make_graph([node], operator, [x], [y], inputs),
        opset_imports=[helper.make_opsetid("", ONNX_OPSET)],
        ir_version=ONNX_IR_VERSION,
    )
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.log_severity_level = 4
    refusals = onnxruntime.capi.onnxruntime_pybind11_state
    try:
        return onnxruntime.InferenceSession(model.SerializeToString(), options, providers=["CPUExecutionProvider"])
    except (refusals.NotImplemented, refusals.InvalidGraph, refusals.Fail):
        return None


def onnx_call(session: Any, x: np.ndarray) -> Call:
    """Return a call of a session whose input and output are bound."""
    from onnxruntime import OrtValue

    out = np.empty_like(x)
    binding = session.io_binding()
    binding.bind_ortvalue_input("x", OrtValue.ortvalue_from_numpy(x))
    binding.bind_ortvalue_output("y", OrtValue.ortvalue_from_numpy(out))

    def call() -> np.ndarray:
        session.run_with_iobinding(binding)
        return out

    return call


class OnnxRuntime(Peer):
    """ONNX Runtime: models of one operator, with input and output bound."""

    OPERATORS: Mapping[str, tuple[str, tuple[float, ...], Mapping[str, Any]]] = {
        "relu": ("Relu", (), {}),
        "leaky_relu": ("LeakyRelu", (), {}),
        "prelu": ("PRelu", (PARAMETER,), {}),
        "relu6": ("Clip", (0.0, 6.0), {}),
        "hard_sigmoid": ("HardSigmoid", (), {"alpha": 1 / 6}),
        "hard_tanh": ("Clip", (-1.0, 1.0), {}),
        "hard_swish": ("HardSwish", (), {}),
        "hard_shrink": ("Shrink", (), {"lambd": 0.5}),
        "soft_shrink": ("Shrink", (), {"lambd": 0.5, "bias": 0.5}),
        "exponential": ("Exp", (), {}),
        "elu": ("Elu", (), {}),
        "selu": ("Selu", (), {}),
        "celu": ("Celu", (), {}),
        "sigmoid": ("Sigmoid", (), {}),
        "tanh": ("Tanh", (), {}),
        "softplus": ("Softplus", (), {}),
        "mish": ("Mish", (), {}),
        "silu": ("Swish", (), {}),
        "gelu_tanh": ("Gelu", (), {"approximate": "tanh"}),
        "erf": ("Erf", (), {}),
        "gelu": ("Gelu", (), {}),
        "softsign": ("Softsign", (), {}),
        "arctan": ("Atan", (), {}),
    }
    """By our name: the operator, its inputs besides x, its attributes."""

    def __init__(self) -> None:
        self.session = cache(self._session)

    def _session(self, name: str, dtype: str) -> Any:
        operator, constants, attributes = self.OPERATORS[name]
        return onnx_session(operator, dtype, 1, [np.array(c, dtype) for c in constants], attributes)

    def value(self, name: str, x: np.ndarray) -> Call | None:
        session = self.session(name, x.dtype.name) if name in self.OPERATORS else None
        return None if session is None else onnx_call(session, x)


@dataclass(frozen=True)
class Library:
    """How to come by a peer."""

    packages: tuple[str, ...]
    """What must be installed; the first tells the version."""
    load: Callable[[], Peer]


LIBRARIES = {
    "PyTorch": Library(("torch",), Torch),
    "JAX": Library(("jax",), Jax),
    "SciPy": Library(("scipy",), _scipy),
    "ONNX Runtime": Library(("onnxruntime", "onnx"), OnnxRuntime),
    "NumPy": Library(("numpy",), _numpy),
}


def installed() -> dict[str, str]:
    """Return the versions of the libraries that are there, by the names that `load` takes; nothing is imported."""
    found = {}
    for name, library in LIBRARIES.items():
        try:
            found[name] = [version(package) for package in library.packages][0]
        except PackageNotFoundError:
            continue
    return found


@cache
def load(name: str) -> Peer:
    """Return a library's functions."""
    return LIBRARIES[name].load()


def results(library: str, form: str, name: str, x: np.ndarray) -> np.ndarray | None:
    """Return what a library makes of x; None where it has no such function."""
    call = getattr(load(library), form)(name, x)
    return None if call is None else np.asarray(call())

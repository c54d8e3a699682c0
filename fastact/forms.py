"""The public callables: activations, their derivatives, backward passes and in-place twins.

a) Every form of an activation is a ``numpy.ufunc``; these objects add names for the parameters, check the arguments, and let a
   backend serve the ordinary arrays without the ufunc machinery.
b) A parameter never changes the dtype of the result.  It is taken in the precision that the kernel computes in, which for
   float16 arrays is float32.
c) Ufuncs are made on first use, so that importing the package costs nothing for what is never called.
"""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from functools import cache, cached_property, partial
from typing import TYPE_CHECKING, Any

import numpy as np

from ._active import backend_module
from .activations import DECLARATIONS
from .arrays import cast, check_dtype, check_out, check_writeable_in_place, sum_to_shape
from .declaration import Declaration
from .ufunc import make_ufunc, python_loop

if TYPE_CHECKING:

    class _Call:
        def _serve_directly(
            self,
            name: str,
            form: str,
            parameters: dict[str, Any],
            domain: dict[str, Any],
            ordered: tuple[str, ...],
            in_place: bool,
        ) -> None: ...
        def __call__(self, *args: Any, **kwargs: Any) -> Any: ...

else:
    _Call = backend_module.Call

__all__ = ["FORMS", "Activation", "Form", "activation", "form_ufunc"]

FORMS = ("value", "derivative", "value_and_derivative", "derivative_from_output", "backward", "backward_parameters")
_UFUNC_OPTIONS = ("out", "where", "dtype", "casting", "order", "subok")
_FLOATS = {np.dtype(c): np.dtype(p) for c, p in (("e", "f"), ("f", "f"), ("d", "d"))}
"""The dtypes of results, and the precision of the parameters with each."""


@cache
def form_ufunc(name: str, form: str) -> np.ufunc:
    """Return the ufunc behind one form of an activation; its operands are the inputs, the parameters, the outputs."""
    declaration = DECLARATIONS[name]
    inputs = 2 if form.startswith("backward") else 1
    parameters = len(declaration.parameters)
    outputs = {"value_and_derivative": 2, "backward_parameters": 1 + len(declaration.trainable)}.get(form, 1)
    ufunc_name = name if form == "value" else f"{name}_{form}"
    loops = backend_module.loops(declaration, form)
    if loops[0][0][0] != "e":
        # The backend has no loop for float16: go through its float32 loop.
        single = make_ufunc(ufunc_name, declaration.doc, inputs + parameters, outputs, loops)
        results = ("e" * outputs) if form != "backward_parameters" else "e" + "f" * (outputs - 1)

        def compute(*operands: Any) -> tuple[Any, ...]:
            values = single(*[np.asarray(o, np.float32) for o in operands])
            return values if isinstance(values, tuple) else (values,)

        loops = [python_loop("e" * inputs + "f" * parameters + results, outputs, compute), *loops]
    return make_ufunc(ufunc_name, declaration.doc, inputs + parameters, outputs, loops)


def _result_dtype(x: Any) -> np.dtype[Any] | None:
    """Return the dtype that a ufunc of floats gives for `x`, or nothing where `x` has none of NumPy's."""
    dtype = getattr(x, "dtype", None)
    if not isinstance(dtype, np.dtype) or dtype.kind not in "buif":
        return None
    return np.result_type(dtype, np.float16)


class Form(_Call):
    """One form of an activation, on arrays.

    Instances are what ``fastact`` exports and what their attributes ``derivative``, ``value_and_derivative`` and ``backward``
    are; they are callable and can be pickled.
    """

    def __init__(self, declaration: Declaration, form: str, in_place: bool = False) -> None:
        self._declaration = declaration
        self._form = form
        self._in_place = in_place
        self._inputs = {"backward": ("grad", "x"), "derivative_from_output": ("y",)}.get(form, ("x",))
        self._domain = dict(declaration.domain)
        if form == "derivative_from_output":
            self._domain |= declaration.from_output_domain
        self.__name__ = declaration.name + ("_" if in_place else "" if form == "value" else f".{form}")
        self.__qualname__ = self.__name__
        self.__module__ = "fastact"
        self.__doc__ = _document(declaration, form, in_place)
        required = [p for p, default in declaration.parameters.items() if default is inspect.Parameter.empty]
        if form != "backward" or not set(required) & set(declaration.trainable):
            parameters = declaration.parameters | dict.fromkeys(required)
            self._serve_directly(declaration.name, form, parameters, self._domain, declaration.ordered, in_place)

    def __repr__(self) -> str:
        settings = ", ".join(f"{name}={value!r}" for name, value in self._other_defaults.items())
        return f"<fastact.{self.__name__}{settings and f' with {settings}'}>"

    def __reduce__(self) -> str | tuple[Any, ...]:
        if self._form == "value" and not self._other_defaults:
            return self.__name__
        value_form = partial(activation, self._declaration.name, **self._other_defaults)
        attribute = "in_place" if self._in_place else self._form
        return (value_form, ()) if attribute == "value" else (getattr, (value_form(), attribute))

    @property
    def _other_defaults(self) -> dict[str, Any]:
        """The defaults that are not those of the declaration of this name."""
        declared = DECLARATIONS[self._declaration.name].parameters
        return {name: value for name, value in self._declaration.parameters.items() if value is not declared[name]}

    @property
    def ufunc(self) -> np.ufunc:
        """The ``numpy.ufunc`` of this form: its operands are the inputs, then the parameters."""
        return form_ufunc(self._declaration.name, self._form)

    @cached_property
    def __signature__(self) -> inspect.Signature:
        kind = inspect.Parameter
        parameters = [kind(name, kind.POSITIONAL_ONLY) for name in self._inputs]
        parameters += [
            kind(name, kind.POSITIONAL_OR_KEYWORD, default=default) for name, default in self._declaration.parameters.items()
        ]
        parameters += [
            kind(name, kind.KEYWORD_ONLY, default=next(iter(values))) for name, values in self._declaration.variants.items()
        ]
        if not self._in_place:
            options = {"out": None, "where": True, "dtype": None, "casting": "same_kind", "order": "K", "subok": True}
            parameters += [kind(name, kind.KEYWORD_ONLY, default=default) for name, default in options.items()]
        return inspect.Signature(parameters)

    def _general(self, *args: Any, **options: Any) -> Any:
        variant = self._variant(options)
        if variant is not self:
            return variant(*args, **options)
        inputs, parameters, given = self._arguments(args, options)
        if self._in_place:
            return self._write_in_place(inputs[0], parameters)
        if type(inputs[0]) in (int, float) and isinstance(inputs[-1], np.ndarray | np.generic) and inputs[-1].dtype.kind == "f":
            # As everywhere in NumPy, a number of Python's does not widen the result.
            inputs = (np.asarray(inputs[0], inputs[-1].dtype), *inputs[1:])
        inputs = tuple(x if hasattr(x, "__array_ufunc__") else np.asanyarray(x) for x in inputs)
        for argument, x in zip(self._inputs, inputs, strict=True):
            check_dtype(self.__name__, argument, x)
        dtype = self._dtype(inputs, options.get("dtype"))
        values = self._parameter_values(parameters, dtype)
        if all(isinstance(a, np.ndarray | np.generic) for a in (*inputs, *values)):
            shape = self._result_shape(inputs, dict(zip(parameters, values, strict=True)))
            if options.get("out") is not None:
                self._check_out(options["out"], shape, dtype)
        if self._form == "backward":
            wanted = [
                p
                for p in self._declaration.trainable
                if isinstance(given.get(p), np.ndarray) or self._declaration.parameters[p] is inspect.Parameter.empty
            ]
            if wanted:
                return self._backward_with_parameters(inputs, parameters, values, wanted, options)
        if self._form == "value_and_derivative" and not all(isinstance(x, np.ndarray | np.generic) for x in inputs):
            # Other libraries' arrays know ufuncs of one output only.
            return tuple(form_ufunc(self._declaration.name, f)(*inputs, *values, **options) for f in FORMS[:2])
        return self.ufunc(*inputs, *values, **options)

    def _variant(self, options: dict[str, Any]) -> Form:
        """Return the form that keywords such as ``approximate`` choose, and take them out of the options."""
        for keyword, choices in self._declaration.variants.items():
            if keyword not in options:
                continue
            choice = options.pop(keyword)
            if choice not in choices:
                known = ", ".join(map(repr, choices))
                raise ValueError(f"{self.__name__}: {keyword} is {choice!r}; it must be one of {known}")
            chosen = activation(choices[choice])
            if self._in_place:
                return chosen.in_place
            return chosen if self._form == "value" else getattr(chosen, self._form)
        return self

    def _arguments(
        self, args: tuple[Any, ...], options: dict[str, Any]
    ) -> tuple[tuple[Any, ...], dict[str, Any], Mapping[str, Any]]:
        """Split the arguments of a call into inputs and parameters; what is left of the options goes to the ufunc."""
        count = len(self._inputs)
        names = list(self._declaration.parameters)
        if len(args) < count:
            raise TypeError(f"{self.__name__}: the argument {self._inputs[len(args)]} is missing")
        if len(args) > count + len(names):
            raise TypeError(
                f"{self.__name__}: {len(args)} positional arguments were given, but it takes {count + len(names)} at most"
            )
        given = dict(zip(names, args[count:], strict=False))
        for name in list(options):
            if name in names:
                if name in given:
                    raise TypeError(f"{self.__name__}: {name} was given twice, by position and by keyword")
                given[name] = options.pop(name)
            elif name not in _UFUNC_OPTIONS or self._in_place:
                allowed = [*names, *self._declaration.variants, *(() if self._in_place else _UFUNC_OPTIONS)]
                hint = f"it takes {', '.join(allowed)}" if allowed else "it takes no keywords"
                raise TypeError(f"{self.__name__}: there is no argument {name}; {hint}")
        parameters = {**self._declaration.parameters, **given}
        for name, value in parameters.items():
            if value is inspect.Parameter.empty:
                raise TypeError(f"{self.__name__}: the argument {name} is missing")
        return args[:count], parameters, given

    def _dtype(self, inputs: tuple[Any, ...], dtype: Any) -> np.dtype[Any] | None:
        """Return the dtype of the result, or nothing if the ufunc is to find out."""
        if dtype is not None:
            return np.dtype(dtype)  # type: ignore[no-any-return]
        dtypes = [_result_dtype(x) for x in inputs]
        known = [d for d in dtypes if d is not None]
        return np.result_type(*known) if len(known) == len(dtypes) else None

    def _parameter_values(self, parameters: dict[str, Any], dtype: np.dtype[Any] | None) -> list[Any]:
        """Check the parameters and give them the precision that goes with a result's dtype."""
        values = []
        precision = _FLOATS.get(dtype) if dtype is not None else None
        for name, value in parameters.items():
            if isinstance(value, str | bytes) or value is None:
                raise TypeError(f"{self.__name__}: {name} is {value!r}; it must be a number or an array of numbers")
            if not hasattr(value, "__array_ufunc__"):
                value = np.asarray(value)
            check_dtype(self.__name__, name, value)
            if isinstance(value, np.ndarray | np.generic):
                self._check_domain(name, value)
                if precision is not None and value.dtype != precision:
                    value = cast(np.asarray(value), precision)
                if isinstance(value, np.ndarray) and value.ndim == 0:
                    # A scalar: an array of no dimensions would make other libraries promote the result.
                    value = value[()]
            values.append(value)
        self._check_order(dict(zip(parameters, values, strict=True)))
        return values

    def _check_domain(self, name: str, value: Any) -> None:
        low, high = self._domain.get(name, (-np.inf, np.inf))
        wide = np.asarray(value, np.float64)
        if wide.size == 0 or (low <= wide.min() and wide.max() <= high):
            return
        found = wide[~((wide >= low) & (wide <= high))].flat[0]
        bounds = {
            (True, True): f"from {low:g} to {high:g}",
            (True, False): f"at least {low:g}",
            (False, True): f"at most {high:g}",
            (False, False): "a number",
        }[low > -np.inf, high < np.inf]
        raise ValueError(f"{self.__name__}: {name} is {found}; it must be {bounds}")

    def _check_order(self, parameters: dict[str, Any]) -> None:
        """Raise if a parameter is above the one that bounds it."""
        if not self._declaration.ordered:
            return
        lower, upper = self._declaration.ordered
        low, high = parameters[lower], parameters[upper]
        if not all(isinstance(bound, np.ndarray | np.generic) for bound in (low, high)):
            return
        try:
            low, high = np.broadcast_arrays(low, high)
        except ValueError:
            raise ValueError(
                f"{self.__name__}: {lower} has shape {np.shape(low)}, which does not broadcast with {upper}'s, {np.shape(high)}"
            ) from None
        if np.any(above := low > high):
            raise ValueError(
                f"{self.__name__}: {lower} is {low[above].flat[0]!s}, above {upper}, {high[above].flat[0]!s}; "
                f"{lower} must not be above {upper}"
            )

    def _write_in_place(self, x: Any, parameters: dict[str, Any]) -> Any:
        check_writeable_in_place(self._declaration.name, x)
        values = self._parameter_values(parameters, x.dtype.newbyteorder("="))
        for name, value in zip(parameters, values, strict=True):
            self._check_broadcast(name, np.shape(value), x.shape)
        return self.ufunc(x, *values, out=x)

    def _check_broadcast(self, argument: str, shape: tuple[int, ...], target: tuple[int, ...]) -> None:
        """Raise unless an argument's shape broadcasts to that of `x`."""
        try:
            fits = shape in ((), target) or np.broadcast_shapes(shape, target) == target
        except ValueError:
            fits = False
        if not fits:
            x = self._inputs[-1]
            raise ValueError(f"{self.__name__}: {argument} has shape {shape}, which does not broadcast to {x}'s shape {target}")

    def _result_shape(self, inputs: tuple[Any, ...], parameters: dict[str, Any]) -> tuple[int, ...]:
        """Check that the arguments fit each other, and return the shape of the result."""
        shape: tuple[int, ...] = np.shape(inputs[-1])
        if self._form == "backward":
            for name, value in {"grad": inputs[0], **parameters}.items():
                self._check_broadcast(name, np.shape(value), shape)
            return shape
        for name, value in parameters.items():
            if np.ndim(value) == 0:
                continue
            try:
                shape = np.broadcast_shapes(shape, np.shape(value))
            except ValueError:
                self._check_broadcast(name, np.shape(value), shape)
        return shape

    def _check_out(self, out: Any, shape: tuple[int, ...], dtype: np.dtype[Any] | None) -> None:
        if self._form != "value_and_derivative":
            check_out(self.__name__, out[0] if isinstance(out, tuple) and len(out) == 1 else out, shape, dtype)
            return
        if not isinstance(out, tuple) or len(out) != 2:
            raise TypeError(f"{self.__name__}: out is {type(out).__name__}; it must be a tuple of two arrays or None")
        given = [o for o in out if o is not None]
        for array in given:
            check_out(self.__name__, array, shape, dtype)
        if len(given) == 2 and np.shares_memory(*given):
            raise ValueError(f"{self.__name__}: the two arrays of out share memory; the results need one each")

    @np.errstate(all="ignore")
    def _backward_with_parameters(
        self,
        inputs: tuple[Any, ...],
        parameters: dict[str, Any],
        values: list[Any],
        wanted: list[str],
        options: dict[str, Any],
    ) -> tuple[Any, ...]:
        """Return the gradient by `x` and those by the wanted parameters, each with the shape of what it belongs to."""
        trainable = self._declaration.trainable
        ufunc = form_ufunc(self._declaration.name, "backward_parameters")
        out = options.pop("out", None)
        by_parameter: list[Any] = [None] * len(trainable)
        if "where" in options:
            # What is left out adds nothing to a sum.
            by_parameter = [np.zeros(np.shape(inputs[-1]), np.result_type(*values)) for _ in trainable]
        if out is not None or "where" in options:
            options["out"] = (out[0] if isinstance(out, tuple) else out, *by_parameter)
        gradient, *by_parameter = ufunc(*inputs, *values, **options)
        gradients = []
        for name, values_of_gradient in zip(trainable, by_parameter, strict=True):
            if name in wanted:
                parameter = parameters[name]
                dtype = parameter.dtype if isinstance(parameter, np.ndarray) and parameter.dtype.kind == "f" else None
                total = sum_to_shape(np.asarray(values_of_gradient), np.shape(parameter))
                gradients.append(total if dtype is None else total.astype(dtype.newbyteorder("=")))
        return (gradient, *gradients)


class Activation(Form):
    """An activation: call it for its value; its attributes are its other forms."""

    def __init__(self, declaration: Declaration) -> None:
        super().__init__(declaration, "value")

    @cached_property
    def derivative(self) -> Form:
        """The derivative, from the input."""
        return Form(self._declaration, "derivative")

    @cached_property
    def value_and_derivative(self) -> Form:
        """The value and the derivative in one pass."""
        return Form(self._declaration, "value_and_derivative")

    @cached_property
    def derivative_from_output(self) -> Form:
        """The derivative, from the value; an AttributeError where the value does not tell it."""
        if self._declaration.from_output is None:
            name = self._declaration.name
            raise AttributeError(
                f"{name} has no derivative_from_output, as its value does not tell the derivative; use {name}.derivative(x)"
            )
        return Form(self._declaration, "derivative_from_output")

    @cached_property
    def backward(self) -> Form:
        """The gradient by the input, and by trainable parameters, given the gradient by the value."""
        return Form(self._declaration, "backward")

    @cached_property
    def in_place(self) -> Form:
        """The twin that writes over its argument, exported with an underscore behind the name."""
        return Form(self._declaration, "value", in_place=True)


@cache
def activation(name: str, **defaults: float) -> Activation:
    """Return the one object of each activation, and of each set of other defaults for its parameters."""
    declaration = DECLARATIONS[name]
    return Activation(declaration.with_defaults(defaults) if defaults else declaration)


def _document(declaration: Declaration, form: str, in_place: bool) -> str:
    """Return the docstring of a form: that of the activation, introduced by what the form does with it."""
    name = declaration.name
    if form == "value" and not in_place:
        declared = DECLARATIONS[name].parameters
        others = [f"``{p}={default!r}``" for p, default in declaration.parameters.items() if default is not declared[p]]
        summary, *rest = declaration.doc.split("\n", 1)
        return "\n".join([summary, *([f"\nHere with {', '.join(others)} by default."] if others else []), *rest])
    if form == "derivative_from_output":
        return inspect.getdoc(declaration.from_output) or ""
    introduction = {
        "value": f"Apply `{name}` in place and return the array.\n\nx is any writeable array of floats that does not overlap "
        f"itself.  An array of another kind or dtype is a TypeError, a read-only one a ValueError.",
        "derivative": f"Return the derivative of `{name}` at each element of x.",
        "value_and_derivative": f"Return the value and the derivative of `{name}` in one pass; ``out=(y, d)``, and y may be x.",
        "backward": f"Return grad times the derivative of `{name}` at x; ``out`` may be grad.\n\nFor each trainable parameter "
        f"that is given as an array, the gradient by it follows, summed over the axes it was broadcast along.",
    }[form]
    return f"{introduction}\n\nSee Also\n--------\nfastact.{name} : the formula, the parameters, the conventions."

# mypy: disable-error-code="misc, no-untyped-call, override, untyped-decorator"
"""The activations in the compiled code of Numba's users; Numba calls :func:`init` when it first compiles anything.

In such code ``fastact.gelu`` and its other forms, save the one in place, take scalars and arrays, and their parameters by
position or keyword, as numbers or arrays.  Integers are taken as float64.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from functools import cache
from typing import Any

from .forms import Form

__all__ = ["init"]


def init() -> None:
    """Tell Numba what the activations are."""
    from numba.core import types
    from numba.core.typing.templates import AttributeTemplate
    from numba.extending import infer_getattr, lower_getattr_generic, models, register_model, typeof_impl

    class FormType(types.Dispatcher):
        """A form of an activation: a Numba function that has attributes."""

        def __init__(self, form: Form) -> None:
            self.form = form
            super().__init__(_function(form))

    register_model(FormType)(models.OpaqueModel)

    @typeof_impl.register(Form)
    def type_of_form(form: Form, _context: Any) -> Any:
        return FormType(form)

    @infer_getattr
    class FormAttributes(AttributeTemplate):
        key = FormType

        def generic_resolve(self, form_type: Any, attribute: str) -> Any:
            found = getattr(form_type.form, attribute, None)
            return FormType(found) if isinstance(found, Form) else None

    @lower_getattr_generic(FormType)
    def lower_attribute(context: Any, builder: Any, form_type: Any, value: Any, attribute: str) -> Any:
        return context.get_dummy_value()


@cache
def _function(form: Form) -> Any:
    """Return the Numba function of a form, for scalars and arrays."""
    import numba

    if form._in_place:
        twin = form._declaration.name
        raise TypeError(f"{form.__name__} is not available in compiled code; write x[:] = fastact.{twin}(x)")
    parameters = {
        name: "" if default is inspect.Parameter.empty else f"=float('{default!r}')"
        for name, default in form._declaration.parameters.items()
    }
    names = [*form._inputs, *parameters]
    signature = [*form._inputs, *(name + default for name, default in parameters.items())]
    kinds = ("value", "derivative") if form._form == "value_and_derivative" else (form._form,)
    ufuncs = {f"ufunc_of_{kind}": _ufunc(form, kind, names) for kind in kinds}
    calls = ", ".join(f"{ufunc}({', '.join(names)})" for ufunc in ufuncs)
    return numba.njit(_make(signature, calls, ufuncs))


def _ufunc(form: Form, kind: str, names: Sequence[str]) -> Any:
    """Return the Numba ufunc of one result, which compiles itself for the types of its arguments."""
    import numba
    from numba.core import types
    from numba.extending import overload

    from .backends.numba_loops import scalar_functions

    def compute(*_: Any) -> None: ...

    @overload(compute, strict=False)
    def choose(*arguments: types.Type) -> Callable[..., Any]:
        x = arguments[len(form._inputs) - 1]
        float_ = x if x == types.float32 else types.float64
        evaluate = scalar_functions(str(float_))[form._declaration.function_of(kind).__name__]
        result = f"evaluate({', '.join(f'float_({name})' for name in names if name != 'grad')})"
        index = {"value": "[0]", "derivative": "[1]", "backward": "[1] * float_(grad)"}.get(kind, "")
        return _make(names, result + index, {"evaluate": evaluate, "float_": float_})

    return numba.vectorize(_make(names, f"compute({', '.join(names)})", {"compute": compute}))


def _make(signature: Sequence[str], result: str, meanings: dict[str, Any]) -> Callable[..., Any]:
    """Return a Python function of a given signature, which Numba reads from the function's code."""
    namespace = dict(meanings)
    exec(f"def made({', '.join(signature)}):\n    return {result}\n", namespace)
    made: Callable[..., Any] = namespace["made"]
    return made

"""``numpy.ufunc`` objects made from the addresses of inner loops.

Whatever a backend computes with, compiled kernels, Numba or NumPy itself, NumPy sees one and the same kind of ufunc, with
``out=``, ``where=``, casting, overlap and the protocols of other array libraries.  NumPy's C function for it is reached through
``ctypes``, so that a machine without a compiler has it too.
"""

from __future__ import annotations

import ctypes
import importlib
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

__all__ = ["make_ufunc", "python_loop"]

Loops = Sequence[tuple[str, int, int]]
"""For each loop: its type characters, inputs first, the address of its function, the address of its data."""

_LOOP = ctypes.CFUNCTYPE(
    None, ctypes.POINTER(ctypes.c_void_p), ctypes.POINTER(ctypes.c_ssize_t), ctypes.POINTER(ctypes.c_ssize_t), ctypes.c_void_p
)
_NUMPY_NONE_IDENTITY = -1
_keep_alive: list[Any] = []


def _capi_function() -> Callable[..., np.ufunc]:
    # Slot 1 of NumPy's ufunc API; the order of the slots is part of NumPy's binary interface.
    umath = importlib.import_module("numpy._core._multiarray_umath")
    get_pointer = ctypes.pythonapi.PyCapsule_GetPointer
    get_pointer.restype = ctypes.c_void_p
    get_pointer.argtypes = [ctypes.py_object, ctypes.c_char_p]
    api = ctypes.cast(get_pointer(umath._UFUNC_API, None), ctypes.POINTER(ctypes.c_void_p))
    prototype = ctypes.PYFUNCTYPE(
        ctypes.py_object, *[ctypes.c_void_p] * 3, *[ctypes.c_int] * 4, ctypes.c_char_p, ctypes.c_char_p, ctypes.c_int
    )
    return prototype(api[1])


_from_functions = _capi_function()


def make_ufunc(name: str, doc: str, inputs: int, outputs: int, loops: Loops) -> np.ufunc:
    """Make a ufunc.

    Parameters
    ----------
    name, doc : str
        Its ``__name__`` and the text of its ``__doc__``.
    inputs, outputs : int
        The number of operands.
    loops : sequence of (str, int, int)
        From the narrowest type to the widest: type characters, address of the inner loop, address of its data.

    Returns
    -------
    numpy.ufunc
    """
    functions = (ctypes.c_void_p * len(loops))(*[function for _, function, _ in loops])
    data = (ctypes.c_void_p * len(loops))(*[datum or None for _, _, datum in loops])
    types = b"".join(bytes(np.dtype(c).num for c in characters) for characters, _, _ in loops)
    texts = [ctypes.create_string_buffer(t) for t in (types, name.encode(), doc.encode())]
    _keep_alive.append((functions, data, texts))
    addresses = [ctypes.addressof(t) for t in texts]
    return _from_functions(
        ctypes.addressof(functions),
        ctypes.addressof(data),
        addresses[0],
        len(loops),
        inputs,
        outputs,
        _NUMPY_NONE_IDENTITY,
        ctypes.cast(addresses[1], ctypes.c_char_p),
        ctypes.cast(addresses[2], ctypes.c_char_p),
        0,
    )


def _view(address: int, n: int, step: int, dtype: np.dtype[Any]) -> np.ndarray[Any, Any]:
    low = address + min(0, (n - 1) * step)
    size = abs((n - 1) * step) + dtype.itemsize
    memory: Any = (ctypes.c_char * size).from_address(low)
    return np.ndarray((n,), dtype, memory, address - low, (step,))


def python_loop(types: str, outputs: int, function: Callable[..., Sequence[np.ndarray[Any, Any]]]) -> tuple[str, int, int]:
    """Make an inner loop of a function of arrays.

    Parameters
    ----------
    types : str
        The type characters of the operands, inputs first.
    outputs : int
        How many of them are outputs.
    function : callable
        Takes the inputs as arrays of one dimension, or 0-d where one value serves all; returns the outputs in any dtype.

    Returns
    -------
    tuple
        One item of the ``loops`` of :func:`make_ufunc`.
    """
    dtypes = [np.dtype(c) for c in types]
    inputs = len(types) - outputs

    def loop(args: Any, dimensions: Any, steps: Any, _data: Any) -> None:
        n = dimensions[0]
        if n == 0:
            return
        views = [_view(args[k], n, steps[k], dtype) for k, dtype in enumerate(dtypes)]
        operands = [v[0] if steps[k] == 0 and n > 1 else v for k, v in enumerate(views[:inputs])]
        with np.errstate(all="ignore"):
            for view, result in zip(views[inputs:], function(*operands), strict=True):
                view[...] = result
            # The flags that the arithmetic left would be reported by the ufunc around this loop.
            np.negative(0.0)

    callback = _LOOP(loop)
    _keep_alive.append(callback)
    address = ctypes.cast(callback, ctypes.c_void_p).value
    assert address is not None
    return types, address, 0

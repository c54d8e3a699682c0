"""How many threads the kernels may use."""

from __future__ import annotations

import operator
import os
from collections.abc import Iterator
from contextlib import contextmanager

from ._active import backend_module
from ._settings import SettingError

__all__ = ["get_num_threads", "num_threads", "reason", "set_num_threads"]

MOST = 4096


def _cpu_quota() -> int | None:
    """Return the whole CPUs that the control group allows, if it sets a limit."""
    try:
        with open("/sys/fs/cgroup/cpu.max") as file:
            quota, period = file.read().split()
    except (OSError, ValueError):
        return None
    return None if quota == "max" else max(1, int(quota) // int(period))


def _default() -> tuple[int, str]:
    for variable in ("FASTACT_NUM_THREADS", "OMP_NUM_THREADS"):
        text = os.environ.get(variable, "").split(",")[0].strip()
        if text:
            if not text.isdecimal() or not 1 <= int(text) <= MOST:
                raise SettingError(f"{variable} is {text!r}; it must be a whole number from 1 to {MOST}")
            return int(text), f"{variable} asks for it"
    allowed = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    quota = _cpu_quota()
    if quota is not None and quota < allowed:
        return quota, "the control group allows this many CPUs"
    return allowed, "this process may run on this many CPUs"


_threads, _reason = _default()
backend_module.set_num_threads(_threads)


def get_num_threads() -> int:
    """Return the number of threads that large contiguous arrays may be split among.

    Examples
    --------
    >>> import fastact as fa
    >>> with fa.num_threads(2):
    ...     fa.get_num_threads()
    2
    """
    return _threads


def set_num_threads(n: int) -> None:
    """Let large contiguous arrays be split among up to `n` threads.

    The results have the same bits whatever the number.

    Parameters
    ----------
    n : int
        At least 1.

    Raises
    ------
    TypeError
        If `n` is no integer.
    ValueError
        If `n` is less than 1 or more than 4096.
    """
    global _threads, _reason
    try:
        threads = operator.index(n)
    except TypeError:
        raise TypeError(f"n is {n!r}; the number of threads must be an integer") from None
    if not 1 <= threads <= MOST:
        raise ValueError(f"n is {threads}; the number of threads must be from 1 to {MOST}")
    backend_module.set_num_threads(threads)
    _threads, _reason = threads, "set_num_threads asks for it"


def reason() -> str:
    """Say why the number of threads is what it is."""
    return _reason


@contextmanager
def num_threads(n: int) -> Iterator[None]:
    """Use up to `n` threads within a ``with`` block.

    Parameters
    ----------
    n : int
        At least 1.

    Examples
    --------
    >>> import fastact as fa
    >>> import numpy as np
    >>> with fa.num_threads(1):
    ...     fa.relu(np.array([-1.0, 2.0]))
    array([0., 2.])
    """
    global _reason
    before, reason_before = get_num_threads(), reason()
    set_num_threads(n)
    try:
        yield
    finally:
        set_num_threads(before)
        _reason = reason_before

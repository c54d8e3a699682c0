from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from .operation import RowRun

COMPILER: str
FORMS: tuple[str, ...]

def available_isas() -> tuple[str, ...]: ...
def isa() -> str: ...
def has_openmp() -> bool: ...
def set_num_threads(threads: int) -> None: ...
def get_num_threads() -> int: ...
def loops(name: str, form: str) -> list[tuple[str, int, int]]: ...
def copy_halves(source: npt.NDArray[Any], target: npt.NDArray[Any]) -> bool: ...
def run_rows(
    program: str,
    inputs: Sequence[npt.NDArray[Any]],
    outputs: Sequence[npt.NDArray[Any]],
    axes: tuple[int, ...],
    settings: Sequence[float],
) -> bool: ...

class Call:
    def _serve_directly(
        self,
        name: str,
        form: str,
        parameters: dict[str, float | None],
        domain: dict[str, tuple[float, float]],
        ordered: tuple[str, ...],
        in_place: bool,
    ) -> None: ...
    def __call__(self, *args: object, **kwargs: object) -> object: ...

class RowCall:
    def _serve_rows(self, run: RowRun, in_place: bool) -> None: ...
    def __call__(self, *args: object, **kwargs: object) -> object: ...

class BlockSteps:
    def __init__(
        self, steps: list[tuple[np.ufunc, list[int]]], inputs: int, numbers: list[float], outputs: int, scratch: int
    ) -> None: ...
    def __call__(self, inputs: Sequence[npt.NDArray[Any]], outputs: Sequence[npt.NDArray[Any]], number: int) -> bool: ...
    def served(
        self,
        inputs: list[Any],
        whole: int,
        vectors: int,
        axis: object,
        like: npt.NDArray[Any],
        out: object,
    ) -> npt.NDArray[Any] | None: ...

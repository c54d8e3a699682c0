"""The page of the largest errors, ``docs/accuracy.md``: read, and written with the rows that a run has measured anew."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from catalogue import CASES
from peers import FORMS, LIBRARIES

FILE = Path(__file__).parent.parent / "docs" / "accuracy.md"

HEAD = """\
# Accuracy

The largest error of each function over all 2^32 float32 inputs, and an input that shows it, with the default
parameters.  Errors are in units in the last place (ulp) of the float32 nearest to the real result; a correctly rounded
result has at most 0.5.  Nearer to a root of a derivative than that is to zero, the derivative's error is in ulp of 1.

Made by `python -m tests.exhaustive`; [float64](accuracy-float64.md) has a page of its own.
"""

PEERS_HEAD = """\
## Beside other libraries

The same for the functions that other libraries have: error @ x, for the functions that `tests/peers.py` names.  From
8.4e+06 on no digit of the result is right; 1.7e+07 is the largest that a zero in place of the result makes.  What is larger
where the input or the result is a subnormal number stands by itself, since some libraries take all of these for zero; so
does an input for which the result is NaN instead of a number or a limit.  Derivatives are the libraries' own; at a kink any
will do.

Made by `python -m tests.exhaustive --peers`.
"""

COLUMNS = {"value": list(LIBRARIES), "derivative": ["PyTorch", "JAX"]}
TITLES = {"value": "### Values", "derivative": "### Derivatives"}


def _row(cells: list[str]) -> str:
    return f"| {' | '.join(cells)} |\n"


def _table(heads: list[str], rows: list[list[str]]) -> str:
    return "\n" + _row(heads) + "|" + "---|" * len(heads) + "\n" + "".join(map(_row, rows))


def _rows(text: str) -> dict[str, list[str]]:
    """Return the cells of a table's rows, by the activation in the first one."""
    found = re.finditer(r"^\| `(\w+)` \|(.*)\|$", text, re.MULTILINE)
    return {m[1]: [cell.strip() for cell in m[2].split("|")] for m in found}


@dataclass
class Page:
    """What stands in the tables, by activation."""

    ours: dict[str, list[str]] = field(default_factory=dict)
    """Error and input of the value, error and input of the derivative."""
    peers: dict[str, dict[str, list[str]]] = field(default_factory=lambda: {form: {} for form in FORMS})
    """By form; the cells are those of `COLUMNS`."""
    versions: dict[str, str] = field(default_factory=dict)
    """Of the libraries, when they were last measured."""

    @classmethod
    def read(cls) -> Page:
        """Return what former runs have left."""
        text = FILE.read_text() if FILE.exists() else ""
        ours, *peers = re.split("^### .*$", text, flags=re.MULTILINE)
        page = cls(ours=_rows(ours))
        for form, table in zip(FORMS, peers, strict=False):
            page.peers[form] = {name: cells for name, (_, *cells) in _rows(table).items()}
        if found := re.search("^Versions: (.*)\\.$", text, re.MULTILINE):
            page.versions = dict(named.rsplit(" ", 1) for named in found[1].split(", "))
        return page

    def note_peers(self, form: str, name: str, cells: dict[str, str]) -> None:
        """Put what was found by library in place of what is known, if there is anything."""
        former = dict(zip(COLUMNS[form], self.peers[form].get(name, []), strict=False))
        row = [(former | cells).get(library, "") for library in COLUMNS[form]]
        if any(row):
            self.peers[form][name] = row

    def write(self) -> None:
        FILE.write_text(self.text())

    def text(self) -> str:
        heads = ["activation", "value: ulp", "at x", "derivative: ulp", "at x"]
        text = HEAD + _table(heads, self._in_order(self.ours))
        if self.versions:
            versions = ", ".join(f"{library} {version}" for library, version in self.versions.items())
            text += f"\n{PEERS_HEAD}Versions: {versions}.\n"
            for form in FORMS:
                beside = {name: [self._our_cell(name, form), *cells] for name, cells in self.peers[form].items()}
                heads = ["activation", "fastact", *COLUMNS[form]]
                text += f"\n{TITLES[form]}\n" + _table(heads, self._in_order(beside))
        return text

    def _our_cell(self, name: str, form: str) -> str:
        start = 2 * FORMS.index(form)
        error, x = self.ours.get(name, [""] * 4)[start : start + 2]
        return f"{error} @ {np.float32(x)!s}" if x else error

    @staticmethod
    def _in_order(rows: dict[str, list[str]]) -> list[list[str]]:
        return [[f"`{case.name}`", *rows[case.name]] for case in CASES if case.name in rows]

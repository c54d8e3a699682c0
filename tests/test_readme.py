"""The code that the README and the guide show runs and prints what they say."""

import doctest
import re
from pathlib import Path

import numpy as np
import pytest

import fastact as fa

ROOT = Path(__file__).parent.parent
PAGES = [page for page in [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))] if page.exists()]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_python_blocks(page, tmp_path, monkeypatch):
    """Blocks of a page run in order, in one namespace; those with prompts are doctests."""
    monkeypatch.chdir(tmp_path)
    names = {"fa": fa, "np": np, "__name__": "page"}
    for number, block in enumerate(re.findall(r"^```python\n(.*?)^```", page.read_text(), re.DOTALL | re.MULTILINE)):
        if ">>>" in block:
            test = doctest.DocTestParser().get_doctest(block, names, f"{page.name} block {number}", str(page), 0)
            runner = doctest.DocTestRunner(optionflags=doctest.ELLIPSIS)
            assert runner.run(test, clear_globs=False).failed == 0
            names |= test.globs
        else:
            exec(compile(block, f"{page.name} block {number}", "exec"), names)


def test_readme_is_there():
    assert (ROOT / "README.md").exists()

"""Print the type stub of the package, in which every declared activation has a name.

Usage: ``python tools/make_stubs.py OUTPUT_FILE``.  The declarations are read, never imported.
"""

import ast
import sys
from pathlib import Path

PACKAGE = Path(__file__).resolve().parent.parent / "fastact"


def activations() -> list[str]:
    """Return the names that the files of ``activations`` declare."""
    trees = [ast.parse(path.read_text()) for path in sorted((PACKAGE / "activations").glob("*.py"))]
    functions = [node for tree in trees for node in tree.body if isinstance(node, ast.FunctionDef)]
    return [f.name for f in functions if ast.unparse(f.decorator_list[0]).startswith("activation(")]


def stub() -> str:
    """Return the text of ``__init__.pyi``."""
    tree = ast.parse((PACKAGE / "__init__.py").read_text())
    imported = [
        (node.module, alias.name)
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and node.level == 1
        for alias in node.names
        if alias.asname is None
    ]
    declared = activations()
    lines = [f"from .{module} import {name} as {name}" for module, name in imported]
    lines += [f"{name}: Activation\n{name}_: Form" for name in declared]
    names = sorted([name for _, name in imported] + [name + tail for name in declared for tail in ("", "_")])
    return "\n".join([*lines, f"__all__ = {names!r}", ""])


if __name__ == "__main__":
    Path(sys.argv[1]).write_text(stub())

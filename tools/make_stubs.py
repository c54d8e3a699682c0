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
    assigned = {ast.unparse(node.targets[0]): node.value for node in tree.body if isinstance(node, ast.Assign)}
    public = [(home, name) for home, names in ast.literal_eval(assigned["_HOMES"]).items() for name in names]
    public += [
        (node.module, alias.name)
        for block in tree.body
        if isinstance(block, ast.ImportFrom | ast.With)
        for node in ast.walk(block)
        if isinstance(node, ast.ImportFrom) and node.level == 1
        for alias in node.names
        if alias.asname == alias.name
    ]
    declared = activations()
    lines = [f"from .{module} import {name} as {name}" for module, name in public]
    lines += [f"{name}: Activation\n{name}_: Form" for name in declared]
    names = sorted([name for _, name in public] + [name + tail for name in declared for tail in ("", "_")])
    return "\n".join([*lines, f"__all__ = {names!r}", ""])


if __name__ == "__main__":
    Path(sys.argv[1]).write_text(stub())

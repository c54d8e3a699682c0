"""Put the statements of subprograms in the place of their calls, before ``emit_rows.py`` prints a row program."""

from __future__ import annotations

import ast
import copy
from collections.abc import Callable, Mapping

from emit import Function

__all__ = ["expanded", "names_loaded"]


class Renaming(ast.NodeTransformer):
    """Gives names others."""

    def __init__(self, names: Mapping[str, str]) -> None:
        self.names = names

    def visit_Name(self, node: ast.Name) -> ast.Name:
        node.id = self.names.get(node.id, node.id)
        return node


def names_loaded(node: ast.AST) -> set[str]:
    """Return the names that are read."""
    return {n.id for n in ast.walk(node) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Load)}


def names_stored(node: ast.AST) -> set[str]:
    """Return the names that are assigned."""
    return {n.id for n in ast.walk(node) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)}


def elements(node: ast.expr | None) -> list[ast.Name]:
    """Return the names of a tuple, or the only one."""
    return node.elts if isinstance(node, ast.Tuple) else [node]  # type: ignore[return-value, list-item]


def expanded(
    body: list[ast.stmt], subprograms: Mapping[str, Function], refuse: Callable[[ast.AST, str], Exception]
) -> list[ast.Assign | ast.Return]:
    """Return the body of a program without calls of subprograms; what it does not need of these is left out.

    Parameters
    ----------
    body : list of ast.stmt
        Assignments and the last statement.
    subprograms : mapping
        By name.
    refuse : callable
        Returns the error for a node and a reason.
    """

    def expand(node: ast.stmt) -> list[ast.Assign]:
        match node:
            case ast.Assign(targets=[target], value=ast.Call(func=ast.Name(id=name), args=arguments)) if name in subprograms:
                function = subprograms[name]
            case ast.Assign():
                return [node]
            case _:
                raise refuse(node, f"`{ast.unparse(node).splitlines()[0]}` is not in the language")
        *statements, returned = function.node.body[ast.get_docstring(function.node) is not None :]
        given = [a.id for a in arguments if isinstance(a, ast.Name)]
        if not len(given) == len(arguments) == len(function.arguments):
            raise refuse(node, f"`{name}` takes {len(function.arguments)} names")
        names = {n: f"{name}_{n}" for s in statements for n in names_stored(s)} | dict(
            zip(function.arguments, given, strict=True)
        )
        results, targets = elements(returned.value), elements(target)  # type: ignore[attr-defined]
        if len(results) != len(targets):
            raise refuse(node, f"`{name}` gives {len(results)} values")
        names |= {result.id: name.id for result, name in zip(results, targets, strict=True)}
        return [n for s in statements for n in expand(Renaming(names).visit(copy.deepcopy(s)))]

    *assignments, last = body
    found: list[ast.Assign | ast.Return] = [last]  # type: ignore[list-item]
    used = names_loaded(last)
    for node in reversed([n for a in assignments for n in expand(a)]):
        if node in assignments or used & names_stored(node):
            found.append(node)
            used |= names_loaded(node)
    return found[::-1]

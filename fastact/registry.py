"""Activations by name."""

from __future__ import annotations

from .declaration import DECLARATIONS
from .forms import Activation, activation

__all__ = ["get", "list_activations"]


def list_activations() -> list[str]:
    """Return the names of all activations.

    Examples
    --------
    >>> import fastact as fa
    >>> "gelu" in fa.list_activations()
    True
    """
    return list(DECLARATIONS)


def _names() -> dict[str, str]:
    return {alias.lower(): name for name, d in DECLARATIONS.items() for alias in (name, *d.aliases)}


def get(name: str) -> Activation:
    """Return the activation of a name, or of an alias that another library uses for it.

    Parameters
    ----------
    name : str
        In any case.

    Raises
    ------
    TypeError
        If `name` is no string.
    ValueError
        If nothing has this name; the message suggests the nearest ones.

    Examples
    --------
    >>> import fastact as fa
    >>> fa.get("swish") is fa.silu
    True
    """
    if not isinstance(name, str):
        raise TypeError(f"name is a {type(name).__name__}; it must be a string such as 'gelu'")
    names = _names()
    if name.lower() not in names:
        import difflib

        close = difflib.get_close_matches(name.lower(), names, n=3, cutoff=0.5)
        hint = f"did you mean {' or '.join(map(repr, close))}?" if close else "list_activations() lists them all"
        raise ValueError(f"there is no activation {name!r}; {hint}")
    return activation(names[name.lower()])

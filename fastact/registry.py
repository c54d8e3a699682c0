"""Activations by name."""

from __future__ import annotations

from functools import cache

from .activations import DECLARATIONS
from .forms import Activation, activation
from .styles import STYLES, find, plain

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


def get(name: str, style: str | None = None) -> Activation:
    """Return the activation of a name, or of an alias that another library uses for it.

    Parameters
    ----------
    name : str
        With or without underscores, in any case: ``"leaky_relu"``, ``"LeakyReLU"``, ``"LeakyRelu"``.
    style : str, optional
        The library that is meant where libraries disagree, about a name or about defaults: ``"torch"``, ``"jax"``,
        ``"keras"``, ``"keras2"``, ``"onnx"``, ``"tensorflow"``, ``"transformers"``, ``"timm"``, ``"mlx"``, ``"ggml"``,
        ``"thinc"`` or ``"sklearn"``.

    Returns
    -------
    Activation
        With the defaults of that library.

    Raises
    ------
    TypeError
        If `name` or `style` is no string.
    ValueError
        If nothing has this name, where the message suggests the nearest ones, or if the style is unknown.

    Examples
    --------
    >>> import fastact as fa
    >>> fa.get("swish") is fa.silu
    True
    >>> fa.get("leaky_relu", style="keras")(-1.0)
    np.float64(-0.2)
    """
    if not isinstance(name, str):
        raise TypeError(f"name is a {type(name).__name__}; it must be a string such as 'gelu'")
    if style is not None:
        if not isinstance(style, str):
            raise TypeError(f"style is a {type(style).__name__}; it must be a string such as 'keras'")
        if style not in STYLES:
            raise ValueError(f"style is {style!r}; it must be one of {', '.join(STYLES)}")
        if meaning := find(name, style):
            ours, defaults = meaning
            return activation(ours, **defaults)
    known = _names().get(plain(name))
    if known is None:
        raise ValueError(f"there is no activation {name!r}; {_hint(name, style)}")
    return activation(known)


@cache
def _names() -> dict[str, str]:
    return {plain(alias): d.name for d in DECLARATIONS.values() for alias in (d.name, *d.aliases)}


def _hint(name: str, style: str | None) -> str:
    import difflib

    knowing = [s for s in STYLES if find(name, s)]
    if style is None and knowing:
        return f"with style={' or style='.join(map(repr, knowing))} it is one"
    known = [alias for d in DECLARATIONS.values() for alias in (d.name, *d.aliases)]
    close = difflib.get_close_matches(name.lower(), known, n=3, cutoff=0.5)
    return f"did you mean {' or '.join(map(repr, close))}?" if close else "list_activations() lists them all"

"""What the command ``fastact`` can do."""

from __future__ import annotations

import importlib.util
import json
import os
from collections.abc import Iterable
from functools import partial
from pathlib import Path

import click
from tqdm import tqdm

from . import benchmarking
from .configuration import configuration
from .registry import get, list_activations
from .threads import num_threads
from .version import __version__

__all__ = ["fastact"]


def _require(module: str, package: str, extra: str) -> None:
    if importlib.util.find_spec(module) is None:
        raise click.UsageError(f"the package {package} is missing; pip install 'fastact[{extra}]' brings it")


def _known_names(context: click.Context, parameter: click.Parameter, names: tuple[str, ...]) -> tuple[str, ...]:
    for name in names:
        try:
            get(name)
        except ValueError as error:
            raise click.BadParameter(str(error)) from None
    return names


def _picture(context: click.Context, parameter: click.Parameter, file: Path | None) -> Path | None:
    if file is None:
        return None
    _require("matplotlib", "matplotlib", "plot")
    from .plotting import FORMATS

    if file.suffix.lower() not in FORMATS:
        raise click.BadParameter(f"{str(file)!r} is no picture; its name must end in {', '.join(FORMATS)}.")
    if file.is_dir():
        raise click.BadParameter(f"{str(file)!r} is a directory; give the name of a file.")
    if not file.parent.is_dir():
        raise click.BadParameter(f"the directory {str(file.parent)!r} does not exist; make it first.")
    if not os.access(file if file.exists() else file.parent, os.W_OK):
        raise click.BadParameter(f"{str(file)!r} cannot be written; choose a file that can.")
    return file


def _save(names: Iterable[str], file: Path) -> None:
    from . import plotting

    try:
        plotting.save(plotting.draw(list(names)), file)
    except OSError as error:
        raise click.UsageError(f"{str(file)!r} cannot be written: {error.strerror}.") from None


_threads = click.option(
    "--threads",
    type=click.IntRange(1, 4096),
    default=1,
    show_default=True,
    help="Let fastact use so many threads; NumPy uses one, but for matrix products.",
)


@click.group(invoke_without_command=True, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, message="%(prog)s %(version)s")
@click.pass_context
def fastact(context: click.Context) -> None:
    """Activation functions for NumPy arrays, accelerated.

    Begin with `fastact demo`: it trains a small network and shows how much faster it runs than with plain NumPy.
    """
    if context.invoked_subcommand is None:
        click.echo(context.get_help())


@fastact.command()
@click.option("--rows", type=click.IntRange(1), default=1_000_000, show_default=True, help="Classify so many images.")
@click.option(
    "--plot",
    type=click.Path(path_type=Path),
    callback=_picture,
    metavar="FILE",
    help="Save a picture of the activation that the network uses, and of its derivative: .png, .svg or .pdf.",
)
@_threads
def demo(rows: int, plot: Path | None, threads: int) -> None:
    """Train a small network on handwritten digits and run it beside plain NumPy.

    The 1797 images come with scikit-learn; nothing is downloaded. They are normalised, a network of 64-128-64-10 units
    with gelu and softmax learns four fifths of them and is tested on the others. Then the images are repeated to a
    million rows and classified twice, with fastact and with the same steps in plain NumPy. The table tells how fast
    each step was, and how far apart the results are.
    """
    _require("sklearn", "scikit-learn", "demo")
    from .demo import format_table, infer, load_digits, train

    with num_threads(threads):
        facts = configuration()
        isa = f", {facts['isa']}" if "isa" in facts else ""
        click.echo(f"fastact {__version__}, backend {facts['backend']}{isa}, threads: {facts['threads']}")
        digits = load_digits()
        held_out = int(digits.held_out.sum())
        network, accuracy = train(digits, partial(tqdm, desc="training", unit="epoch", leave=False))
        click.echo(f"trained on {len(digits.labels) - held_out} images; accuracy on the {held_out} others: {accuracy:.3f}")
        steps, agreeing = infer(network, digits.images, rows, partial(tqdm, desc="inference", unit="batch", leave=False))
    click.echo(f"\n{format_table(steps, rows)}\n")
    click.echo(f"The same digit is predicted in {agreeing:,} of {rows:,} rows.")
    if plot is not None:
        _save(["gelu"], plot)
        click.echo(f"The curves of gelu are in {plot}.")


@fastact.command()
def info() -> None:
    """Show versions, backend, instruction set and threads, and why each was chosen.

    The environment variables FASTACT_BACKEND, FASTACT_MAX_ISA and FASTACT_NUM_THREADS choose otherwise.
    """
    facts = configuration()
    width = max(len(name) for name in facts)
    for name, value in facts.items():
        if not name.endswith("_reason"):
            reason = facts.get(f"{name}_reason")
            click.echo(f"{name:<{width}}  {value}" + (f"  ({reason})" if reason else ""))


@fastact.command()
@click.argument("names", nargs=-1, metavar="[NAME]...", callback=_known_names)
@click.option("--json", "as_json", is_flag=True, help="Print JSON for programs instead of a table.")
@click.option(
    "--size",
    type=click.IntRange(1, 1 << 30),
    default=262_144,
    show_default=True,
    help="Use arrays of so many elements.",
)
@click.option("--dtype", type=click.Choice(["float32", "float64"]), default="float32", show_default=True)
@_threads
def bench(names: tuple[str, ...], as_json: bool, size: int, dtype: str, threads: int) -> None:
    """Time activations against plain NumPy: all of them, or those named.

    Both write into an array that exists already. NumPy's version is the fastest way we know to write it, without
    temporary arrays; it uses one thread. The error is the largest of fastact's float32 results, in units in the last
    place, against the same computation in float64.
    """
    chosen = names or list_activations()
    with num_threads(threads):
        facts = configuration()
        progress = tqdm(chosen, desc="bench", leave=False, disable=True if as_json else None)
        rows = list(benchmarking.compare(progress, size, dtype))
    if as_json:
        results = [
            {"name": r.name, "fastact_ns": r.fastact, "numpy_ns": r.numpy, "ratio": r.ratio, "error_ulp": r.error} for r in rows
        ]
        click.echo(json.dumps({"configuration": facts, "size": size, "dtype": dtype, "results": results}, indent=2))
        return
    isa = f", {facts['isa']}" if "isa" in facts else ""
    click.echo(f"{size:,} elements of {dtype}; backend {facts['backend']}{isa}, threads: {facts['threads']}\n")
    click.echo(benchmarking.format_table(rows))


@fastact.command()
@click.argument("names", nargs=-1, required=True, metavar="NAME...", callback=_known_names)
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path),
    callback=_picture,
    required=True,
    metavar="FILE",
    help="Save the picture here: .png, .svg or .pdf.",
)
def plot(names: tuple[str, ...], output: Path) -> None:
    """Draw activations: value and derivative, with the kinks marked.

    At a kink the derivative is the one from the left; its mark is full there, and empty where the right branch begins.
    """
    _save(names, output)

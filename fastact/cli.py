"""The entry point of the command ``fastact``; what it can do stands in ``commands.py``."""

from __future__ import annotations

import sys

__all__ = ["main"]


def main(arguments: list[str] | None = None) -> int:
    """Run the command line.

    Parameters
    ----------
    arguments : list of str, optional
        Instead of those of the process.

    Returns
    -------
    int
        The exit status: 2 for what the user can mend, told in one sentence.
    """
    try:
        import click

        from .commands import fastact
    except ModuleNotFoundError as error:
        if error.name not in ("click", "tqdm"):
            raise
        print(f"fastact: the package {error.name} is missing; pip install 'fastact[cli]' brings it", file=sys.stderr)
        return 2
    try:
        fastact.main(arguments, prog_name="fastact", standalone_mode=False)
    except click.ClickException as error:
        click.echo(f"fastact: {error.format_message()}", err=True)
        return 2
    except click.Abort:
        return 130
    return 0

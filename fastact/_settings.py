"""Environment variables that cannot be met: an exception, or of the command ``fastact`` one sentence."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager

__all__ = ["SettingError", "one_sentence_from_command"]


class SettingError(ImportError):
    """An environment variable that is read at import has a value that cannot be met."""


def _is_command() -> bool:
    by_module = sys.argv[0] == "-m" and sys.orig_argv[-len(sys.argv)] in ("fastact", "-mfastact")
    return by_module or os.path.splitext(os.path.basename(sys.argv[0]))[0] == "fastact"


@contextmanager
def one_sentence_from_command() -> Iterator[None]:
    """End the command ``fastact`` with status 2 and without a traceback at a wrong setting.

    The package is imported, and its settings are read, before the command's own code could see to it.
    """
    try:
        yield
    except SettingError as error:
        if not _is_command():
            raise
        print(f"fastact: {error}", file=sys.stderr)
        raise SystemExit(2) from None

"""How far something has come."""

from __future__ import annotations

import sys
from collections.abc import Callable

Progress = Callable[[float, float], None]
"""Told how far something has come: done and total, in any unit."""


def teller(progress: bool | Progress, what: str) -> Progress:
    """What is told of progress: nothing, a line that is written over, or a function of the caller's."""
    if callable(progress):
        return progress
    return (lambda done, total: _line(what, done, total)) if progress else (lambda done, total: None)


def _line(what: str, done: float, total: float) -> None:
    share = done / total if total else 1.0
    sys.stderr.write(f"\r{what} [{'#' * int(share * 30):<30}] {share:4.0%}" + ("\n" if share >= 1 else ""))
    sys.stderr.flush()

"""Columns of moments as registers write them, read as a whole."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

_PLAIN_MOMENT: Final = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\Z", re.ASCII)
_FIRST, _AFTER = np.datetime64("1900-01-01", "s"), np.datetime64("2200-01-01", "s")


class Moments(list[Any]):
    """A column of moments as text with its offset, of which a register of a million has six.

    Attributes
    ----------
    clock : (n,) ndarray of datetime64[s]
        What the city's clock showed, NaT for nothing.
    """

    clock: NDArray[np.datetime64]

    @classmethod
    def of(cls, values: Sequence[object]) -> Moments | None:
        """The column, when each of its values is nothing or of the form ``2024-03-05 08:00:00``; else None."""
        written = [value or None for value in values]
        known = [value for value in written if value is not None]
        if not known or not all(type(value) is str and _PLAIN_MOMENT.match(value) for value in known):
            return None
        try:
            clock = np.array(["NaT" if value is None else value for value in written], dtype="datetime64[s]")
        except ValueError:
            return None  # a 30th of February: told value by value
        if not ((clock >= _FIRST) & (clock < _AFTER) | np.isnat(clock)).all():
            return None
        moments = cls(None if value is None else f"{value}+08:00" for value in written)
        moments.clock = clock
        return moments

"""Types of cases as whole numbers, so that a column of them is an array: category, class and type in six digits."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from layers.database.sqltext import Sql

CATEGORIES: Final = ("component", "matter", "local")
_CATEGORY: Final = 100_000
_CLASS: Final = 1000

TYPE_NUMBER: Final = Sql(
    f"array_position(%s::text[], category) * {_CATEGORY} + type_code::integer", (list(CATEGORIES),)
)
"""The number of a row's type in SQL."""


def number_of(name: str) -> tuple[int, int]:
    """First number of a category, class or type, and how many numbers it has.

    >>> number_of("matter-06020"), number_of("matter-06"), number_of("local")
    ((206020, 1), (206000, 1000), (300000, 100000))
    """
    category, _, code = name.partition("-")
    begin = (CATEGORIES.index(category) + 1) * _CATEGORY
    if not code:
        return begin, _CATEGORY
    return (begin + int(code), 1) if len(code) == 5 else (begin + int(code) * _CLASS, _CLASS)


def name_of(number: int) -> str:
    """Name of a type by its number.

    >>> name_of(206020)
    'matter-06020'
    """
    return f"{CATEGORIES[number // _CATEGORY - 1]}-{number % _CATEGORY:05d}"


def best_of(types: NDArray[np.int64], names: Sequence[tuple[str, int]], otherwise: int) -> NDArray[np.int64]:
    """For each type the value of the narrowest name that it falls under.

    Parameters
    ----------
    types : (n,) array of int
    names : sequence of (str, int)
        Categories, classes and types with their values.
    otherwise : int
        Value of a type that falls under none.
    """
    kinds, place = np.unique(types, return_inverse=True)
    found = np.full(len(kinds), otherwise, dtype=np.int64)
    for (begin, width), value in sorted(
        ((number_of(name), value) for name, value in names), key=lambda entry: -entry[0][1]
    ):
        found[(kinds >= begin) & (kinds < begin + width)] = value
    return found[place]

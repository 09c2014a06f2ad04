"""The colours of a table's rows on a map, and the legend that says what they mean."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from wangge_client.looks import Look

MISSING = "#c8ccd2"
# Okabe and Ito, Color Universal Design (2008), without black and yellow, which vanish on a pale ground or on text
APART = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#56b4e9", "#e69f00")
"""Colours for texts that no style knows, told apart by colour-blind readers as well."""


@dataclass(frozen=True)
class Colouring:
    """Colours of rows, in their order, and the legend.

    Attributes
    ----------
    colours : list of str
        ``#rrggbb`` a row.
    legend : list of (label, colour)
        Classes that occur, in the order of the style.
    column : str or None
        What they were told by; None for one colour.
    numbers : bool
        Whether they are classes of a number that the layer's style doesn't know.
    labels : tuple of str
        Of all classes of a number in their order, also of those that don't occur.
    """

    colours: list[str]
    legend: list[tuple[str, str]]
    column: str | None
    numbers: bool = False
    labels: tuple[str, ...] = ()


def colouring(
    frame: pd.DataFrame, look: Look, column: str | None, given: str | Sequence[str] | Mapping[Any, str] | None,
    ramp: Callable[[], Sequence[str]],
) -> Colouring:  # fmt: skip
    """The colours of a table.

    Parameters
    ----------
    frame : DataFrame
        What is drawn.
    look : Look
        How its layer is drawn by the service.
    column : str or None
        Column that the colours tell; the one of the layer's style when None and the table has it.
    given : str, sequence or mapping, optional
        One colour for all; colours from low to high of a number; a colour a value, of a number from that value on.
    ramp : callable
        Asked for the colours of a number from low to high where none are given.
    """
    column = column or (look.by if look.by in frame.columns else None)
    if column is None or isinstance(given, str):
        colour = given if isinstance(given, str) else look.colour
        return Colouring([colour] * len(frame), [(look.title, colour)], None)
    values = frame[column]
    if pd.api.types.is_numeric_dtype(values) and not pd.api.types.is_bool_dtype(values):
        if isinstance(given, Mapping):
            bounds, colours = list(given), [MISSING, *given.values()]
        elif look.stepped and column == look.by and given is None:
            bounds, colours = [low for low, _ in look.classes], [look.colour, *(colour for _, colour in look.classes)]
        else:
            chosen = list(given or ramp())
            bounds = _quantiles(values, len(chosen))
            colours = _spread(chosen, len(bounds) + 1)
        return _by_number(values, bounds, colours, column, column != look.by)
    known = given.items() if isinstance(given, Mapping) else () if look.stepped else look.classes
    return _by_value(values, known, look, column)


def _by_value(values: pd.Series, known: Iterable[tuple[Any, str]], look: Look, column: str) -> Colouring:
    """A colour a value: those that are known, then colours of our own in the order of the values."""
    occurring = sorted(values.dropna().unique(), key=str)
    table = {value: colour for value, colour in known if value in occurring}
    others = [value for value in occurring if value not in table]
    spare = [colour for colour in APART if colour not in table.values()]
    table |= {value: spare[number % len(spare)] for number, value in enumerate(others)}
    meanings = look.meanings(column)
    legend = [(meanings.get(str(value), str(value)), colour) for value, colour in table.items()]
    return Colouring([table.get(value, MISSING) for value in values], legend, column)


def _by_number(values: pd.Series, bounds: list[float], colours: list[str], column: str, own: bool) -> Colouring:
    """A colour a class: below the first bound, from each bound on."""
    whole = pd.api.types.is_integer_dtype(values)
    numbers = values.to_numpy(dtype=float, na_value=np.nan)
    places = np.searchsorted(bounds, numbers, side="right")
    labels = [_range(low, high, whole) for low, high in zip([None, *bounds], [*bounds, None], strict=True)]
    there = set(places[~np.isnan(numbers)])
    legend = [(label, colour) for place, (label, colour) in enumerate(zip(labels, colours, strict=True))
              if place in there]  # fmt: skip
    found = [MISSING if np.isnan(number) else colours[place] for number, place in zip(numbers, places, strict=True)]
    return Colouring(found, legend, column, own, tuple(labels))


def _quantiles(values: pd.Series, classes: int) -> list[float]:
    """Bounds between classes of about as many rows each, as round as people write them."""
    numbers = values.dropna().to_numpy(dtype=float)
    if not len(numbers):
        return []
    inner = np.quantile(numbers, np.linspace(0, 1, classes + 1)[1:-1])
    rounded = sorted({float(f"{bound:.2g}") for bound in inner})
    return [bound for bound in rounded if numbers.min() < bound <= numbers.max()]


def _spread(ramp: list[str], classes: int) -> list[str]:
    """As many colours of a ramp as there are classes, from its first to its last."""
    places = np.linspace(0, len(ramp) - 1, classes).round().astype(int)
    return [ramp[place] for place in places]


def _range(low: float | None, high: float | None, whole: bool) -> str:
    if low is None:
        return "" if high is None else f"< {high:,.10g}"
    if high is None:
        return f"≥ {low:,.10g}"
    last = high - 1 if whole else high
    return f"{low:,.10g}" if whole and last == low else f"{low:,.10g}–{last:,.10g}"

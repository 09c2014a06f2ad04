"""What one raster layer is: its words, its one value, its cells, its colours, who may read it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from layers.catalogue.layer import Field
from layers.text import Text


@dataclass(frozen=True)
class Raster:
    """A layer of values on cells, served as a coverage, a map and map tiles.

    Attributes
    ----------
    id : str
        Collection id, kebab-case.
    title, description : Text
        What it is.
    value : Field
        What a cell holds.
    unit : Text
        Unit of the value, in words that a legend takes.
    ramp : tuple of str
        Colours ``#rrggbb`` from the least value that is drawn to the greatest.
    cell_m : float
        Side of a cell in the city's metric CRS.
    opacity : float
        Of the drawn colours, 0 to 1.
    tiles : tuple of int
        Least and greatest zoom of its map tiles; deeper maps enlarge these.
    readers : str
        Least role that may read it.
    """

    id: str
    title: Text
    description: Text
    value: Field
    unit: Text
    ramp: tuple[str, ...]
    cell_m: float
    opacity: float = 0.75
    tiles: tuple[int, int] = (0, 16)
    readers: Literal["public", "staff"] = "public"

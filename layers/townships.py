"""The townships of the city with their boxes: places that people jump to."""

from __future__ import annotations

from dataclasses import dataclass

from layers.database.database import Database

_TOWNSHIPS = (
    "select code, name, st_xmin(geom), st_ymin(geom), st_xmax(geom), st_ymax(geom)"
    " from wangge.todays_divisions where level = 'township' order by code"
)


@dataclass(frozen=True)
class Township:
    """A township as a place.

    Attributes
    ----------
    code, name : str
        9-digit code and name.
    box : tuple of float
        West, south, east, north in degrees.
    """

    code: str
    name: str
    box: tuple[float, float, float, float]


def read_townships(database: Database) -> list[Township]:
    """Every township, in the order of codes."""
    return [
        Township(code.decode(), name.decode(), (west, south, east, north))
        for code, name, west, south, east, north in database.fetch(_TOWNSHIPS)
    ]

"""A picture of one finding as inline SVG: where it lies among the polygons around it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from html import escape
from math import cos, log10, radians
from typing import Any, Final

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

WIDTH, HEIGHT = 320, 220
"""Pixels of a picture."""

_LEAST_M: Final = 20.0
"""A picture shows at least this much ground from west to east, so that a sliver is seen with its surroundings."""

_AROUND: Final = 2.2
_METRES_A_DEGREE: Final = 111_320.0
_MOST_NAMES: Final = 12


@dataclass(frozen=True, eq=False)
class Surroundings:
    """Polygons that pictures show around a finding.

    Parameters
    ----------
    ids : list of str, length n
    shapes : (n,) array of shapely geometries
        EPSG:4490, longitude first.
    """

    ids: list[str]
    shapes: NDArray[np.object_]
    tree: shapely.STRtree

    @classmethod
    def of(cls, ids: list[str], shapes: NDArray[np.object_]) -> Surroundings:
        """Those that can be drawn; an invalid polygon as its valid parts, since GEOS can't cut it as it is."""
        drawn = np.flatnonzero(~shapely.is_missing(shapes) & ~shapely.is_empty(shapes))
        valid = shapely.make_valid(shapes[drawn])
        return cls([ids[i] for i in drawn.tolist()], valid, shapely.STRtree(valid))


def picture(finding: BaseGeometry, severity: str, ids: tuple[str, ...], around: Surroundings) -> str:
    """The finding in the colour of its severity, over the polygons around it; those concerned are darker and named.

    Parameters
    ----------
    finding : shapely geometry
        EPSG:4490, not empty.
    severity : str
        Class of the drawn shape.
    ids : tuple of str
        Polygons concerned.
    around : Surroundings

    Returns
    -------
    str
        An ``svg`` element that loads nothing, with a scale bar in metres.
    """
    west, south, east, north = shapely.bounds(finding).tolist()
    lon, lat = (west + east) / 2, (south + north) / 2
    across = _METRES_A_DEGREE * cos(radians(lat))
    wide, high = (east - west) * across, (north - south) * _METRES_A_DEGREE
    metres = max(_LEAST_M, _AROUND * wide, _AROUND * high * WIDTH / HEIGHT)
    scale = WIDTH / metres
    half_w, half_h = metres / 2 / across, metres * HEIGHT / WIDTH / 2 / _METRES_A_DEGREE
    frame = shapely.box(lon - half_w, lat - half_h, lon + half_w, lat + half_h)

    def pixels(points: NDArray[np.float64]) -> NDArray[np.float64]:
        x = (points[:, 0] - lon) * across * scale + WIDTH / 2
        y = HEIGHT / 2 - (points[:, 1] - lat) * _METRES_A_DEGREE * scale
        return np.column_stack((x, y))

    near = np.sort(around.tree.query(frame, predicate="intersects"))
    # a little outside of the frame, so that the border of what is cut off is not drawn
    clip = shapely.buffer(frame, half_w / 10, cap_style="square", join_style="mitre")
    seen = shapely.intersection(around.shapes[near], clip)
    body: list[str] = []
    names: list[str] = []
    for k, shape in zip(near.tolist(), seen, strict=True):
        concerned = around.ids[k] in ids
        body.append(_path(shapely.transform(shape, pixels), "concerned" if concerned else "beside"))
        inner = shapely.intersection(shape, frame)
        if concerned and not inner.is_empty and len(names) < _MOST_NAMES:
            x, y = shapely.get_coordinates(shapely.transform(shapely.point_on_surface(inner), pixels))[0]
            # only the last digits of a long code differ between neighbours
            code = around.ids[k]
            name = "…" + code[-6:] if len(code) > 12 and code.isdigit() else code
            names.append(f'<text x="{x:.1f}" y="{y:.1f}">{escape(name)}</text>')
    # a ring of a gap may touch itself once its metres are degrees again, and an invalid shape can't be cut
    drawn = finding if finding.is_valid else shapely.make_valid(finding)
    body.append(_path(shapely.transform(shapely.intersection(drawn, clip), pixels), severity))
    return (
        f'<svg viewBox="0 0 {WIDTH} {HEIGHT}" width="{WIDTH}" height="{HEIGHT}" role="img" '
        f'aria-label="{escape(", ".join(ids), quote=True)}">{"".join(body)}{"".join(names)}{_bar(metres, scale)}</svg>'
    )


def _path(shape: BaseGeometry, style: str) -> str:
    if shape.geom_type == "Point":
        x, y = shapely.get_coordinates(shape)[0]
        return f'<circle class="{style}" cx="{x:.1f}" cy="{y:.1f}" r="5"/>'
    lines = "".join(_lines(shape))
    closed = shapely.get_dimensions(shape) == 2
    return f'<path class="{style}{"" if closed else " line"}" d="{lines}"/>' if lines else ""


def _lines(shape: Any) -> Iterator[str]:
    parts = shapely.get_parts(shape)
    for part in parts.tolist():
        if part.geom_type == "Polygon":
            for ring in shapely.get_rings(part).tolist():
                yield _line(ring) + "z"
        elif part.geom_type in ("LineString", "LinearRing"):
            yield _line(part)
        elif hasattr(part, "geoms"):
            yield from _lines(part)


def _line(line: BaseGeometry) -> str:
    return "M" + "L".join(f"{x:.1f} {y:.1f}" for x, y in shapely.get_coordinates(line).tolist())


def _bar(metres: float, scale: float) -> str:
    """A scale bar of a round length, about a quarter of the picture."""
    power = 10 ** int(np.floor(log10(metres / 4)))
    length = next((n * power for n in (5, 2, 1) if n * power <= metres / 4), power)
    told = f"{length / 1000:g} km" if length >= 1000 else f"{length:g} m"
    end = 10 + length * scale
    return (
        f'<path class="bar" d="M10 {HEIGHT - 14}v4H{end:.1f}v-4"/>'
        f'<text class="bar" x="{(10 + end) / 2:.1f}" y="{HEIGHT - 16}">{told}</text>'
    )

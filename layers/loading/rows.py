"""Rows on their way into a layer: values converted, what follows filled in, and everything that is wrong with them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray

from geo.heat.cells import cells_of
from layers.catalogue.layer import Layer
from layers.loading.converting import Converter
from layers.loading.deriving import derive
from layers.loading.reference import Reference
from layers.loading.rejects import Problem
from layers.loading.rules import DERIVED
from layers.loading.shaping import shaped

Found = tuple[int, str, object, Problem]
"""Position of a row, field (or ``geometry``), what is there, and the problem with it."""


@dataclass(frozen=True)
class Rows:
    """Rows as the database takes them.

    Attributes
    ----------
    values : dict of str to list
        By column, None for nothing and for what has a problem.
    geometries : (n,) ndarray of shapely geometries or None
        EPSG:4490.
    problems : list of Found
        What stands against them.
    """

    values: dict[str, list[Any]]
    geometries: NDArray[Any]
    problems: list[Found]


def make_rows(
    layer: Layer,
    given: Mapping[str, Sequence[object]],
    converters: Mapping[str, Converter],
    geometries: NDArray[Any],
    reference: Reference,
    columns: Sequence[str],
    required: Sequence[str],
    known: Sequence[Found] = (),
) -> Rows:
    """Make rows of what was given.

    Parameters
    ----------
    layer : Layer
        Where they go.
    given : mapping of str to sequence
        Values by field, as they came; every field with a converter is there.
    converters : mapping of str to Converter
        By field.
    geometries : (n,) ndarray of shapely geometries or None
        EPSG:4490, longitude first.
    reference : Reference
        What the database knows.
    columns : sequence of str
        Columns of the layer's table that rows fill.
    required : sequence of str
        Those without which there is no row.
    known : sequence of Found
        Problems that are known already.
    """
    problems = list(known)
    shapes, misshapen = shaped(geometries, layer.geometry_type, reference.surroundings)
    unreadable = {at for at, name, _, _ in problems if name == "geometry"}
    problems += [(at, "geometry", shown, problem) for at, shown, problem in misshapen if at not in unreadable]
    values: dict[str, list[Any]] = {}
    for name in columns:
        convert = converters.get(name)
        if convert is None:
            values[name] = [None] * len(shapes)
            continue
        converted = convert.column(given[name])
        for at, value in enumerate(converted):
            if isinstance(value, Problem):
                problems.append((at, name, given[name][at], value))
                converted[at] = None
        values[name] = converted
    points = _points(layer, shapes)
    wrong = {(at, name) for at, name, _, _ in problems}
    values, unfitting = derive(layer.id, values, points, reference)
    problems += [problem for problem in unfitting if problem[:2] not in wrong]
    problems += _gaps(layer, values, shapes, required, {(at, name) for at, name, _, _ in problems})
    if layer.id == "cases":
        values["cell"] = [cell or None for cell in cells_of(*points).tolist()]
    return Rows(values, shapes, problems)


def _points(layer: Layer, geometries: NDArray[Any]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    if layer.geometry_type != "Point":
        if "township_code" not in DERIVED[layer.id]:
            nowhere = np.full(len(geometries), np.nan)
            return nowhere, nowhere
        geometries = shapely.point_on_surface(geometries)
    return shapely.get_x(geometries), shapely.get_y(geometries)


def _gaps(
    layer: Layer,
    values: Mapping[str, list[Any]],
    geometries: NDArray[Any],
    required: Sequence[str],
    told: set[tuple[int, str]],
) -> list[Found]:
    """Required fields without a value, except where that is told already or follows from a missing place."""
    gaps: list[Found] = []
    for name in required:
        derived = name in DERIVED[layer.id]
        for at, value in enumerate(values[name]):
            if value is None and (at, name) not in told and not (derived and geometries[at] is None):
                gaps.append((at, name, None, Problem("load.reject-missing")))
    return gaps

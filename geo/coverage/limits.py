"""Grids that are much smaller, larger, emptier or fuller than the city wants them: warnings, never errors.

No standard that was read sets such limits, so they are the city's to choose.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray

from geo.errors import InvalidInput
from geo.finding import Finding


@dataclass(frozen=True)
class Limits:
    """What is ordinary; a limit that is None is not looked at.

    Parameters
    ----------
    least_m2, most_m2 : float or None
        Area of a grid.
    least_people, most_people : float or None
        Its population.

    Raises
    ------
    InvalidInput
        When a limit is negative, or the least is more than the most.
    """

    least_m2: float | None = None
    most_m2: float | None = None
    least_people: float | None = None
    most_people: float | None = None

    def __post_init__(self) -> None:
        for name, least, most in (
            ("area", self.least_m2, self.most_m2),
            ("population", self.least_people, self.most_people),
        ):
            low, high = _ends(least, most)
            if low < 0 or not low <= high:
                raise InvalidInput("coverage.limits", field=name, least=low, most=high)


def check_limits(
    polygons: NDArray[Any],
    ids: Sequence[str],
    limits: Limits,
    population: NDArray[np.float64] | None = None,
) -> list[Finding]:
    """Polygons outside of the limits.

    Parameters
    ----------
    polygons : (n,) array of shapely polygons or None, metric CRS
        What has no area is not judged: that it is empty or invalid is another finding.
    ids : (n,) str
    limits : Limits
    population : (n,) float array, optional
        Not-a-number where it is not known.

    Returns
    -------
    list of Finding
        Kinds ``size`` (values ``least_m2``, ``most_m2``) and ``population`` (``people``, ``least``, ``most``), all of
        them warnings; ``most`` may be infinite.
    """
    area = np.nan_to_num(shapely.area(polygons))
    found = []
    least, most = _ends(limits.least_m2, limits.most_m2)
    for i in np.flatnonzero((area > 0) & ((area < least) | (area > most))).tolist():
        values: dict[str, Any] = {"least_m2": least, "most_m2": most}
        found.append(Finding("size", "warning", (ids[i],), polygons[i], values, area_m2=float(area[i])))
    if population is None:
        return found
    least, most = _ends(limits.least_people, limits.most_people)
    for i in np.flatnonzero((population < least) | (population > most)).tolist():
        values = {"people": float(population[i]), "least": least, "most": most}
        found.append(Finding("population", "warning", (ids[i],), polygons[i], values))
    return found


def _ends(least: float | None, most: float | None) -> tuple[float, float]:
    return 0.0 if least is None else float(least), float("inf") if most is None else float(most)

"""What a value of a field has to be before the database takes it: the constraints of the schema, told to the loader.

The database has the last word. These rules are here so that every bad row of a file is found at once and explained,
and a test holds each of them to the database.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True)
class Rule:
    """Limits of a field.

    Attributes
    ----------
    digits : tuple of int
        The field is a code of one of these numbers of digits; empty for a field that is no code.
    low, high : float or None
        Least and greatest value, in the field's unit.
    low_open, high_open : bool
        The limit itself is not allowed.
    """

    digits: tuple[int, ...] = ()
    low: float | None = None
    high: float | None = None
    low_open: bool = False
    high_open: bool = False

    def allows(self, number: float) -> bool:
        """Whether a number keeps to the limits."""
        above = self.low is None or (number > self.low if self.low_open else number >= self.low)
        below = self.high is None or (number < self.high if self.high_open else number <= self.high)
        return above and below

    def written(self) -> str:
        """The limits as an interval: ``[0, 360)``."""
        low = "(-∞" if self.low is None else f"{'(' if self.low_open else '['}{self.low:g}"
        high = "+∞)" if self.high is None else f"{self.high:g}{')' if self.high_open else ']'}"
        return f"{low}, {high}"


_COUNT: Final = Rule(low=0, high=2**31 - 1)
_TEAM: Final = Rule(low=0, high=2**15 - 1)
_TOWNSHIP: Final = Rule(digits=(9,))
_VILLAGE: Final = Rule(digits=(12,))
_GRID: Final = Rule(digits=(15, 20))
_NONE: Final = Rule()

RULES: Final[dict[str, dict[str, Rule]]] = {
    "divisions": {"code": Rule(digits=(6, 9, 12)), "parent_code": Rule(digits=(6, 9)), "population": _COUNT},
    "grids": {
        "code": _GRID,
        "village_code": _VILLAGE,
        "population": _COUNT,
        "leaders": _TEAM,
        "members": _TEAM,
        "info_managers": _TEAM,
        "instructors": _TEAM,
        "volunteers": _TEAM,
    },
    "department-cells": {"township_code": _TOWNSHIP, "population": _COUNT, "households": _COUNT, "staff": _COUNT},
    "cameras": {
        "device_id": Rule(digits=(20,)),
        "ptz_type": Rule(low=1, high=7),
        "azimuth_deg": Rule(low=0, high=360, high_open=True),
        "fov_deg": Rule(low=0, high=360, low_open=True),
        "range_m": Rule(low=0, low_open=True),
        "height_m": Rule(low=0),
        "grid_code": _GRID,
        "township_code": _TOWNSHIP,
    },
    "cases": {
        "type_code": Rule(digits=(5,)),
        "grid_code": _GRID,
        "village_code": _VILLAGE,
        "township_code": _TOWNSHIP,
    },
    "service-points": {
        "township_code": _TOWNSHIP,
        "village_code": _VILLAGE,
        "floor_area_m2": Rule(low=0, low_open=True),
    },
    "enforcement": {"township_code": _TOWNSHIP, "officers": _COUNT, "powers": _COUNT},
}
"""Rules by layer and field. The layers named here are those that files are loaded into."""

MEASURED: Final = frozenset({"area_m2"})
"""Fields that the database measures itself, whatever a file says."""

DERIVED: Final[dict[str, frozenset[str]]] = {
    "divisions": frozenset({"level", "parent_code"}),
    "grids": frozenset({"village_code", "kind"}),
    "department-cells": frozenset({"township_code"}),
    "cameras": frozenset({"township_code"}),
    "cases": frozenset({"category", "type_code", "type_name", "township_code", "village_code"}),
    "service-points": frozenset({"township_code"}),
    "enforcement": frozenset({"township_code"}),
}
"""Fields that follow from others or from the place where a file lacks them."""


def rule_of(layer_id: str, field: str) -> Rule:
    """The rule of a field; one that allows everything where there is none."""
    return RULES[layer_id].get(field, _NONE)

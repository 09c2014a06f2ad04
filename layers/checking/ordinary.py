"""Which areas and populations of a grid are ordinary in this city, where nobody who asks for a check says so."""

from __future__ import annotations

from typing import Final

from geo.coverage.limits import Limits

ORDINARY: Final = Limits(least_m2=1_000, most_m2=20_000_000, least_people=1, most_people=20_000)
"""Beyond these nobody would call it a grid: a house, a township. Averages are 1 km2 and 950 people."""

_bound = ORDINARY


def bind_ordinary(limits: Limits) -> Limits:
    """Make ``limits`` those of this process: the administrator sets them for the command line, service and jobs."""
    global _bound
    _bound = limits
    return limits


def ordinary() -> Limits:
    """The limits of this process; `ORDINARY` where none were bound."""
    return _bound

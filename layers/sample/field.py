"""How people are spread over the sample city: towns of different weight on farmland, in EPSG:4549."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

#: Inhabitants and spread (m) of the built-up areas that stand out; other seats are small towns.
_TOWNS = {
    "321283001": (260_000.0, 2300.0),
    "321283100": (80_000.0, 1500.0),
    "321283123": (42_000.0, 1500.0),
    "321283124": (30_000.0, 1200.0),
    "321283114": (20_000.0, 1000.0),
}
_SMALL_TOWN = (10_000.0, 650.0)
_FARMLAND_PER_KM2 = 520.0
#: Part of the grids that follows people; the rest follows area, as a grid must also be walked.
_BY_PEOPLE = 0.68


class PeopleField:
    """Density of people before it is scaled to the official total.

    Parameters
    ----------
    codes : list of str
        Townships (9 digits).
    seats : ndarray, shape (16, 2)
        Their seats in metres.
    """

    def __init__(self, codes: list[str], seats: Floats) -> None:
        towns = [_TOWNS.get(code, _SMALL_TOWN) for code in codes]
        self.seats = seats
        self.inhabitants = np.array([people for people, _ in towns])
        self.spread_m = np.array([spread for _, spread in towns])

    def per_km2(self, points: Floats) -> Floats:
        """People per km2 at points (N, 2)."""
        density = np.full(len(points), _FARMLAND_PER_KM2)
        for seat, people, spread in zip(self.seats, self.inhabitants, self.spread_m, strict=True):
            distance2 = ((points - seat) ** 2).sum(axis=1)
            density += people / (2 * np.pi * (spread / 1000) ** 2) * np.exp(-distance2 / (2 * spread**2))
        return density

    def grids_per_km2(self, points: Floats, grids: int, people: int, area_km2: float) -> Floats:
        """Wanted density of social grids at points (N, 2)."""
        return _BY_PEOPLE * grids / people * self.per_km2(points) + (1 - _BY_PEOPLE) * grids / area_km2


def ripple(points: Floats, wavelength_m: float, rng: np.random.Generator) -> Floats:
    """A smooth random field around 0 with a standard deviation of about 1, at points (N, 2)."""
    total = np.zeros(len(points))
    waves = 24
    for _ in range(waves):
        angle, phase = rng.uniform(0, 2 * np.pi, 2)
        length = wavelength_m * rng.uniform(0.6, 1.6)
        along = points @ np.array([np.cos(angle), np.sin(angle)])
        total += np.cos(2 * np.pi * along / length + phase)
    return np.asarray(total * np.sqrt(2 / waves))

"""Hot spots of the sample city's cases: where they lie, what they are about and how they come and go."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from layers.sample.ground import Ground
from layers.sample.rhythm import DAYS, ordinary_days, season

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

#: Profile in time, number, and the hours of the day.
_PROFILES = (
    ("steady", 26, "day"),
    ("emerging", 12, "day"),
    ("fading", 9, "day"),
    ("burst", 12, "day"),
    ("summer", 9, "evening"),
)
#: What hot spots are about: case types (category, type code) that come together.
_THEMES: tuple[tuple[tuple[str, str], ...], ...] = (
    (("matter", "09006"), ("matter", "09001"), ("matter", "09005")),
    (("matter", "09009"), ("matter", "09010"), ("matter", "09012")),
    (("matter", "06010"), ("matter", "06042"), ("matter", "06036")),
    (("matter", "08004"), ("matter", "08002"), ("matter", "06014")),
    (("matter", "06025"), ("matter", "06026"), ("matter", "06030")),
    (("matter", "07001"), ("matter", "07006"), ("matter", "09022")),
)
_SUMMER_THEME = (("matter", "06029"), ("matter", "06028"), ("matter", "09006"))


@dataclass(frozen=True, eq=False)
class Hotspot:
    """One hot spot: faces with their chances, weight of each day, hours, types and its share of the hot-spot cases."""

    faces: Ints
    chances: Floats
    days: Floats
    hours: str
    types: tuple[tuple[str, str], ...]
    share: float


def make_hotspots(ground: Ground, rng: np.random.Generator) -> list[Hotspot]:
    """Hot spots in places with many people, with every profile in time.

    Parameters
    ----------
    ground : Ground
    rng : numpy Generator
    """
    chance = ground.people / ground.people.sum()
    found = []
    for profile, number, hours in _PROFILES:
        for _ in range(number):
            middle = ground.mesh.centres[int(rng.choice(len(chance), p=chance))]
            radius = rng.uniform(180, 500)
            distance2 = ((ground.mesh.centres - middle) ** 2).sum(axis=1)
            faces = np.flatnonzero(distance2 < (3 * radius) ** 2)
            weight = ground.mesh.areas[faces] * np.exp(-distance2[faces] / (2 * radius**2))
            theme = _SUMMER_THEME if profile == "summer" else _THEMES[int(rng.integers(len(_THEMES)))]
            days = ordinary_days() * _course(profile, rng)
            share = float(rng.pareto(2.2) + 0.6) * {"burst": 0.35, "summer": 0.6}.get(profile, 1.0)
            found.append(Hotspot(faces, weight / weight.sum(), days / days.sum(), hours, theme, share))
    return found


def _course(profile: str, rng: np.random.Generator) -> Floats:
    """How strong a hot spot is on each day."""
    position = np.arange(len(DAYS), dtype=np.float64)
    if profile == "emerging":
        start = rng.uniform(330, 580)
        return np.asarray(np.clip((position - start) / 120, 0, 1))
    if profile == "fading":
        end = rng.uniform(200, 480)
        return np.asarray(np.clip((end - position) / 120, 0, 1))
    if profile == "burst":
        start, length = rng.uniform(30, 640), rng.uniform(30, 80)
        return np.asarray(((position >= start) & (position < start + length)).astype(float))
    if profile == "summer":
        return np.where(season("05-15", "09-20"), 1.0, 0.02)
    return np.ones(len(DAYS))

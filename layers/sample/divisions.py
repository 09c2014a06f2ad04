"""Townships and villages of the sample city, grown over its ground."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.cluster.vq import kmeans2
from scipy.spatial import cKDTree

from geo.crs import transformer
from geo.tessellation.growth import corridor, grow
from layers.sample.ground import Ground
from layers.sample.tables import METRIC_SRID, Place

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

#: Ground of a village by the first digit of its number: residents' committees are small, farms and estates smaller.
_SHARE = {"0": 0.45, "2": 1.0, "4": 0.4, "5": 0.3}


@dataclass(frozen=True, eq=False)
class Divisions:
    """Which division each face belongs to.

    Attributes
    ----------
    township, village : ndarray, shape (F,)
        Index into the tables of townships and villages.
    """

    township: Ints
    village: Ints


def positions(places: list[Place]) -> Floats:
    """Seats in metres, shape (N, 2); NaN where a place has none."""
    degrees = np.array([place.position or (np.nan, np.nan) for place in places])
    known = ~np.isnan(degrees[:, 0])
    metres = np.full(degrees.shape, np.nan)
    metres[known] = np.column_stack(transformer(4490, METRIC_SRID).transform(*degrees[known].T))
    return metres


def divide(ground: Ground, townships: list[Place], villages: list[Place], rng: np.random.Generator) -> Divisions:
    """Townships around their seats, then villages inside them.

    Every place with a real position holds the face it lies in. Which of the other sites inside a township bears which
    village's name is made up: communities are nearest to the seat, the rest go round it by their numbers.

    Parameters
    ----------
    ground : Ground
    townships, villages : list of Place
    rng : numpy Generator
    """
    codes = [place.code for place in townships]
    owner = np.array([codes.index(place.code[:9]) for place in villages])
    share = np.array([_SHARE[place.code[9]] for place in villages])
    seats, known = positions(townships), positions(villages)
    weight = np.bincount(owner, share) ** 0.85
    township = grow(
        ground.pairs, ground.costs, _hold(ground, seats, known, owner), ground.mesh.areas,
        weight / weight.sum() * ground.mesh.areas.sum(), rounds=30,
    )
    sites = np.zeros(len(villages), dtype=np.int64)
    for number in range(len(townships)):
        members = np.flatnonzero(owner == number)
        faces = np.flatnonzero(township == number)
        sites[members] = _sites(ground.mesh.centres[faces], faces, known[members], share[members], seats[number], rng)
    sizes = ground.grids + 0.3 * ground.mesh.areas / 1e6
    mass = np.bincount(township, sizes)
    wanted = rng.uniform(0.75, 1.3, len(villages)) * np.where(share < 0.45, share, 1.0)
    wanted *= (mass / np.bincount(owner, wanted))[owner]
    inside = township[ground.pairs[:, 0]] == township[ground.pairs[:, 1]]
    held = np.full(len(ground.mesh), -1, dtype=np.int64)
    held[sites] = np.arange(len(villages))
    village = grow(ground.pairs[inside], ground.costs[inside], held, sizes, wanted)
    return Divisions(township, village)


def _hold(ground: Ground, seats: Floats, known: Floats, owner: Ints) -> Ints:
    """Township that must have a face: the seat's own, and the way from it to the villages whose place is known."""
    tree = cKDTree(ground.mesh.centres)
    held = np.full(len(ground.mesh), -1, dtype=np.int64)
    places = np.flatnonzero(~np.isnan(known[:, 0]))
    at_seat, at_place = tree.query(seats)[1], tree.query(known[places])[1]
    held[at_seat] = np.arange(len(seats))
    held[at_place] = owner[places]
    for face, township in zip(at_place, owner[places], strict=True):
        closed = (held >= 0) & (held != township)
        held[corridor(ground.pairs, ground.costs, int(at_seat[township]), int(face), closed)] = township
    return held


def _sites(
    centres: Floats, faces: Ints, known: Floats, share: Floats, seat: Floats, rng: np.random.Generator
) -> Ints:
    """A face for each village of one township, all different, those with a known position at it."""
    count = len(known)
    start = centres[rng.choice(len(centres), count, replace=False)]
    means, _ = kmeans2(centres, start, iter=15, minit="matrix")
    fixed = np.flatnonzero(~np.isnan(known[:, 0]))
    chosen = np.full(count, -1, dtype=np.int64)
    left = list(range(count))
    for village in fixed:
        distance = np.hypot(*(means[left] - known[village]).T)
        left.pop(int(distance.argmin()))
        chosen[village] = int(np.hypot(*(centres - known[village]).T).argmin())
    means = means[left]
    outward = np.hypot(*(means - seat).T).argsort()
    communities = np.flatnonzero((chosen < 0) & (share == _SHARE["0"]))
    others = np.flatnonzero((chosen < 0) & (share != _SHARE["0"]))
    near, far = means[outward[: len(communities)]], means[outward[len(communities) :]]
    for group, sites in ((communities, near), (others, far)):
        angle = np.arctan2(*(sites - seat).T)
        for village, site in zip(group, sites[angle.argsort()], strict=True):
            order = np.hypot(*(centres - site).T).argsort()
            chosen[village] = next(int(face) for face in order if face not in chosen)
    return faces[chosen]

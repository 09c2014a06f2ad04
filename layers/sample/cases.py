"""Cases of the sample city: what, when, where and how far each one has come. Nothing in them tells who."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from layers.case_types import CaseType
from layers.sample import rhythm
from layers.sample.ground import Ground
from layers.sample.hotspots import make_hotspots
from layers.sample.tables import CODE

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

COUNT = 200_000
_STRAW, _PATCHES, _HOT = 7_000, 2_400, 62_000
_STRAW_TYPES = ((("local", "06999"), 0.86), (("local", "06998"), 0.06), (("local", "06997"), 0.08))
_PATCH_TYPES = ((("local", "08999"), 0.7), (("local", "08998"), 0.22), (("local", "08997"), 0.08))
#: The most frequent types in their order; the others follow in an order drawn by lot (Zipf 1949).
_FREQUENT = (
    ("matter", "09009"), ("matter", "06010"), ("matter", "06036"), ("matter", "09006"), ("matter", "09005"),
    ("matter", "07001"), ("matter", "06013"), ("matter", "06012"), ("local", "10999"), ("matter", "06025"),
    ("matter", "09010"), ("matter", "06011"), ("matter", "06028"), ("matter", "09001"), ("matter", "01037"),
    ("matter", "06030"), ("matter", "08004"), ("matter", "01002"), ("local", "10998"), ("matter", "06001"),
    ("matter", "06042"), ("component", "03005"), ("matter", "06029"), ("matter", "02010"), ("local", "10997"),
    ("component", "01003"), ("component", "04002"), ("matter", "06017"), ("matter", "06020"), ("component", "02017"),
)  # fmt: skip
_RARE = {"component": 0.55, "matter": 1.0}
CHANNELS = ("网格员上报", "12345热线", "视频巡查", "公众上报", "部门移交")
_ORDINARY = (0.47, 0.24, 0.13, 0.10, 0.06)
_OVER_FIELDS = (0.30, 0.10, 0.56, 0.04, 0.0)
SATELLITE = "卫星图斑"


@dataclass(frozen=True, eq=False)
class _Batch:
    """Some cases of one origin: face, day, hours of the day, types and channels."""

    faces: Ints
    days: Ints
    hours: str
    types: Ints
    channels: list[str]


def make_cases(ground: Ground, types: list[CaseType], rng: np.random.Generator) -> tuple[pd.DataFrame, Ints]:
    """200,000 cases of two years.

    Parameters
    ----------
    ground : Ground
    types : list of CaseType
    rng : numpy Generator

    Returns
    -------
    table : DataFrame
        In the order of the reports: ``case_no``, ``category``, ``type_code``, ``type_name``, ``channel``, ``state``,
        ``reported_at`` and the five steps in UTC (NaT where not yet), without the place.
    faces : ndarray, shape (200000,)
        Face of the ground that each lies in.
    """
    batches = [*_straw(ground, types, rng), _patches(ground, types, rng), *_hot(ground, types, rng)]
    batches.append(_ordinary(ground, types, COUNT - sum(len(batch.faces) for batch in batches), rng))
    faces = np.concatenate([batch.faces for batch in batches])
    kind = np.concatenate([batch.types for batch in batches])
    channel = np.concatenate([np.array(batch.channels, dtype=object) for batch in batches])
    reported = np.concatenate([rhythm.report_times(batch.days, batch.hours, rng) for batch in batches])
    order = np.argsort(reported, kind="stable")
    faces, kind, channel, reported = faces[order], kind[order], channel[order], reported[order]
    urgency = rng.uniform(0.5, 2.0, len(types))
    # A fire is put out within hours; a building on farmland takes weeks of procedure.
    urgency[_indices(types, tuple(key for key, _ in _STRAW_TYPES))] = 0.08
    urgency[_indices(types, tuple(key for key, _ in _PATCH_TYPES))] = 25.0
    times, states = rhythm.life(reported, urgency[kind], rng)
    table = pd.DataFrame({
        "case_no": _numbers(reported),
        "category": np.array([entry.category for entry in types], dtype=object)[kind],
        "type_code": np.array([entry.type_code for entry in types], dtype=object)[kind],
        "type_name": np.array([entry.type_name for entry in types], dtype=object)[kind],
        "channel": channel,
        "state": states,
        "reported_at": reported.astype("datetime64[s]"),
    })
    for step, name in enumerate(rhythm.STEPS):
        moment = times[:, step].astype("datetime64[s]")
        moment[times[:, step] < 0] = np.datetime64("NaT", "s")
        table[name] = moment
    return table, faces


def _numbers(reported: Ints) -> list[str]:
    """County code, day in China and a serial of the day."""
    local = reported + 8 * 3600
    day = local // 86_400
    serials = np.arange(len(day)) - np.searchsorted(day, day) + 1
    days, which = np.unique(day, return_inverse=True)
    names = [str(name).replace("-", "") for name in days.astype("datetime64[D]")]
    return [f"{CODE}{names[at]}{serial:05d}" for at, serial in zip(which.tolist(), serials.tolist(), strict=True)]


def _indices(types: list[CaseType], keys: tuple[tuple[str, str], ...]) -> Ints:
    number = {(entry.category, entry.type_code): index for index, entry in enumerate(types)}
    return np.array([number[key] for key in keys], dtype=np.int64)


def _channels(count: int, chances: tuple[float, ...], rng: np.random.Generator) -> list[str]:
    return [CHANNELS[index] for index in rng.choice(len(CHANNELS), count, p=chances).tolist()]


def _ordinary(ground: Ground, types: list[CaseType], count: int, rng: np.random.Generator) -> _Batch:
    """Cases wherever people are, of all types."""
    weight = ground.people * np.exp(0.8 * rng.normal(size=len(ground.people)))
    frequent = _indices(types, _FREQUENT)
    kept_apart = _indices(types, tuple(key for key, _ in (*_STRAW_TYPES, *_PATCH_TYPES)))
    rest = rng.permutation(np.setdiff1d(np.arange(len(types)), np.concatenate((frequent, kept_apart))))
    ranked = np.concatenate((frequent, rest))
    chance = 1 / (np.arange(len(ranked)) + 2.7) ** 1.08
    chance *= np.array([_RARE.get(types[index].category, 1.0) for index in ranked])
    days = rhythm.ordinary_days()
    return _Batch(
        rng.choice(len(weight), count, p=weight / weight.sum()),
        rng.choice(len(days), count, p=days / days.sum()),
        "day",
        ranked[rng.choice(len(ranked), count, p=chance / chance.sum())],
        _channels(count, _ORDINARY, rng),
    )


def _hot(ground: Ground, types: list[CaseType], rng: np.random.Generator) -> list[_Batch]:
    spots = make_hotspots(ground, rng)
    share = np.array([spot.share for spot in spots])
    batches = []
    for spot, count in zip(spots, rng.multinomial(_HOT, share / share.sum()).tolist(), strict=True):
        about = _indices(types, spot.types)
        batches.append(_Batch(
            rng.choice(spot.faces, count, p=spot.chances),
            rng.choice(len(spot.days), count, p=spot.days),
            spot.hours,
            about[rng.choice(len(about), count, p=[0.6, 0.25, 0.15])],
            _channels(count, _ORDINARY, rng),
        ))
    return batches


def _straw(ground: Ground, types: list[CaseType], rng: np.random.Generator) -> list[_Batch]:
    """Straw burning after the wheat (June) and the rice (October, November), in patches of farmland."""
    density = ground.people / ground.mesh.areas
    weight = np.where(density < np.median(density), ground.mesh.areas, 0.0)
    clusters = np.zeros(len(weight))
    for centre in rng.choice(len(weight), 24, p=weight / weight.sum()):
        distance2 = ((ground.mesh.centres - ground.mesh.centres[centre]) ** 2).sum(axis=1)
        clusters += np.exp(-distance2 / (2 * rng.uniform(900, 1800) ** 2))
    weight *= 0.1 + clusters
    about = _indices(types, tuple(key for key, _ in _STRAW_TYPES))
    batches = []
    for first, last, part in (("06-01", "06-20", 0.52), ("10-18", "11-12", 0.48)):
        count = int(_STRAW * part)
        days = np.flatnonzero(rhythm.season(first, last))
        batches.append(_Batch(
            rng.choice(len(weight), count, p=weight / weight.sum()),
            rng.choice(days, count),
            "evening",
            about[rng.choice(len(about), count, p=[part for _, part in _STRAW_TYPES])],
            _channels(count, _OVER_FIELDS, rng),
        ))
    return batches


def _patches(ground: Ground, types: list[CaseType], rng: np.random.Generator) -> _Batch:
    """Patches that a land satellite saw change, sent down on one office day of each month."""
    density = ground.people / ground.mesh.areas
    weight = ground.mesh.areas * np.where(density < np.quantile(density, 0.8), 1.0, 0.1)
    workdays = np.flatnonzero((rhythm.DAYS.astype(np.int64) + 3) % 7 < 5)
    months = rhythm.DAYS[workdays].astype("datetime64[M]")
    batches = np.array([rng.choice(workdays[months == month]) for month in np.unique(months)])
    about = _indices(types, tuple(key for key, _ in _PATCH_TYPES))
    return _Batch(
        rng.choice(len(weight), _PATCHES, p=weight / weight.sum()),
        rng.choice(batches, _PATCHES),
        "office",
        about[rng.choice(len(about), _PATCHES, p=[part for _, part in _PATCH_TYPES])],
        [SATELLITE] * _PATCHES,
    )

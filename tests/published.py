"""All that the public can get of case heat from the running service, as one who means to work out what is hidden would
gather it; and the true counts beside it.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from geo.heat.attacker import Attack
from geo.heat.cells import cells_of, parents
from geo.heat.lattice import ALL, MONTHS, VIEWS, Counts, Lattice, lattice, regions
from geo.heat.suppression import without

Key = tuple[int, bool, int, int, str]
"""Resolution, by year, period, cell and class of a count."""


def pages(service: Any, query: str) -> list[dict[str, Any]]:
    """Properties of all features of all pages, as the public."""
    address, found = f"/collections/case-heat/items?limit=10000&skipGeometry=true&{query}", []
    while address:
        answer = service.get(address)
        assert answer.status_code == 200, answer.text
        page = answer.json()
        found += [feature["properties"] for feature in page["features"]]
        address = next((link["href"] for link in page["links"] if link["rel"] == "next"), "")
    return found


def gather(service: Any, years: range) -> dict[Key, int]:
    """Every single number: months and years of each resolution, all classes together and each."""
    told: dict[Key, int] = {}
    for resolution in (6, 7, 8, 9, 10):
        for row in pages(service, f"resolution={resolution}&filter=month>DATE('1900-01-01') AND class_code<>''"):
            year, month, _ = map(int, row["month"].split("-"))
            key = (resolution, False, MONTHS * year + month - 1, int(row["cell"], 16), row["class_code"])
            assert told.setdefault(key, row["count"]) == row["count"]
        for year in years:
            query = f"resolution={resolution}&datetime={year}-01-01/{year}-12-31&filter=class_code<>''"
            for row in pages(service, query):
                told[resolution, True, year, int(row["cell"], 16), row["class_code"]] = row["count"]
    return told


def gather_zones(service: Any, months: Any, years: range, cells: Any) -> dict[Key, int]:
    """Single numbers of all classes together as DGGS tells them: below each zone of resolution 5, at every depth."""
    told: dict[Key, int] = {}
    periods = [(False, month, f"{month // MONTHS}-{month % MONTHS + 1:02}") for month in months]
    periods += [(True, year, str(year)) for year in years]
    for root in np.unique(parents(np.asarray(cells, dtype=np.int64), 5)).tolist():
        for by_year, period, text in periods:
            here = f"/collections/case-heat/dggs/H3/zones/{root:x}/data"
            answer = service.get(f"{here}?f=geojson&geometry=none&zone-depth=1-5&datetime={text}")
            assert answer.status_code == 200, answer.text
            for zone in answer.json()["features"]:
                cell = int(zone["id"], 16)
                told[cell >> 52 & 15, by_year, period, cell, "all"] = zone["properties"]["count"]
    return told


def true_counts(
    database: Any, through: int, within: tuple[float, float, float, float] = (-180, -90, 180, 90)
) -> tuple[Lattice, list[str]]:
    """Counts as they are, recounted from the cases, and the names of the classes."""
    with database.transaction() as cursor:
        cursor.execute(
            "select st_x(geom), st_y(geom), extract(year from wangge.day_of(reported_at))::int * 12"
            " + extract(month from wangge.day_of(reported_at))::int - 1, category || '-' || left(type_code, 2)"
            " from wangge.cases where geom && st_makeenvelope(%s, %s, %s, %s, 4490)",
            within,
        )
        lon, lat, month, class_ = zip(*cursor.fetchall(), strict=True)
    names, number = np.unique(class_, return_inverse=True)
    one = np.ones(len(lon), dtype=np.int64)
    counts = Counts(cells_of(lon, lat), np.array(month, dtype=np.int64), number.astype(np.int64), 0 * one, one)
    return lattice(counts.where(counts.month <= through), [through]), names.tolist()


def keys_of(made: Lattice, classes: list[str]) -> list[Key]:
    """The keys of a lattice's entries, in its order."""
    columns = (made.view, made.period, made.cell, made.class_)
    return [
        (VIEWS[view].resolution, VIEWS[view].by_year, period, cell, "all" if class_ == ALL else classes[class_])
        for view, period, cell, class_ in zip(*(column.tolist() for column in columns), strict=True)
    ]


def narrow(made: Lattice, hidden: Any, k: int) -> Any:
    """Hidden counts to which the attacker puts bounds narrower than k, by an attack that begins from nothing."""
    attack = Attack(without(made.families, made.cell == 0), made.value)
    hidden = hidden & (made.cell != 0)
    rng = np.random.default_rng(99)
    attack.search(hidden, k, regions(made, 7, 8), rng, each=False)
    attack.search(hidden, k, regions(made, 6, 6), rng, each=False)
    return attack.exact(hidden, k)

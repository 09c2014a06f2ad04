"""Density maps: made once for each audience, parameters and version of the data, then kept for every worker."""

from __future__ import annotations

import contextlib
import hashlib
import threading
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import psycopg2
import shapely
from numpy.typing import NDArray

from geo.crs import project
from geo.errors import Conflict, Forbidden, InvalidInput, NeedsKey
from geo.heat.bandwidth import rule_of_thumb_m
from geo.heat.density import kernel_density
from geo.heat.kernels import KERNELS
from geo.heat.raster_grid import RasterGrid
from layers.cache import Recent
from layers.catalogue.density import CASE_DENSITY
from layers.database.database import Database
from layers.database.versions import Versions
from layers.identity import current
from layers.rasters.geotiff import Described, describe, placed, write_cog
from layers.rasters.painting import breaks_below
from layers.rasters.request import DensityRequest, nearest_bandwidth
from layers.rasters.source import SOURCE_VERSIONS, Audience, Cases, audience_of, read_cases

_MADE_BY = "2"
"""Raised when maps come out otherwise for the same data, so that none of an older program is found."""

_IN_MEMORY = 24

type _Key = tuple[Audience, str, tuple[int | None, ...]]
"""Audience, request and versions that a map is made from."""


@dataclass(frozen=True)
class DensityMap:
    """A density map as it goes out.

    Attributes
    ----------
    tif : bytes
        Cloud-Optimised GeoTIFF in the city's metric CRS.
    """

    tif: bytes

    @cached_property
    def etag(self) -> str:
        """Hash of the bytes, quoted: it tells that a map is another one, and nothing of when the data changed."""
        return f'"{hashlib.blake2b(self.tif, digest_size=12).hexdigest()}"'

    @cached_property
    def described(self) -> Described:
        """Cells, CRS and tags."""
        return describe(self.tif)

    @cached_property
    def breaks(self) -> tuple[float, ...]:
        """Values at the colours of the ramp."""
        return tuple(float(part) for part in self.described.tags["BREAKS"].split())

    @property
    def period(self) -> str:
        """Days of what was counted, as ``from/until``; empty for no cases."""
        # a tag without text is none
        return self.described.tags.get("PERIOD", "")


class Densities:
    """Makes and finds density maps of one database.

    Parameters
    ----------
    database : Database
        Logged in as the service.
    versions : Versions
        Tells when a layer changes; while it knows nothing, every map is made anew.
    """

    def __init__(self, database: Database, versions: Versions) -> None:
        self._database = database
        self._versions = versions
        self._kept: Recent[_Key, DensityMap] = Recent(_IN_MEMORY)
        self._ground: Recent[str, tuple[int, RasterGrid, NDArray[np.bool_]]] = Recent(1)
        # one map at a time: a page asks for a dozen tiles of one that isn't made yet, and each takes half the memory
        self._making = threading.Lock()

    def of(self, request: DensityRequest) -> DensityMap:
        """The map that a request asks for, as the current identity may see it.

        Raises
        ------
        NeedsKey, Forbidden
            When cases of a kind are wanted, and the asker sees but what was released.
        Conflict
            When there is no outline of a city yet.
        """
        audience = audience_of(current())
        if request.kinds and audience == "public":
            raise (NeedsKey if current().role == "public" else Forbidden)("density.kinds")
        key = self._key(audience, request)
        found = self._kept.get(key) if key else None
        if found is not None:
            return found
        with self._making:
            found = (self._kept.get(key) or self._stored(key)) if key else None
            if found is None:
                found = self._make(audience, request)
            elif key:
                self._kept.put(key, found)
        return found

    def _key(self, audience: Audience, request: DensityRequest) -> _Key | None:
        """Name of a map at the versions that are known; None when none are."""
        versions = tuple([self._versions.of(layer) for layer in SOURCE_VERSIONS[audience]])
        return None if None in versions else (audience, request.text, versions)

    def _stored(self, key: _Key) -> DensityMap | None:
        rows = self._database.fetch("select tif from wangge.density_maps where key = %s::text", (_hashed(key),))
        return DensityMap(bytes(rows[0][0])) if rows else None

    def _make(self, audience: Audience, request: DensityRequest) -> DensityMap:
        srid, grid, inside = self.ground()
        try:
            cases = read_cases(self._database, audience, request, srid)
        except psycopg2.errors.QueryCanceled as error:
            raise InvalidInput("query.too-long") from error
        kernel = KERNELS[request.kernel]
        bandwidth_m = request.bandwidth_m
        if bandwidth_m is None:
            bandwidth_m = nearest_bandwidth(rule_of_thumb_m(cases.x, cases.y, cases.weights))
        density = kernel_density(
            cases.x, cases.y, grid, inside, kernel, bandwidth_m, weights=cases.weights, edge=request.edge
        )
        greatest = float(np.nanmax(density.values, initial=0.0))
        tags = _tags(audience, request, cases, density.counted, density.left_out)
        tags |= {"BANDWIDTH_M": f"{bandwidth_m:g}", "RADIUS_M": f"{kernel.radius_m(bandwidth_m):.0f}"}
        tags["BREAKS"] = " ".join(f"{low:g}" for low in breaks_below(greatest, len(CASE_DENSITY.ramp)))
        made = DensityMap(write_cog(density.values, placed(grid), srid, CASE_DENSITY, tags))
        # under the versions that were read, which may be newer than those that were known
        key: _Key = (audience, request.text, cases.versions)
        self._kept.put(key, made)
        self._store(key, audience, made)
        return made

    def _store(self, key: _Key, audience: Audience, made: DensityMap) -> None:
        # a replica can't keep a map; each of its workers makes its own
        with contextlib.suppress(psycopg2.errors.ReadOnlySqlTransaction):
            self._database.fetch(
                "select wangge.keep_density(%s::text, %s::text, %s::bytea)", (_hashed(key), audience, made.tif)
            )

    def ground(self) -> tuple[int, RasterGrid, NDArray[np.bool_]]:
        """Metric CRS, cells, and which of them lie in the city.

        Raises
        ------
        Conflict
            When there is no outline of a city yet.
        """
        rows = self._database.fetch("select metric_srid, st_asbinary(outline) from wangge.city")
        if not rows:
            raise Conflict("density.no-city")
        srid, wkb = rows[0][0], bytes(rows[0][1])
        name = f"{srid} {hashlib.blake2b(wkb).hexdigest()}"
        known = self._ground.get(name)
        if known is None:
            outline = project(np.array([shapely.from_wkb(wkb)]), 4490, srid)[0]
            grid = RasterGrid.over(outline.bounds, CASE_DENSITY.cell_m)
            known = (srid, grid, grid.inside(outline))
            self._ground.put(name, known)
        return known


def _tags(
    audience: Audience, request: DensityRequest, cases: Cases, counted: float, left_out: float
) -> dict[str, object]:
    """What a map's file says of how it was made."""
    return {
        "KERNEL": request.kernel,
        "BANDWIDTH_RULE": "as asked" if request.bandwidth_m is not None else "normal reference (Silverman 1986, 4.3.2)",
        "CASES_OF": ", ".join(f"{name}={value}" for name, value in request.kinds.items()) or "all kinds",
        "EDGE_CORRECTION": request.edge,
        "PERIOD": f"{cases.since}/{cases.until}" if cases.since else "",
        "CASES": f"{counted:.0f}",
        "CASES_OUTSIDE": f"{left_out:.0f}",
        "MADE_FROM": "places of cases" if audience == "staff" else "published counts of cells, spread evenly over them",
    }


def _hashed(key: _Key) -> str:
    return hashlib.blake2b(f"{_MADE_BY} {key}".encode(), digest_size=24).hexdigest()

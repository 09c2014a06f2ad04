"""What a process of the service reads from: its database with features, tiles, maps, versions, keys and the city."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from layers.cache import Recent
from layers.database.database import Database, bind
from layers.database.versions import Versions
from layers.features.features import Features
from layers.identity import Identity
from layers.keys import identify
from layers.rasters.densities import Densities
from layers.tiles.tiles import Tiles


@dataclass(frozen=True)
class City:
    """The city that is served.

    Attributes
    ----------
    code, name, name_en : str
        6-digit code and names.
    sample : bool
        Whether its data are a sample and nobody's.
    metric_srid : int
        EPSG code in which areas and distances are measured.
    box : tuple of float or None
        West, south, east, north of its outline in degrees.
    """

    code: str = "000000"
    name: str = ""
    name_en: str = ""
    sample: bool = False
    metric_srid: int = 4549
    box: tuple[float, float, float, float] | None = None


class Store:
    """Everything that answers are made from; one a process.

    Parameters
    ----------
    database : Database
        Logged in as the service.
    """

    def __init__(self, database: Database) -> None:
        self.database = bind(database)
        self.versions = Versions(database).start()
        self.features = Features(database)
        self.tiles = Tiles(database, self.versions)
        self.densities = Densities(database, self.versions)
        self._identities: Recent[tuple[bytes, tuple[int | None, int | None]], Identity] = Recent(1000)
        self._city: tuple[int | None, City] | None = None

    def identity_of(self, key: str) -> Identity | None:
        """Who holds a key; None for an unknown or revoked one.

        Known keys are kept until the table of keys or that of divisions changes; while versions are not known, the
        table is asked each time.
        """
        # a key may be for a township, which can end
        version = (self.versions.of("keys"), self.versions.of("divisions"))
        digest = hashlib.sha256(key.encode("utf-8", "surrogateescape")).digest()
        known = self._identities.get((digest, version)) if None not in version else None
        if known is None:
            known = identify(self.database, key)
            if known is not None and None not in version:
                self._identities.put((digest, version), known)
        return known

    def city(self) -> City:
        """The city; a nameless one while the database is empty. It is read again when the divisions change."""
        version = self.versions.of("divisions")
        if self._city is None or self._city[0] != version or version is None:
            self._city = (version, read_city(self.database))
        return self._city[1]


def read_city(database: Database) -> City:
    """The city of a database; a nameless one while it is empty."""
    rows = database.fetch(
        "select code, name, name_en, sample, metric_srid,"
        " st_xmin(outline), st_ymin(outline), st_xmax(outline), st_ymax(outline)"
        " from wangge.city"
    )
    if not rows:
        return City()
    code, name, name_en, sample, srid, *box = rows[0]
    return City(code.decode(), name.decode(), name_en.decode(), sample, srid, (box[0], box[1], box[2], box[3]))


_bound: Store | None = None


def bind_store(store: Store) -> Store:
    """Make ``store`` the one of this process, for the providers that pygeoapi builds by name."""
    global _bound
    _bound = store
    return store


def bound_store() -> Store:
    """The store of this process.

    Raises
    ------
    RuntimeError
        When none was bound.
    """
    if _bound is None:
        raise RuntimeError("no store is bound: call layers.store.bind_store first")
    return _bound

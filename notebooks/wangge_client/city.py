"""One service: its layers, processes and jobs."""

from __future__ import annotations

import keyword
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import pandas as pd

from wangge_client.connection import Connection
from wangge_client.errors import NeedsFolium
from wangge_client.function import ProcessFunction
from wangge_client.job import Job
from wangge_client.progress import Progress, teller
from wangge_client.tables import Answer, collection_of, frame_of, inputs_of, parameter, typed

if TYPE_CHECKING:
    from wangge_client.maps import Map

_PAGE = 5_000
_FORMATS = {".gpkg": "gpkg", ".zip": "shp", ".fgb": "fgb", ".parquet": "parquet", ".csv": "csv",
            ".geojsonl": "geojsonl", ".jsonfg": "jsonfg"}  # fmt: skip
_RASTERS = {".tif": "cog", ".tiff": "cog"}
_EDITS = "grid-edits"
_HYPHENED = {"bbox_crs", "filter_crs", "filter_lang"}


class City(Connection):
    """A service: made by `connect`."""

    def __init__(self, url: str, key: str | None, lang: str, timeout_s: float) -> None:
        super().__init__(url, key, lang, timeout_s)
        self._ids: tuple[str, ...] | None = None
        self._functions: dict[str, ProcessFunction] = {}

    @property
    def layers(self) -> pd.DataFrame:
        """The layers that the key may read: title, description and number of features by id."""
        found = self.get("collections")["collections"]
        columns = {"title": "title", "description": "description", "count": "itemCount"}
        rows = [{name: layer.get(member) for name, member in columns.items()} for layer in found]
        return pd.DataFrame(rows, index=pd.Index([layer["id"] for layer in found], name="id"))

    def fields(self, layer: str) -> pd.DataFrame:
        """The fields of a layer: title, type, unit and the meaning of its values."""
        found = self.get(f"collections/{layer}/schema")["properties"]
        members = {"title": "title", "type": "type", "format": "format", "unit": "x-ogc-unit", "values": "description"}
        rows = {name: {title: entry.get(member) for title, member in members.items()} for name, entry in found.items()}
        return pd.DataFrame.from_dict(rows, orient="index")

    def read(
        self, layer: str, *, limit: int | None = None, progress: bool | Progress = False, **query: Any
    ) -> gpd.GeoDataFrame:
        """A layer, or what a filter leaves of it, page by page to its end.

        Parameters
        ----------
        layer : str
            Its id.
        limit : int, optional
            Features at the most; all when not given.
        progress : bool or callable
            True writes a line; a callable is told features read and features in all.
        **query
            As the service takes it: ``bbox`` (four numbers in degrees), ``datetime``, ``filter`` (CQL2), ``crs``,
            ``properties``, ``sortby``, ``q``, or a field and its value; ``change_set`` of the layer ``grid-edits``.

        Returns
        -------
        GeoDataFrame
            By the features' ids; easting or longitude first; days and moments as such.

        Raises
        ------
        ServiceError
            When the service refuses: no such layer, an unknown field, a wrong filter.
        """
        wanted = _query(layer, query)
        found: list[dict[str, Any]] = []
        tell = teller(progress, layer)
        for page in self._pages(layer, {**wanted, "limit": str(min(limit or _PAGE, _PAGE))}):
            found += page["features"]
            total = min(page["numberMatched"], limit or page["numberMatched"])
            tell(min(len(found), total), total)
            if limit is not None and len(found) >= limit:
                break
        kinds = self.get(f"collections/{layer}/schema")["properties"]
        return typed(frame_of(found[:limit], wanted.get("crs", "OGC:CRS84")), kinds)

    def save(self, layer: str, path: str | Path, **query: Any) -> Path:
        """Write a layer, or what a query leaves of it, to a file as the service makes it.

        Parameters
        ----------
        layer : str
            Its id.
        path : str or Path
            Its suffix says the format: ``.gpkg``, ``.zip`` (Shapefile), ``.fgb``, ``.parquet``, ``.csv``,
            ``.geojsonl``, ``.jsonfg``; of a raster layer ``.tif``.
        **query
            As `read` takes it; of a raster ``datetime``, ``kernel``, ``bandwidth`` and the like.

        Returns
        -------
        Path
            The file.

        Raises
        ------
        ValueError
            When the suffix is none of these.
        ServiceError
            When the service refuses.
        """
        path = Path(path)
        suffix = path.suffix.lower()
        formats = _FORMATS | _RASTERS
        if suffix not in formats:
            raise ValueError(f"{path.name}: {', '.join(formats)}")
        wanted = _query(layer, query)
        what = "coverage" if suffix in _RASTERS else "items"
        wanted["f"] = formats[suffix]
        answer = self.send("GET", f"collections/{layer}/{what}", params=wanted, stream=True)
        with answer, path.open("wb") as file:
            for part in answer.iter_content(1 << 20):
                file.write(part)
        return path

    def write(
        self, changed: gpd.GeoDataFrame | None = None, *, removed: Iterable[str] = (), change_set: int | None = None
    ) -> Answer:
        """Write edits of grids into a change set, all of them or none. The city changes when the set is published.

        Parameters
        ----------
        changed : GeoDataFrame, optional
            A row that has the id of a grid in its index changes that grid; every other one is a new grid.
        removed : iterable of str
            Ids of grids that go.
        change_set : int, optional
            Number of the set; the current one, or a new one, when not given.

        Returns
        -------
        Answer
            ``changeSet``, the ids as ``features``, and ``findings``, whose frame is what is to be mended.

        Raises
        ------
        ServiceError
            When an edit is none: a polygon that crosses itself, an unknown grid, a key that may not edit.
        """
        features = [] if changed is None else collection_of(changed)["features"]
        features += [{"type": "Feature", "id": str(id_), "geometry": None, "properties": None} for id_ in removed]
        answer = self.send(
            "POST",
            f"collections/{_EDITS}/items",
            params={} if change_set is None else {"change-set": str(change_set)},
            json={"type": "FeatureCollection", "features": features},
        ).json()
        return Answer(answer | {"findings": Answer(answer["findings"])})

    def map(
        self, frame: gpd.GeoDataFrame | gpd.GeoSeries | None = None, layer: str | None = None, *,
        options: Mapping[str, Any] | None = None, **how: Any,
    ) -> Map:  # fmt: skip
        """A map to pan, zoom and point at, which loads nothing from anywhere.

        Parameters
        ----------
        frame, layer, **how
            The first table on it, as `Map.add` takes it; more are added by ``map.add``.
        options : mapping, optional
            Of ``folium.Map``, such as ``height`` in pixels.

        Raises
        ------
        NeedsFolium
            When that package is missing.
        """
        try:
            from wangge_client.maps import Map
        except ImportError as error:
            if (error.name or "").partition(".")[0] not in ("folium", "branca"):
                raise
            raise NeedsFolium(self.lang) from error
        found = Map(self, **(options or {}))
        return found if frame is None else found.add(frame, layer, **how)

    @property
    def processes(self) -> pd.DataFrame:
        """The processes: title, description and names of the inputs by id."""
        rows = {
            id_: {name: function.described[name] for name in ("title", "description")}
            | {"inputs": ", ".join(function.described["inputs"])}
            for id_, function in ((id_, self._function(id_)) for id_ in self._process_ids())
        }
        return pd.DataFrame.from_dict(rows, orient="index")

    def run(self, process: str, /, *, progress: bool | Progress = False, **inputs: Any) -> Answer:
        """Run a process and wait for its answer: at once, or with ``progress`` as a job that says how far it is."""
        if progress:
            return self.start(process, **inputs).wait(progress=progress)
        answer = self.send("POST", f"processes/{process}/execution", json={"inputs": inputs_of(inputs)})
        return Answer(answer.json())

    def start(self, process: str, /, **inputs: Any) -> Job:
        """Start a process as a job. GeoDataFrames may be inputs: they go as features in degrees."""
        answer = self.send(
            "POST",
            f"processes/{process}/execution",
            json={"inputs": inputs_of(inputs)},
            headers={"Prefer": "respond-async"},
        )
        return self.job(answer.headers["Location"].rstrip("/").rpartition("/")[2])

    def job(self, id_: str) -> Job:
        """A job that was started before."""
        return Job(self, id_)

    @property
    def jobs(self) -> pd.DataFrame:
        """The jobs of the key: process, status, progress and message by id."""
        found = self.get("jobs")["jobs"]
        columns = {"process": "processID", "status": "status", "progress": "progress", "message": "message"}
        rows = [{name: job.get(member) for name, member in columns.items()} for job in found]
        return pd.DataFrame(rows, index=pd.Index([job["jobID"] for job in found], name="id"), columns=list(columns))

    def __getattr__(self, name: str) -> ProcessFunction:
        """A process as a function: ``city.check_coverage(layer="grids")``; ``help()`` of it says what it takes."""
        id_ = name.rstrip("_").replace("_", "-")
        if name.startswith("_") or id_ not in self._process_ids():
            raise AttributeError(f"no process {id_!r}; there are {', '.join(self._process_ids())}")
        return self._function(id_)

    def __dir__(self) -> list[str]:
        names = [id_.replace("-", "_") for id_ in self._process_ids()]
        return [*super().__dir__(), *(f"{name}_" if keyword.iskeyword(name) else name for name in names)]

    def _pages(self, layer: str, query: Mapping[str, str]) -> Iterator[dict[str, Any]]:
        page = self.get(f"collections/{layer}/items", **query)
        yield page
        while following := next((link["href"] for link in page["links"] if link["rel"] == "next"), None):
            page = self.send("GET", following).json()
            yield page

    def _process_ids(self) -> tuple[str, ...]:
        if self._ids is None:
            self._ids = tuple(process["id"] for process in self.get("processes")["processes"])
        return self._ids

    def _function(self, id_: str) -> ProcessFunction:
        if id_ not in self._functions:
            self._functions[id_] = ProcessFunction(self.run, self.get(f"processes/{id_}"))
        return self._functions[id_]


def _query(layer: str, query: Mapping[str, Any]) -> dict[str, str]:
    """What is asked for, as the service spells it: of findings, ``change_set`` is a field."""
    spelled = _HYPHENED | ({"change_set"} if layer == _EDITS else set())
    return {
        name.replace("_", "-") if name in spelled else name: parameter(value)
        for name, value in query.items()
        if value is not None
    }

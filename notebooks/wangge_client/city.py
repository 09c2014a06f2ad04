"""One service: its layers, processes and jobs."""

from __future__ import annotations

import keyword
import time
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import geopandas as gpd
import pandas as pd
import requests

from wangge_client.errors import error_of
from wangge_client.job import Job
from wangge_client.progress import Progress, teller
from wangge_client.tables import Answer, frame_of, inputs_of, parameter, typed

_PAGE = 5_000
_TRIES = 4
_BUSY = (429, 503)


class City:
    """A service: made by `connect`."""

    def __init__(self, url: str, key: str | None, lang: str, timeout_s: float) -> None:
        self.url = url.rstrip("/")
        self._timeout_s = timeout_s
        self._session = requests.Session()
        self._session.headers["Accept-Language"] = lang
        if key:
            self._session.headers["X-API-Key"] = key
        self._processes: dict[str, dict[str, Any]] | None = None

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
            ``properties``, ``sortby``, ``q``, or a field and its value.

        Returns
        -------
        GeoDataFrame
            Easting or longitude first; days and moments as such.
        """
        wanted = {name: parameter(value) for name, value in query.items() if value is not None}
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

    @property
    def processes(self) -> pd.DataFrame:
        """The processes: title, description and names of the inputs by id."""
        rows = {
            id_: {name: entry[name] for name in ("title", "description")} | {"inputs": ", ".join(entry["inputs"])}
            for id_, entry in self._described().items()
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

    def __getattr__(self, name: str) -> Callable[..., Answer]:
        """A process as a function: ``city.check_coverage(layer="grids")``; ``help()`` of it says what it takes."""
        id_ = name.rstrip("_").replace("_", "-")
        if name.startswith("_") or id_ not in self._described():
            raise AttributeError(f"no process {id_!r}; there are {', '.join(self._described())}")
        entry = self._described()[id_]

        def function(*, progress: bool | Progress = False, **inputs: Any) -> Answer:
            return self.run(id_, progress=progress, **inputs)

        lines = [f"{key} : {each['title']}. {each['description']}" for key, each in entry["inputs"].items()]
        function.__name__ = name
        function.__doc__ = "\n".join([entry["description"], "", *lines])
        return function

    def __dir__(self) -> list[str]:
        names = [id_.replace("-", "_") for id_ in self._described()]
        return [*super().__dir__(), *(f"{name}_" if keyword.iskeyword(name) else name for name in names)]

    def get(self, path: str, **query: str) -> Any:
        """JSON of any address of the service."""
        return self.send("GET", path, params={"f": "json", **query}).json()

    def send(self, method: str, path: str, **options: Any) -> requests.Response:
        """Any request, tried again while the service is busy.

        Raises
        ------
        ServiceError
            With the words of the service.
        """
        address = path if path.startswith(self.url + "/") else f"{self.url}/{path}"
        for last in (number == _TRIES - 1 for number in range(_TRIES)):
            answer = self._session.request(method, address, timeout=self._timeout_s, **options)
            if answer.status_code not in _BUSY or last:
                break
            time.sleep(float(answer.headers.get("Retry-After", "1")))
        if answer.ok:
            return answer
        raise error_of(answer)

    def _pages(self, layer: str, query: Mapping[str, str]) -> Iterator[dict[str, Any]]:
        page = self.get(f"collections/{layer}/items", **query)
        yield page
        while following := next((link["href"] for link in page["links"] if link["rel"] == "next"), None):
            page = self.send("GET", following).json()
            yield page

    def _described(self) -> dict[str, dict[str, Any]]:
        if self._processes is None:
            ids = [process["id"] for process in self.get("processes")["processes"]]
            self._processes = {id_: self.get(f"processes/{id_}") for id_ in ids}
        return self._processes

"""A thin client for planners: layers as GeoDataFrames, processes as functions, jobs awaited and cancelled.

It needs requests and geopandas, for maps folium, and nothing of this project: the folder can be copied beside any
script or notebook.

    import wangge_client as wangge

    city = wangge.connect("http://127.0.0.1:5000", key="wg_...")
    city.layers                                       # what there is, as a table
    grids = city.read("grids", filter="population > 1200", crs="EPSG:4549")
    city.map(grids, "grids", column="population")     # to pan, zoom and point at
    answer = city.locate(points=[[120.05, 32.17]])    # a process by its name, its inputs as arguments
    job = city.start("check-coverage", layer="grids")
    findings = job.wait(progress=True).frame()
"""

from __future__ import annotations

import os

from wangge_client.city import City
from wangge_client.errors import Cancelled, Forbidden, NeedsFolium, NeedsKey, NotFound, ServiceError, Unreachable
from wangge_client.job import Job
from wangge_client.tables import Answer

__all__ = ["Answer", "Cancelled", "City", "Forbidden", "Job", "NeedsFolium", "NeedsKey", "NotFound", "ServiceError",
           "Unreachable", "connect"]  # fmt: skip

_HERE = "http://127.0.0.1:5000"


def connect(
    url: str | None = None, key: str | None = None, *, lang: str = "zh", timeout_s: float = 120.0
) -> City:
    """A service, asked for once to see that it is there and takes the key.

    Parameters
    ----------
    url : str, optional
        Its address; ``WANGGE_URL`` of the environment when not given, else this machine's own.
    key : str, optional
        ``WANGGE_KEY`` when not given; an empty one, or none at all, sees what the public sees.
    lang : str
        ``zh`` or ``en``: language of titles and errors.
    timeout_s : float
        How long one request may take.

    Raises
    ------
    ServiceError
        When the key is wrong.
    Unreachable
        When nobody answers.
    """
    url = os.environ.get("WANGGE_URL", _HERE) if url is None else url
    city = City(url, os.environ.get("WANGGE_KEY") if key is None else key, lang, timeout_s)
    city.get("conformance")
    return city

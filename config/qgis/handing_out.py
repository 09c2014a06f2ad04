"""Who gets which project: the layers that the asker may read, and the city's townships."""

from __future__ import annotations

from config.qgis.project import ProjectCity, project_qgz
from layers.catalogue.catalogue import VECTOR_LAYERS
from layers.identity import current
from layers.store import Store
from layers.townships import read_townships


def project_for_asker(store: Store, base_url: str, language: str, key: str | None = None) -> bytes:
    """The project of the identity that asks.

    Parameters
    ----------
    store : Store
    base_url : str
        Root of the service.
    language : str
        ``"zh"`` or ``"en"``.
    key : str, optional
        Written into the project when given.
    """
    layers = [layer for layer in VECTOR_LAYERS if current().reaches(layer.readers)]
    city = store.city()
    name = city.name_en or city.name if language == "en" else city.name
    place = ProjectCity(name, city.metric_srid, city.box, read_townships(store.database))
    return project_qgz(layers, place, base_url, language, key=key)

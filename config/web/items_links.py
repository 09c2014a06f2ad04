"""Links of features: the same in other forms, as files, and the page that follows."""

from __future__ import annotations

from urllib.parse import quote, urlencode

from config.web.http import Request
from layers.cache import Recent
from layers.catalogue.layer import Layer
from layers.exporting.formats import DOWNLOADS
from layers.features.items_request import PROFILES
from layers.features.jsonfg_text import PROFILE_URI

GEOJSON = "application/geo+json"
_LONGEST_HEADER_LINK = 1_000


class ItemsLinks:
    """Links of pages and of single features.

    Parameters
    ----------
    base_url : str
        Address that they begin with.
    """

    def __init__(self, base_url: str) -> None:
        self._base = base_url
        self._standing: Recent[tuple[str, str, str], list[dict[str, str]]] = Recent(2000)
        self._headers: Recent[tuple[str, str, str], str] = Recent(2000)

    def of_page(self, layer: Layer, request: Request, cursor: str | None, profile: str) -> list[dict[str, str]]:
        """Links of a page; what was asked goes along in each."""
        found = self._standing_links(layer, request, profile)
        if cursor is None:
            return found
        following = {"rel": "next", "type": GEOJSON, "href": self._href(layer, request, profile, cursor)}
        return [found[0], following, *found[1:]]

    def _standing_links(self, layer: Layer, request: Request, profile: str) -> list[dict[str, str]]:
        """Those that don't hang on what the page holds."""
        key = (layer.id, request.query, profile)
        known = self._standing.get(key)
        if known is not None:
            return known
        items = f"{self._base}/collections/{layer.id}/items"
        asked = _query(request, {"f", "profile"})
        whole = _query(request, {"f", "profile", "limit", "offset", "cursor"})
        self_ = {"rel": "self", "type": GEOJSON, "href": self._href(layer, request, profile)}
        others = {"html": "text/html", "csv": "text/csv", "jsonld": "application/ld+json", "jsonfg": GEOJSON}
        alternates = [
            {"rel": "alternate", "type": type_, "href": f"{items}?f={format_}{asked}"}
            for format_, type_ in others.items()
        ]
        collection = {
            "rel": "collection", "type": "application/json", "href": f"{self._base}/collections/{layer.id}",
        }  # fmt: skip
        files = [
            {"rel": "enclosure", "type": format_.media_type, "href": f"{items}?f={format_.id}{whole}"}
            for format_ in DOWNLOADS.values()
        ]
        found = [self_, *alternates, collection, *_profiles(layer, profile), *files]
        self._standing.put(key, found)
        return found

    def _href(self, layer: Layer, request: Request, profile: str, cursor: str | None = None) -> str:
        """A page of the same request: this one, or the one that begins at a cursor."""
        dropped = {"f", "profile"} | ({"cursor", "offset"} if cursor is not None else set())
        more = [("profile", profile)] if profile != PROFILES[0] else []
        more += [("cursor", cursor)] if cursor is not None else []
        return f"{self._base}/collections/{layer.id}/items?f=json{_query(request, dropped, more)}"

    def header(self, layer: Layer, request: Request, profile: str) -> str:
        """Links of a page as a header, for clients that ask with HEAD: its forms, and what filters may name."""
        known = self._headers.get((layer.id, request.query, profile))
        if known is not None:
            return known
        links = [link for link in self._standing_links(layer, request, profile) if link["rel"] != "enclosure"]
        queryables = {
            "rel": "http://www.opengis.net/def/rel/ogc/1.0/queryables",
            "type": "application/schema+json",
            "href": f"{self._base}/collections/{layer.id}/queryables",
        }
        # a filter may be longer than what clients take as a header; the body has its links all the same
        told = [link for link in links if len(link["href"]) < _LONGEST_HEADER_LINK]
        header = ", ".join(
            f'<{link["href"]}>; rel="{link["rel"]}"' + (f'; type="{link["type"]}"' if "type" in link else "")
            for link in [*told, queryables]
        )
        self._headers.put((layer.id, request.query, profile), header)
        return header

    def of_item(self, layer: Layer, id_: str, request: Request, profile: str) -> list[dict[str, str]]:
        """Links of one feature."""
        collection = f"{self._base}/collections/{layer.id}"
        item = f"{collection}/items/{quote(id_, safe='')}"
        asked = request.params.get("crs")
        more = f"&crs={quote(asked, safe=':/')}" if asked else ""
        own = "" if profile == PROFILES[0] else f"&profile={profile}"
        return [
            {"rel": "self", "type": GEOJSON, "href": f"{item}?f=json{own}{more}"},
            {"rel": "alternate", "type": "text/html", "href": f"{item}?f=html{more}"},
            {"rel": "alternate", "type": "application/ld+json", "href": f"{item}?f=jsonld{more}"},
            {"rel": "alternate", "type": GEOJSON, "href": f"{item}?f=jsonfg{more}"},
            {"rel": "collection", "type": "application/json", "href": collection},
            *_profiles(layer, profile),
        ]


def _profiles(layer: Layer, profile: str) -> list[dict[str, str]]:
    """Profiles that an answer holds to."""
    names = [profile, "ogc-catalog"] if layer.record else [profile]
    return [{"rel": "profile", "type": "text/html", "href": PROFILE_URI + name} for name in names]


def _query(request: Request, dropped: set[str], more: list[tuple[str, str]] | None = None) -> str:
    """What was asked but for some parameters, and more of them, each with ``&`` before it."""
    pairs = request.pairs
    kept = [pair for pair in pairs if pair[0] not in dropped] + (more or [])
    return "&" + urlencode(kept, quote_via=quote, safe=",:/") if kept else ""

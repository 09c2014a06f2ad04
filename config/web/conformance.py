"""What the service conforms to: this list is declared, and a test holds each entry against what is served."""

from __future__ import annotations

_OGC = "http://www.opengis.net/spec"

CONFORMANCE = tuple(
    f"{_OGC}/{path}"
    for part, classes in {
        "ogcapi-common-1/1.0/conf": "core landing-page json html oas30",
        "ogcapi-common-2/1.0/conf": "collections",
        "ogcapi-features-1/1.0/conf": "core oas30 html geojson",
        "ogcapi-features-2/1.0/conf": "crs",
        "ogcapi-features-3/1.0/conf": "queryables queryables-query-parameters filter features-filter",
        "ogcapi-features-4/1.0/conf": "create-replace-delete update features optimistic-locking-etags",
        "ogcapi-features-5/1.0/conf": (
            "schemas core-roles-features queryables sortables returnables-and-receivables profile-parameter"
        ),
        "json-fg-1/1.0/conf": "core types-schemas profiles api",
        "ogcapi-records-1/1.0/conf": (
            "record-core record-collection record-core-query-parameters record-api sorting filtering json html oas30 "
            "searchable-catalog searchable-catalog-sorting searchable-catalog-filtering"
        ),
        "cql2/1.0/conf": (
            "cql2-text cql2-json basic-cql2 advanced-comparison-operators case-insensitive-comparison "
            "basic-spatial-functions basic-spatial-functions-plus spatial-functions temporal-functions "
            "array-functions property-property arithmetic"
        ),
        "ogcapi-tiles-1/1.0/conf": "core tileset tilesets-list geodata-tilesets mvt oas30",
        "ogcapi-coverages-1/1.0/conf": (
            "core subsetting scaling crs geotiff cog subsetting-spatial subsetting-temporal scaling-spatial"
        ),
        "ogcapi-maps-1/1.0/conf": "core collection-map spatial-subsetting scaling datetime crs tilesets png",
        "tms/2.0/conf": "tilematrixset json-tilematrixset",
        "ogcapi-processes-1/1.0/conf": "ogc-process-description core json html oas30 job-list callback dismiss",
    }.items()
    for path in (f"{part}/{name}" for name in classes.split())
) + tuple(
    # this one names its classes with https
    f"https://www.opengis.net/spec/ogcapi-dggs-1/1.0/conf/{name}"
    for name in (
        "core", "data-retrieval", "data-subsetting", "data-custom-depths", "zone-query", "root-dggs",
        "collection-dggs", "operation-ids", "data-json", "data-geojson", "zone-geojson",
    )
)  # fmt: skip

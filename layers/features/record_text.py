"""What a record has beside a feature (OGC 20-004r1, GeoJSON encoding): as SQL expressions of its JSON text."""

from __future__ import annotations

from layers.records.search import SCHEME

CORE = "http://www.opengis.net/spec/ogcapi-records-1/1.0/conf/record-core"

CONFORMS_TO = f"""',"conformsTo":["{CORE}"]'"""
"""Behind the geometry."""

PROPERTIES = f"""concat(
    ',"language":{{"code":"zh","name":"中文","alternate":"Chinese","dir":"ltr"}}',
    ',"languages":[{{"code":"zh","name":"中文"}},{{"code":"en","name":"English"}}]',
    case when department is null then '' else ',"contacts":[' || jsonb_build_object(
        'organization', department, 'roles', array['owner'])::text || ']' end,
    case when aspect_code is null then '' else ',"themes":[' || jsonb_build_object(
        'concepts', jsonb_build_array(jsonb_build_object('id', aspect_code, 'title', aspect)),
        'scheme', 'aspects')::text || ']' end,
    case when code is null then '' else ',"externalIds":['
        || jsonb_build_object('scheme', '{SCHEME}', 'value', code)::text || ']' end
)"""
"""Behind the fields: language, who is in charge, the aspect as a theme, the city's own code."""

"""What the OpenAPI document says of jobs: their routes, their schemas, and how an execution becomes one."""

from __future__ import annotations

from typing import Any

from layers.jobs.jobs import STATUSES

_TEXT: dict[str, Any] = {"type": "string"}
_MOMENT: dict[str, Any] = {"type": "string", "format": "date-time"}
_URI: dict[str, Any] = {"type": "string", "format": "uri"}
_SECONDS: dict[str, Any] = {"type": "number", "minimum": 0}
_LINKS: dict[str, Any] = {"type": "array", "items": {"$ref": "#/components/schemas/link"}}


def _any_of(values: list[str] | None = None) -> dict[str, Any]:
    return {"type": "array", "items": _TEXT | ({"enum": values} if values else {})}


def _query(name: str, description: str, schema: dict[str, Any]) -> dict[str, Any]:
    return {
        "name": name, "in": "query", "required": False, "description": description, "schema": schema,
        "style": "form", "explode": False,
    }  # fmt: skip


JOB_PARAMETERS: dict[str, Any] = {
    "jobID": {
        "name": "jobID", "in": "path", "required": True, "description": "Id of a job",
        "schema": {"type": "string", "format": "uuid"},
    },
    "jobFormat": _query("f", "Representation", {"type": "string", "enum": ["json", "html"], "default": "json"}),
    "jobType": _query("type", "Kind of job", {"type": "array", "items": {"type": "string", "enum": ["process"]}}),
    "jobProcess": _query("processID", "Jobs of these processes", _any_of()),
    "jobStatus": _query("status", "Jobs of these statuses", _any_of(list(STATUSES))),
    "jobDatetime": _query("datetime", "When the job was accepted: a moment, day, month, year or interval", _TEXT),
    "minDuration": _query("minDuration", "Seconds that the job ran at the least", _SECONDS),
    "maxDuration": _query("maxDuration", "Seconds that the job ran at the most", _SECONDS),
    "jobLimit": _query(
        "limit", "Jobs a page", {"type": "integer", "minimum": 1, "maximum": 1000, "default": 100}
    ),
    "jobOffset": _query("offset", "Jobs before the page", {"type": "integer", "minimum": 0, "maximum": 10**8}),
    "prefer": {
        "name": "Prefer", "in": "header", "required": False, "schema": _TEXT,
        "description": "respond-async makes a job, also among other preferences; without it the answer is waited for",
    },
}  # fmt: skip

JOB_SCHEMAS: dict[str, Any] = {
    "statusInfo": {
        "type": "object",
        "required": ["jobID", "status", "type"],
        "properties": {
            "jobID": _TEXT,
            "processID": _TEXT,
            "type": {"type": "string", "enum": ["process"]},
            "status": {"type": "string", "enum": list(STATUSES)},
            "message": _TEXT,
            "progress": {"type": "integer", "minimum": 0, "maximum": 100},
            "created": _MOMENT,
            "started": _MOMENT,
            "finished": _MOMENT,
            "updated": _MOMENT,
            "links": _LINKS,
        },
    },
    "jobList": {
        "type": "object",
        "required": ["jobs", "links"],
        "properties": {
            "jobs": {"type": "array", "items": {"$ref": "#/components/schemas/statusInfo"}},
            "links": _LINKS,
            "numberMatched": {"type": "integer", "minimum": 0},
            "numberReturned": {"type": "integer", "minimum": 0},
        },
    },
    "subscriber": {
        "type": "object",
        "description": "Who is told by POST what becomes of a job",
        "required": ["successUri"],
        "properties": {"successUri": _URI, "inProgressUri": _URI, "failedUri": _URI},
        "additionalProperties": False,
    },
}

JOB_RESPONSES: dict[str, Any] = {
    "tooMany": {
        "description": "As many jobs wait or run as may; try again when one has ended",
        "headers": {"Retry-After": {"schema": {"type": "integer"}, "description": "Seconds"}},
        "content": {"application/json": {"schema": {"$ref": "#/components/schemas/exception"}}},
    },
    "accepted": {
        "description": "The job that was made (Prefer: respond-async)",
        "headers": {"Location": {"schema": _URI, "description": "Status of the job"}},
        "content": {"application/json": {"schema": {"$ref": "#/components/schemas/statusInfo"}}},
    },
}


def job_paths() -> dict[str, Any]:
    """Paths below ``/jobs``."""
    filters = ["jobType", "jobProcess", "jobStatus", "jobDatetime", "minDuration", "maxDuration"]
    end = _operation("dismissJob", "End a job, or forget one that has ended", ["jobID", "lang"], "statusInfo")
    return {
        "/jobs": {
            "get": _operation(
                "jobs", "Jobs of the key that asks", ["jobFormat", "lang", *filters, "jobLimit", "jobOffset"], "jobList"
            )
        },
        "/jobs/{jobID}": {
            "get": _operation("job", "Status of a job", ["jobID", "jobFormat", "lang"], "statusInfo"),
            "delete": end,
        },
        "/jobs/{jobID}/results": {
            "get": _operation("jobResults", "Result of a job", ["jobID", "jobFormat", "lang"], "object")
        },
    }


def _operation(name: str, summary: str, parameters: list[str], schema: str) -> dict[str, Any]:
    content: dict[str, Any] = {"application/json": {"schema": {"$ref": f"#/components/schemas/{schema}"}}}
    if "jobFormat" in parameters:
        content["text/html"] = {"schema": _TEXT}
    failures = {
        "400": "invalid", "401": "needsKey", "403": "forbidden", "404": "missing", "409": "conflict", "500": "failed",
        "503": "away",
    }  # fmt: skip
    return {
        "operationId": name,
        "summary": summary,
        "tags": ["jobs"],
        "parameters": [{"$ref": f"#/components/parameters/{parameter}"} for parameter in parameters],
        "responses": {"200": {"description": summary, "content": content}}
        | {status: {"$ref": f"#/components/responses/{failure}"} for status, failure in failures.items()},
    }

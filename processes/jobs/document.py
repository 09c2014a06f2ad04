"""A job as OGC API - Processes writes it (statusInfo)."""

from __future__ import annotations

from typing import Any

from geo import errors
from layers.jobs.jobs import Job
from layers.texts import say

_RESULTS = "http://www.opengis.net/def/rel/ogc/1.0/results"
_ENDED = ("successful", "failed", "dismissed")


def job_document(job: Job, base_url: str, language: str) -> dict[str, Any]:
    """Status of a job.

    Parameters
    ----------
    job : Job
        Without its result.
    base_url : str
        Address that links begin with.
    language : str
        ``zh`` or ``en``, for the message.
    """
    here = f"{base_url}/jobs/{job.id}"
    document: dict[str, Any] = {
        "jobID": job.id,
        "processID": job.process,
        "type": "process",
        "status": job.status,
        "message": say(job.message, language, **job.message_values),
        "progress": job.progress,
    }
    # what has not happened yet is left out: the standard's schema has no null
    for name in ("created", "started", "finished", "updated"):
        moment = getattr(job, f"{name}_at")
        if moment is not None:
            document[name] = moment.isoformat()
    links = [
        _link(f"{here}?f=json", "self", "application/json", say("job.link.self", language)),
        _link(f"{here}?f=html", "alternate", "text/html", say("job.link.html", language)),
        _link(f"{base_url}/jobs", "up", "application/json", say("job.link.list", language)),
    ]
    if job.status == "successful":
        links.append(_link(f"{here}/results", _RESULTS, str(job.media_type), say("job.link.results", language)))
    return document | {"links": links}


def error_of(job: Job) -> errors.WanggeError:
    """What stands between a job and its result, as the error that the asker would have met in waiting for it."""
    if job.status == "failed":
        kind = getattr(errors, job.error_kind or "", errors.WanggeError)
        found: errors.WanggeError = kind(job.message, **job.message_values)
        return found
    if job.status in _ENDED:
        return errors.NotFound("job.no-result", id=job.id)
    return errors.NotFound("job.not-ready", id=job.id)


def _link(href: str, rel: str, type_: str, title: str) -> dict[str, str]:
    return {"href": href, "rel": rel, "type": type_, "title": title}

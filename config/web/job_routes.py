"""The routes of jobs: the list, one job, its result, and its end.

pygeoapi's own routes of jobs know a job only once it has started, take no filter, and give a result's names another
order; so these answer in its place, and it runs the processes.
"""

from __future__ import annotations

import math
from typing import Any
from urllib.parse import urlencode

import orjson

from config.pages.templating import CONTENT_SECURITY_POLICY, render
from config.web.http import Answer, Request, wants_json
from geo.errors import InvalidInput, NotFound
from layers.features.moments import parse_period
from layers.jobs.jobs import STATUSES, Job, JobFilter, Jobs
from layers.texts import say
from processes.jobs.document import error_of, job_document

_DEFAULT_LIMIT = 100
_GREATEST_LIMIT = 1000
_PAGE_PARAMETERS = ("f", "lang", "ui")
_LIST_PARAMETERS = ("type", "processID", "status", "datetime", "minDuration", "maxDuration", "limit", "offset")


class JobRoutes:
    """Everything below ``/jobs``.

    Parameters
    ----------
    jobs : Jobs
        Where they are kept.
    base_url : str
        Address that links begin with.
    """

    def __init__(self, jobs: Jobs, base_url: str) -> None:
        self._jobs = jobs
        self._base = base_url

    def answer(self, rest: list[str], request: Request) -> Answer:
        """What is read there.

        Parameters
        ----------
        rest : list of str
            Path behind ``/jobs``, cut at slashes.
        request : Request
            As it came.
        """
        _check_parameters(request, () if rest else _LIST_PARAMETERS)
        match rest:
            case []:
                return self._list(request)
            case [id_]:
                return self._status(id_, request)
            case [id_, "results"]:
                return self._result(id_, request)
        raise NotFound("app.not-found", path=request.path[:200])

    def accepted(self, answer: Answer, request: Request) -> Answer:
        """The whole status of a job that was just made, in the place of pygeoapi's three words."""
        job = self._jobs.get(orjson.loads(answer.body)["jobID"])
        document = orjson.dumps(job_document(job, self._base, request.language))
        headers = [(name, value) for name, value in answer.headers if name.lower() != "content-language"]
        return Answer(document, "application/json", 201, [*headers, ("Content-Language", request.language)])

    def dismiss(self, id_: str, request: Request) -> Answer:
        """End a job, or forget one that has ended."""
        _check_parameters(request, ())
        job = self._jobs.dismiss(id_)
        document = job_document(job, self._base, request.language) | {
            "status": "dismissed", "message": say("job.dismissed", request.language),
        }  # fmt: skip
        document["links"] = [link for link in document["links"] if link["rel"] == "up"]
        return _json(document)

    def _list(self, request: Request) -> Answer:
        wanted = _filter(request.params)
        found, matched = self._jobs.list(wanted)
        document = {
            "jobs": [job_document(job, self._base, request.language) for job in found],
            "links": self._links(request, wanted, matched),
            "numberMatched": matched,
            "numberReturned": len(found),
        }
        if _html_wanted(request):
            return self._page("jobs/index.html", {"jobs": document}, request)
        return _json(document)

    def _status(self, id_: str, request: Request) -> Answer:
        job = self._jobs.get(id_)
        document = job_document(job, self._base, request.language)
        if _html_wanted(request):
            return self._page("jobs/job.html", {"jobs": document | {"parameters": self._jobs.inputs(id_)}}, request)
        return _json(document)

    def _result(self, id_: str, request: Request) -> Answer:
        job: Job = self._jobs.get(id_)
        result = self._jobs.result(id_) if job.status == "successful" else None
        if result is None:
            raise error_of(job)
        if _html_wanted(request):
            shown = {"job": {"id": job.id}, "result": orjson.loads(result)}
            return self._page("jobs/results/index.html", shown, request)
        return Answer(result, str(job.media_type), 200, [("Cache-Control", "private, no-cache")])

    def _links(self, request: Request, wanted: JobFilter, matched: int) -> list[dict[str, str]]:
        params = request.params
        links = [self._link(params | {"f": format_}, rel, type_, text, request) for format_, rel, type_, text in (
            ("json", "self", "application/json", "job.link.list"),
            ("html", "alternate", "text/html", "job.link.list-html"),
        )]  # fmt: skip
        for rel, offset in (("prev", max(0, wanted.offset - wanted.limit)), ("next", wanted.offset + wanted.limit)):
            if (rel == "prev" and wanted.offset > 0) or (rel == "next" and offset < matched):
                page = params | {"offset": str(offset)}
                links.append(self._link(page, rel, "application/json", f"job.link.{rel}", request))
        return links

    def _link(self, params: dict[str, str], rel: str, type_: str, text: str, request: Request) -> dict[str, str]:
        href = f"{self._base}/jobs?{urlencode(params)}"
        return {"href": href, "rel": rel, "type": type_, "title": say(text, request.language)}

    def _page(self, template: str, data: dict[str, Any], request: Request) -> Answer:
        page = render(template, data, request.language, self._base)
        headers = [("Cache-Control", "private, no-cache"), ("Content-Security-Policy", CONTENT_SECURITY_POLICY)]
        return Answer(page.encode(), "text/html; charset=utf-8", 200, headers)


def _json(document: dict[str, Any]) -> Answer:
    return Answer(orjson.dumps(document), "application/json", 200, [("Cache-Control", "private, no-cache")])


def _html_wanted(request: Request) -> bool:
    return not wants_json(request.header("Accept"), request.params.get("f"))


def _check_parameters(request: Request, own: tuple[str, ...]) -> None:
    known = (*own, *_PAGE_PARAMETERS)
    params = request.params
    unknown = set(params) - set(known)
    if unknown:
        raise InvalidInput("query.parameter", parameter=min(unknown)[:100], known=", ".join(known))
    if params.get("f", "json") not in ("json", "html"):
        raise InvalidInput("app.format", format=params["f"][:40], known="json, html")
    for name, value in params.items():
        if "\x00" in value:
            raise InvalidInput("query.nul", parameter=name)


def _filter(params: dict[str, str]) -> JobFilter:
    """Which jobs are asked for."""
    if set(_words(params, "type")) - {"process"}:
        raise InvalidInput("query.value", parameter="type", value=params["type"][:40], wanted="process")
    statuses = _words(params, "status")
    for status in statuses:
        if status not in STATUSES:
            raise InvalidInput("query.value", parameter="status", value=status[:40], wanted=", ".join(STATUSES))
    limit = min(_whole(params, "limit", _DEFAULT_LIMIT, 1), _GREATEST_LIMIT)
    return JobFilter(
        statuses, _words(params, "processID"), parse_period(params["datetime"]) if params.get("datetime") else None,
        _seconds(params, "minDuration"), _seconds(params, "maxDuration"), limit, _whole(params, "offset", 0, 0),
    )  # fmt: skip


def _words(params: dict[str, str], name: str) -> tuple[str, ...]:
    return tuple(word for word in params.get(name, "").split(",") if word)


def _whole(params: dict[str, str], name: str, default: int, least: int) -> int:
    text = params.get(name)
    if text is None:
        return default
    if not (text.isascii() and text.isdecimal() and len(text) < 10 and int(text) >= least):
        raise InvalidInput("query.whole", parameter=name, value=text[:40], least=least)
    return int(text)


def _seconds(params: dict[str, str], name: str) -> float | None:
    text = params.get(name)
    if text is None:
        return None
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not (math.isfinite(value) and value >= 0):
        raise InvalidInput("job.number", parameter=name, value=text[:40])
    return value

"""The queue: in which order, for whom and how many, and what the end of a job may not undo."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from working import accepted, attempts, ended, rows, settings_of, working

from geo.errors import Conflict, NotFound
from layers.identity import Identity, acting
from layers.jobs.jobs import JobFilter, JobLimits, Jobs
from layers.jobs.queue import JobQueue
from layers.keys import add_key, identify, list_keys, revoke_key


def test_keys_come_before_the_public(city_copy: Any, jobs: Jobs, keyed: Identity, tmp_path: Path) -> None:
    with acting(Identity()):
        of_public = accepted(jobs)
    of_key = accepted(jobs)
    with working(settings_of(city_copy, tmp_path)):
        first, second = ended(jobs, of_key).started_at, ended(jobs, of_public).started_at
    assert first is not None and second is not None
    assert first < second


def test_a_job_runs_as_its_asker_and_sees_what_he_sees(city_copy: Any, tmp_path: Path) -> None:
    """The worker logs in as the owner, whom no rule binds; the job must not."""
    township = rows(city_copy, "select code from wangge.divisions where level = 'township' order by code limit 1")[0][0]
    key = identify(city_copy, add_key(city_copy, "staff", township, "one township"))
    assert key is not None
    jobs = Jobs(city_copy.api, JobLimits())
    with acting(key):
        accepted(jobs)
    with closing(JobQueue(city_copy.owner_dsn)) as queue:
        taken = queue.take()
        assert taken is not None
        assert taken.asker == key
        assert queue.take() is None


def test_a_revoked_key_runs_nothing_any_more(city_copy: Any, jobs: Jobs, keyed: Identity, tmp_path: Path) -> None:
    id_ = accepted(jobs)
    revoke_key(city_copy, list_keys(city_copy)[-1].id)
    with working(settings_of(city_copy, tmp_path)):
        job = ended(jobs, id_)
    assert (job.message, attempts(city_copy, id_)) == ("job.key-revoked", 0)


def test_jobs_are_forgotten_after_their_days(city_copy: Any, jobs: Jobs, keyed: Identity) -> None:
    old, young, waiting = (accepted(jobs) for _ in range(3))
    for id_ in (old, young):
        jobs.dismiss(id_)
    with city_copy.transaction() as cursor:
        cursor.execute(
            "update wangge.jobs set finished_at = finished_at - interval '8 days' where id = %s; "
            "update wangge.jobs set created_at = created_at - interval '30 days' where id = %s",
            (old, waiting),
        )
    with closing(JobQueue(city_copy.owner_dsn)) as queue:
        queue.forget(7)
    with pytest.raises(NotFound):
        jobs.get(old)
    assert {job.id for job in jobs.list(JobFilter())[0]} == {young, waiting}


def test_progress_never_goes_back_and_reaches_the_end_only_there(city_copy: Any, jobs: Jobs, keyed: Identity) -> None:
    id_ = accepted(jobs)
    with closing(JobQueue(city_copy.owner_dsn)) as queue:
        taken = queue.take()
        assert taken is not None
        seen = []
        for percent in (10, 40, 20, 100):
            queue.progress(taken, percent, "progress.checking")
            seen.append(jobs.get(id_).progress)
        assert seen == [10, 40, 40, 99]
        assert jobs.get(id_).message == "progress.checking"
        assert queue.succeed(taken, "application/json", b"{}")
    assert jobs.get(id_).progress == 100


@pytest.mark.parametrize("end", ["succeed", "fail", "give_back", "crashed"])
def test_nothing_brings_a_dismissed_job_back(city_copy: Any, jobs: Jobs, keyed: Identity, end: str) -> None:
    """The worker may be just about to say how the job ended."""
    id_ = accepted(jobs)
    calls: dict[str, Callable[[JobQueue, Any], object]] = {
        "succeed": lambda queue, job: queue.succeed(job, "application/json", b"{}"),
        "fail": lambda queue, job: queue.fail(job, "InvalidInput", "coverage.both", {}),
        "give_back": lambda queue, job: queue.give_back(job),
        "crashed": lambda queue, job: queue.crashed(job),
    }
    with closing(JobQueue(city_copy.owner_dsn)) as queue:
        taken = queue.take()
        jobs.dismiss(id_)
        calls[end](queue, taken)
        assert queue.take() is None
    assert jobs.get(id_).status == "dismissed"


def test_the_limits_are_those_of_one_asker(city_copy: Any, jobs: Jobs, keyed: Identity) -> None:
    few = Jobs(city_copy.api, JobLimits(most_open=2, most_stored=3))
    made = [accepted(few) for _ in range(2)]
    with pytest.raises(Conflict) as refused:
        accepted(few)
    assert (refused.value.key, refused.value.values) == ("job.too-many-open", {"most": 2})
    with acting(Identity()):  # another asker has places of his own
        accepted(few)
    few.dismiss(made[0])
    made.append(accepted(few))
    few.dismiss(made[1])
    with pytest.raises(Conflict) as refused:
        accepted(few)
    assert refused.value.key == "job.too-many-stored"
    few.dismiss(made[1])  # it has ended, and is forgotten now
    accepted(few)


def test_large_inputs_count_against_what_is_kept(city_copy: Any, keyed: Identity) -> None:
    few = Jobs(city_copy.api, JobLimits(most_stored_mb=1))
    accepted(few, "locate", {"points": [[120.05, 32.17]] * 40_000})
    with pytest.raises(Conflict) as refused:
        accepted(few, "locate", {"points": [[120.05, 32.17]] * 40_000})
    assert refused.value.key == "job.too-many-stored"


def test_old_jobs_of_the_public_make_room_for_new_ones(city_copy: Any) -> None:
    few = Jobs(city_copy.api, JobLimits(most_open=2, most_stored=3))
    made = []
    with acting(Identity()):
        for _ in range(6):
            made.append(accepted(few))
            few.dismiss(made[-1])
        kept = {row[0] for row in rows(city_copy, "select id::text from wangge.jobs")}
    assert kept == set(made[-3:])

"""Workers: they take each job once, obey at once, survive what kills them, and lose no job."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from working import children_of, held_grids, queries_of_jobs, rows, settings_of, until, working

from config.running import start_tick
from config.settings import PROJECT
from geo.errors import Conflict, InvalidInput, NotFound
from layers.identity import Identity, acting
from layers.job_queue import JobQueue
from layers.jobs import Job, JobFilter, JobLimits, Jobs
from layers.keys import add_key, identify, list_keys, revoke_key
from processes.answers import as_json
from processes.registry import PROCESSES

SLOW = ("check-codes", {"layer": "grids"})
"""Reads the grids, and so runs for as long as they are held."""


@pytest.fixture
def jobs(city_copy: Any) -> Jobs:
    """Jobs of a city of one's own."""
    return Jobs(city_copy.api, JobLimits())


@pytest.fixture
def keyed(city_copy: Any) -> Iterator[Identity]:
    """A holder of a staff key, who asks in this test."""
    found = identify(city_copy, add_key(city_copy, "staff", None, "desk"))
    assert found is not None
    with acting(found):
        yield found


def accepted(jobs: Jobs, process: str, inputs: dict[str, Any]) -> str:
    return jobs.accept(process, inputs, "raw", "en", None)


def ended(jobs: Jobs, id_: str) -> Job:
    def ask() -> Job | None:
        job = jobs.get(id_)
        return job if job.finished_at else None

    return until(ask)


def running_query(database: Any, jobs: Jobs, id_: str) -> None:
    """Wait until the job runs and its query stands still in the database."""
    until(lambda: jobs.get(id_).status == "running" and queries_of_jobs(database))


def attempts(database: Any, id_: str) -> int:
    found: int = rows(database, "select attempts from wangge.jobs where id = %s", (id_,))[0][0]
    return found


def test_a_job_waits_runs_and_ends_with_the_answer_of_a_run_that_is_waited_for(
    city: Any, city_copy: Any, jobs: Jobs, keyed: Identity, tmp_path: Path
) -> None:
    process, inputs = "locate", PROCESSES["locate"].example
    id_ = accepted(jobs, process, inputs)
    job = jobs.get(id_)
    assert (job.status, job.progress, job.started_at, job.finished_at) == ("accepted", 0, None, None)
    with working(settings_of(city_copy, tmp_path)):
        job = ended(jobs, id_)
    assert (job.status, job.progress, job.media_type) == ("successful", 100, "application/json")
    assert job.started_at is not None and job.finished_at is not None
    assert job.created_at <= job.started_at <= job.finished_at
    assert attempts(city_copy, id_) == 1
    from layers.database import bind

    bind(city_copy.api)
    assert jobs.result(id_) == as_json(PROCESSES[process]().execute(inputs)[1])


def test_dismissal_ends_the_process_and_its_query_and_the_worker_goes_on(
    city_copy: Any, jobs: Jobs, keyed: Identity, tmp_path: Path
) -> None:
    with working(settings_of(city_copy, tmp_path)) as worker, held_grids(city_copy):
        id_ = accepted(jobs, *SLOW)
        running_query(city_copy, jobs, id_)
        (child,) = children_of(worker)
        jobs.dismiss(id_)
        assert jobs.get(id_).status == "dismissed"
        until(lambda: not queries_of_jobs(city_copy) and start_tick(child) is None)
        following = accepted(jobs, "explain-code", PROCESSES["explain-code"].example)
        assert ended(jobs, following).status == "successful"
    job = jobs.get(id_)
    assert (job.status, jobs.result(id_)) == ("dismissed", None)
    assert attempts(city_copy, id_) == 1


def test_a_job_that_waits_is_dismissed_without_ever_running(
    city_copy: Any, jobs: Jobs, keyed: Identity, tmp_path: Path
) -> None:
    first, second = (accepted(jobs, "explain-code", PROCESSES["explain-code"].example) for _ in range(2))
    jobs.dismiss(first)
    with working(settings_of(city_copy, tmp_path)):
        assert ended(jobs, second).status == "successful"
    assert attempts(city_copy, first) == 0
    assert jobs.get(first).started_at is None


def test_the_job_of_a_killed_worker_is_taken_up_once_and_then_failed(
    city_copy: Any, jobs: Jobs, keyed: Identity, tmp_path: Path
) -> None:
    settings = settings_of(city_copy, tmp_path)
    with held_grids(city_copy):
        id_ = accepted(jobs, *SLOW)
        for attempt in (1, 2):
            with working(settings) as worker:
                until(lambda expected=attempt: attempts(city_copy, id_) == expected and queries_of_jobs(city_copy))
                (child,) = children_of(worker)
                worker.kill()
                until(lambda gone=child: start_tick(gone) is None)
                until(lambda: not queries_of_jobs(city_copy))
            assert jobs.get(id_).status == "running"  # nobody is there who could know better
        with working(settings):
            job = ended(jobs, id_)
    assert (job.status, job.message) == ("failed", "job.crashed")
    assert attempts(city_copy, id_) == 2


def test_a_job_whose_worker_was_killed_once_succeeds(
    city_copy: Any, jobs: Jobs, keyed: Identity, tmp_path: Path
) -> None:
    settings = settings_of(city_copy, tmp_path)
    with held_grids(city_copy):
        id_ = accepted(jobs, *SLOW)
        with working(settings) as worker:
            running_query(city_copy, jobs, id_)
            worker.kill()
    with working(settings):
        assert ended(jobs, id_).status == "successful"
    assert attempts(city_copy, id_) == 2


def test_a_process_that_is_killed_twice_fails_its_job_and_the_worker_lives(
    city_copy: Any, jobs: Jobs, keyed: Identity, tmp_path: Path
) -> None:
    """As by the kernel when memory is short."""
    with working(settings_of(city_copy, tmp_path)) as worker, held_grids(city_copy):
        id_ = accepted(jobs, *SLOW)
        for attempt in (1, 2):
            until(lambda expected=attempt: attempts(city_copy, id_) == expected and queries_of_jobs(city_copy))
            os.kill(children_of(worker)[0], signal.SIGKILL)
        assert ended(jobs, id_).message == "job.crashed"
        following = accepted(jobs, "explain-code", PROCESSES["explain-code"].example)
        assert ended(jobs, following).status == "successful"
        assert worker.poll() is None


def test_a_worker_that_is_stopped_in_order_gives_its_job_back(
    city_copy: Any, jobs: Jobs, keyed: Identity, tmp_path: Path
) -> None:
    settings = settings_of(city_copy, tmp_path)
    with held_grids(city_copy):
        id_ = accepted(jobs, *SLOW)
        with working(settings) as worker:
            running_query(city_copy, jobs, id_)
            worker.terminate()
            assert worker.wait(30) == 0
        assert jobs.get(id_).status == "accepted"
        assert attempts(city_copy, id_) == 0
        assert queries_of_jobs(city_copy) == []
    with working(settings):
        assert ended(jobs, id_).status == "successful"
    assert attempts(city_copy, id_) == 1


def test_a_worker_that_lost_the_database_lets_go_of_its_job(
    city_copy: Any, jobs: Jobs, keyed: Identity, tmp_path: Path
) -> None:
    with working(settings_of(city_copy, tmp_path)) as worker, held_grids(city_copy):
        id_ = accepted(jobs, *SLOW)
        running_query(city_copy, jobs, id_)
        (child,) = children_of(worker)
        rows(
            city_copy,
            "select pg_terminate_backend(pid) from pg_stat_activity"
            " where datname = current_database() and application_name = 'wangge worker'",
        )
        until(lambda: start_tick(child) is None)
        until(lambda: attempts(city_copy, id_) == 2 and queries_of_jobs(city_copy))
        assert worker.poll() is None


def test_a_worker_ends_with_the_service_that_started_it(city_copy: Any, tmp_path: Path) -> None:
    """However the service ends: nobody may be left who takes jobs that nobody watches over."""
    command = (
        "import os, subprocess, sys, time\n"
        "started = subprocess.Popen([sys.executable, '-m', 'config.worker', '--parent', str(os.getpid())])\n"
        "print(started.pid, flush=True)\n"
        "time.sleep(600)\n"
    )
    settings = settings_of(city_copy, tmp_path)
    with subprocess.Popen(
        [sys.executable, "-c", command], env=settings.environment(), cwd=PROJECT, stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL, text=True,
    ) as parent:  # fmt: skip
        assert parent.stdout is not None
        worker = int(parent.stdout.readline())
        until(lambda: rows(city_copy, "select from pg_stat_activity where application_name = 'wangge worker'"))
        parent.kill()
        until(lambda: start_tick(worker) is None)


def test_a_job_that_runs_too_long_is_stopped(city_copy: Any, jobs: Jobs, keyed: Identity, tmp_path: Path) -> None:
    with working(settings_of(city_copy, tmp_path, job_seconds=3)), held_grids(city_copy):
        id_ = accepted(jobs, *SLOW)
        job = ended(jobs, id_)
        assert (job.status, job.message, job.message_values) == ("failed", "job.too-long", {"limit": 3.0})
        until(lambda: not queries_of_jobs(city_copy))


def test_an_error_is_kept_as_its_asker_would_have_met_it(
    city_copy: Any, jobs: Jobs, keyed: Identity, tmp_path: Path
) -> None:
    inputs = {"layer": "grids", "features": {"type": "FeatureCollection", "features": []}}
    id_ = accepted(jobs, "check-coverage", inputs)
    with working(settings_of(city_copy, tmp_path)):
        job = ended(jobs, id_)
    with pytest.raises(InvalidInput) as waited_for:
        PROCESSES["check-coverage"]().execute(inputs)
    assert (job.status, job.error_kind) == ("failed", "InvalidInput")
    assert (job.message, job.message_values) == (waited_for.value.key, waited_for.value.values)


def test_a_result_that_is_too_large_is_said_so(city_copy: Any, jobs: Jobs, keyed: Identity, tmp_path: Path) -> None:
    id_ = accepted(jobs, "locate", {"points": [[120.05, 32.17]] * 20_000})
    with working(settings_of(city_copy, tmp_path, job_stored_mb=1)):
        job = ended(jobs, id_)
    assert (job.status, job.message, job.message_values) == ("failed", "job.large-result", {"most": 1})


def test_workers_share_the_queue_and_run_each_job_once(
    city_copy: Any, jobs: Jobs, keyed: Identity, tmp_path: Path
) -> None:
    made = [accepted(jobs, "explain-code", PROCESSES["explain-code"].example) for _ in range(20)]
    settings = settings_of(city_copy, tmp_path)
    with working(settings), working(settings):
        assert {ended(jobs, id_).status for id_ in made} == {"successful"}
    assert {attempts(city_copy, id_) for id_ in made} == {1}


def test_keys_come_before_the_public(city_copy: Any, jobs: Jobs, keyed: Identity, tmp_path: Path) -> None:
    example = PROCESSES["explain-code"].example
    with acting(Identity()):
        of_public = accepted(jobs, "explain-code", example)
    of_key = accepted(jobs, "explain-code", example)
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
        accepted(jobs, "explain-code", PROCESSES["explain-code"].example)
    with closing(JobQueue(city_copy.owner_dsn)) as queue:
        taken = queue.take()
        assert taken is not None
        assert taken.asker == key
        assert queue.take() is None


def test_a_revoked_key_runs_nothing_any_more(city_copy: Any, jobs: Jobs, keyed: Identity, tmp_path: Path) -> None:
    id_ = accepted(jobs, "explain-code", PROCESSES["explain-code"].example)
    revoke_key(city_copy, list_keys(city_copy)[-1].id)
    with working(settings_of(city_copy, tmp_path)):
        job = ended(jobs, id_)
    assert (job.message, attempts(city_copy, id_)) == ("job.key-revoked", 0)


def test_jobs_are_forgotten_after_their_days(city_copy: Any, jobs: Jobs, keyed: Identity) -> None:
    old, young, waiting = (accepted(jobs, "explain-code", PROCESSES["explain-code"].example) for _ in range(3))
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
    id_ = accepted(jobs, "explain-code", PROCESSES["explain-code"].example)
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
    id_ = accepted(jobs, "explain-code", PROCESSES["explain-code"].example)
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
    example = PROCESSES["explain-code"].example
    made = [accepted(few, "explain-code", example) for _ in range(2)]
    with pytest.raises(Conflict) as refused:
        accepted(few, "explain-code", example)
    assert (refused.value.key, refused.value.values) == ("job.too-many-open", {"most": 2})
    with acting(Identity()):  # another asker has places of his own
        accepted(few, "explain-code", example)
    few.dismiss(made[0])
    made.append(accepted(few, "explain-code", example))
    few.dismiss(made[1])
    with pytest.raises(Conflict) as refused:
        accepted(few, "explain-code", example)
    assert refused.value.key == "job.too-many-stored"
    few.dismiss(made[1])  # it has ended, and is forgotten now
    accepted(few, "explain-code", example)


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
            made.append(accepted(few, "explain-code", PROCESSES["explain-code"].example))
            few.dismiss(made[-1])
        kept = {row[0] for row in rows(city_copy, "select id::text from wangge.jobs")}
    assert kept == set(made[-3:])

"""Workers: they take each job once, obey at once, survive what kills them, and lose no job."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from working import (
    PATIENCE_S,
    accepted,
    attempts,
    children_of,
    ended,
    held_grids,
    queries_of_jobs,
    rows,
    running_query,
    settings_of,
    until,
    working,
)  # fmt: skip

from config.machine.running import start_tick
from config.settings import PROJECT
from geo.errors import InvalidInput
from layers.identity import Identity
from layers.jobs.jobs import Jobs
from processes.answers import as_json
from processes.registry import PROCESSES

SLOW = ("check-codes", {"layer": "grids"})
"""Reads the grids, and so runs for as long as they are held."""


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
    from layers.database.database import bind

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
        following = accepted(jobs)
        assert ended(jobs, following).status == "successful"
    job = jobs.get(id_)
    assert (job.status, jobs.result(id_)) == ("dismissed", None)
    assert attempts(city_copy, id_) == 1


def test_a_job_that_waits_is_dismissed_without_ever_running(
    city_copy: Any, jobs: Jobs, keyed: Identity, tmp_path: Path
) -> None:
    first, second = (accepted(jobs) for _ in range(2))
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
        following = accepted(jobs)
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
            assert worker.wait(PATIENCE_S) == 0
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
        "started = subprocess.Popen([sys.executable, '-m', 'config.jobs.worker', '--parent', str(os.getpid())])\n"
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
    made = [accepted(jobs) for _ in range(20)]
    settings = settings_of(city_copy, tmp_path)
    with working(settings), working(settings):
        assert {ended(jobs, id_).status for id_ in made} == {"successful"}
    assert {attempts(city_copy, id_) for id_ in made} == {1}

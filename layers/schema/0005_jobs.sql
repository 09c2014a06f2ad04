-- Jobs: processes that run while nobody waits for them. The table is the queue and the store of results.
-- The service accepts and dismisses through two functions and reads through a row rule; only the owner, as whom the
-- workers connect, takes a job and ends it.

-- The key that asks, as the service sets it for one transaction; null for the public.
create function wangge.asking_key() returns integer
    language sql stable parallel safe
    return nullif(current_setting('wangge.key', true), '')::integer;

-- The one job that is asked for by its id; null while a list is asked for.
create function wangge.asked_job() returns uuid
    language sql stable parallel safe
    return nullif(current_setting('wangge.job', true), '')::uuid;

create table wangge.jobs (
    -- the order of the queue, and the second half of the advisory lock that a worker holds while it runs the job
    number integer generated always as identity primary key,
    -- random, since whoever knows the id of a job of the public may read it
    id uuid not null unique default gen_random_uuid(),
    process text not null,
    -- json and not jsonb: the process gets the very text that was sent, order of names and \u0000 included
    inputs json,
    response text not null check (response in ('raw', 'document')),
    language text not null check (language in ('zh', 'en')),
    -- who asked, as he was when he asked; a job without a key is one of the public
    key_id integer references wangge.keys (id) on delete cascade,
    asker_role text not null check (asker_role in ('public', 'staff', 'editor', 'admin')),
    asker_township text,
    asker_name text not null,
    status text not null default 'accepted'
        check (status in ('accepted', 'running', 'successful', 'failed', 'dismissed')),
    progress smallint not null default 0 check (progress between 0 and 100),
    -- key of a text and its values, so that each reader is told in his language
    message text not null default 'job.accepted',
    message_values json not null default '{}',
    -- class of the error that the process raised
    error_kind text,
    attempts smallint not null default 0,
    created_at timestamptz not null default now(),
    started_at timestamptz,
    finished_at timestamptz,
    updated_at timestamptz not null default now(),
    media_type text,
    result json,
    bytes bigint not null default 0,
    subscriber json,
    check ((status in ('successful', 'failed', 'dismissed')) = (finished_at is not null)),
    check ((status = 'successful') = (result is not null)),
    check (inputs is not null or status in ('successful', 'failed', 'dismissed'))
);
create index jobs_open on wangge.jobs (number) where status in ('accepted', 'running');
create index jobs_of_key on wangge.jobs (key_id, number);

-- What a subscriber is still to be told. It outlives the worker that made it due.
create table wangge.job_callbacks (
    number bigint generated always as identity primary key,
    job integer not null references wangge.jobs (number) on delete cascade,
    status text not null,
    uri text not null,
    attempts smallint not null default 0,
    due_at timestamptz not null default now()
);
create index job_callbacks_due on wangge.job_callbacks (due_at);
create index job_callbacks_job on wangge.job_callbacks (job);

-- Wakes the workers, and notes whom to tell, whenever the status of a job changes.
create function wangge.tell_of_job() returns trigger
    language plpgsql security definer set search_path = wangge, pg_temp
as $$
declare
    uri text := new.subscriber ->> case new.status
        when 'running' then 'inProgressUri'
        when 'successful' then 'successUri'
        when 'failed' then 'failedUri'
        when 'dismissed' then 'failedUri'
    end;
begin
    perform pg_notify('wangge_jobs', new.status || ' ' || new.id);
    if uri is not null then
        insert into wangge.job_callbacks (job, status, uri) values (new.number, new.status, uri);
    end if;
    return null;
end
$$;
create trigger jobs_told_inserted after insert on wangge.jobs
    for each row execute function wangge.tell_of_job();
create trigger jobs_told_updated after update of status on wangge.jobs
    for each row when (new.status <> old.status) execute function wangge.tell_of_job();

-- Puts a job into the queue, unless its asker has as many as he may have. The whole public is one asker.
-- Answers the new id, or what stands against it: 'open' for too many that wait or run, 'stored' for too many kept.
create function wangge.accept_job(
    process text, inputs json, response text, language text, asker_name text, subscriber json,
    most_open integer, most_stored integer, most_bytes bigint, out id uuid, out refusal text
)
    language plpgsql security definer set search_path = wangge, pg_temp
as $$
#variable_conflict use_column
declare
    asker integer := wangge.asking_key();
    size bigint := octet_length(accept_job.inputs::text);
    open_jobs bigint;
    stored_jobs bigint;
    stored_bytes bigint;
begin
    -- of two requests at once of one asker, the second counts the job of the first
    perform pg_advisory_xact_lock(hashtextextended('wangge.jobs ' || coalesce(asker::text, 'public'), 0));
    select count(*) filter (where status in ('accepted', 'running')), count(*), coalesce(sum(bytes), 0)
    into open_jobs, stored_jobs, stored_bytes
    from wangge.jobs where key_id is not distinct from asker;
    if open_jobs >= accept_job.most_open then
        accept_job.refusal := 'open';
        return;
    end if;
    if stored_jobs >= accept_job.most_stored or stored_bytes + size > accept_job.most_bytes then
        if asker is not null then
            accept_job.refusal := 'stored';
            return;
        end if;
        -- nobody can list the public's jobs to dismiss them, so the oldest make room
        delete from wangge.jobs using (
            select number as old,
                row_number() over (order by number desc) as place,
                sum(bytes) over (order by number desc) as weight
            from wangge.jobs where key_id is null
        ) as ranked
        where number = old and status not in ('accepted', 'running')
            and (place >= accept_job.most_stored or weight + size > accept_job.most_bytes);
    end if;
    insert into wangge.jobs (
        process, inputs, response, language, key_id, asker_role, asker_township, asker_name, bytes, subscriber
    ) values (
        accept_job.process, accept_job.inputs, accept_job.response, accept_job.language, asker,
        wangge.asking_role(), wangge.asking_township(), accept_job.asker_name, size, accept_job.subscriber
    ) returning jobs.id into accept_job.id;
end
$$;

-- Ends a job that waits or runs, and forgets one that has ended. Answers the status that it had; null where there is
-- no such job of the asker.
create function wangge.dismiss_job(job uuid) returns text
    language plpgsql security definer set search_path = wangge, pg_temp
as $$
declare
    found_number integer;
    was text;
begin
    select number, status into found_number, was
    from wangge.jobs
    where id = job and (key_id is null or key_id = wangge.asking_key())
    for update;
    if was in ('accepted', 'running') then
        update wangge.jobs
        set status = 'dismissed', message = 'job.dismissed', message_values = '{}',
            finished_at = clock_timestamp(), updated_at = clock_timestamp()
        where number = found_number;
    else
        delete from wangge.jobs where number = found_number;
    end if;
    return was;
end
$$;

revoke all on function wangge.accept_job(text, json, text, text, text, json, integer, integer, bigint) from public;
revoke all on function wangge.dismiss_job(uuid) from public;
grant execute on function wangge.accept_job(text, json, text, text, text, json, integer, integer, bigint) to wangge_api;
grant execute on function wangge.dismiss_job(uuid) to wangge_api;

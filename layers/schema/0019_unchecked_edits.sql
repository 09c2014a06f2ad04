-- What is edited in the database itself is checked as well. The check is shapely's and so not the database's: a note says
-- in the transaction of the edit that the grid has not been looked at, and a job looks, which puts what it found in the
-- place of the notes.

create function wangge.leave_for_check() returns trigger
    language plpgsql security definer set search_path = wangge, public, pg_temp
as $$
declare
    target integer := coalesce(new.change_set, old.change_set);
    grid text := coalesce(new.id, old.id);
begin
    if not wangge.edits_directly() then
        return null;
    end if;
    insert into findings (id, layer, change_set, kind, severity, ids, township_code, message, message_en, geom)
    values ('grid-edits-' || target || '-unchecked-' || grid, 'grid-edits', target, 'unchecked', 'note', array[grid],
        left(coalesce(new.village_code, old.village_code), 9),
        '网格 ' || grid || ' 在数据库中直接修改，尚未检查；检查任务已排队，结果随后出现在这里。',
        'Grid ' || grid || ' was edited in the database itself and is not checked yet; the check waits among the jobs,'
            || ' and what it finds comes in the place of this note.',
        coalesce(new.geom, old.geom))
    on conflict (id) do update set geom = excluded.geom, last_seen_at = now();
    -- One job that waits does for all edits: it locks the set, which this transaction holds, before it reads them.
    if not exists (
        select from jobs where process = 'check-change-set' and status = 'accepted'
            and inputs::text = json_build_object('change_set', target)::text)
    then
        insert into jobs (process, inputs, response, language, asker_role, asker_name)
        select 'check-change-set', json_build_object('change_set', target), 'raw', 'zh', 'admin', author
        from change_sets where id = target;
    end if;
    return null;
end
$$;
create trigger edited_grids_unchecked after insert or update or delete on wangge.edited_grids
    for each row when (session_user not in ('wangge_api', 'wangge_owner'))
    execute function wangge.leave_for_check();

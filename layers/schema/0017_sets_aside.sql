-- Opens a set for one write that is published at once: the asker's current set stays what it is.
create function wangge.open_set_aside(title text) returns integer
    language plpgsql security definer set search_path = wangge, pg_temp
as $$
declare
    number integer;
begin
    if not wangge.may_edit() then
        raise exception 'only editors change grids' using errcode = 'WG401';
    end if;
    insert into change_sets (title, author, owner, base_version)
    values (open_set_aside.title, wangge.asking_author(), wangge.asking_owner(),
        coalesce((select version from layer_versions where layer = 'grids'), 0))
    returning id into number;
    return number;
end
$$;
revoke all on function wangge.open_set_aside(text) from public;
grant execute on function wangge.open_set_aside(text) to wangge_api;

-- A publication looks for the grids of its codes: with the city's size its cost must not grow.
create index grids_code_of_today on wangge.grids (code) where valid_to is null;

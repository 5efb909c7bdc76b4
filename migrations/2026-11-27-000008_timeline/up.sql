-- Where the teen lived before, as far back as a day that is still to open depends on it: [{zone, day_start_minute, until, open: {date, at}}].
alter table teens add column former_homes jsonb not null default '[]';
-- Days and schedules in UTC, exactly as the snapshot carries them: another time-zone database must not change bytes that were signed.
-- Null: made by a program before this one, whose snapshots have an empty list there.
alter table policy_revisions add column timeline text;
alter table policy_revisions drop constraint policy_revisions_kind_check;
alter table policy_revisions add constraint policy_revisions_kind_check check (kind in (
    'created', 'guardian', 'teen', 'undo', 'unlinked', 'home', 'grant', 'hold', 'revoked', 'over', 'birthday', 'age', 'law',
    'catalogue', 'assurance', 'timeline'));

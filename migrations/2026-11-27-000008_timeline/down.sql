alter table policy_revisions drop constraint policy_revisions_kind_check;
alter table policy_revisions add constraint policy_revisions_kind_check check (kind in (
    'created', 'guardian', 'teen', 'undo', 'unlinked', 'home', 'grant', 'hold', 'revoked', 'over', 'birthday', 'age', 'law',
    'catalogue', 'assurance')) not valid;
alter table policy_revisions drop column timeline;
alter table teens drop column former_homes;

drop table revision_replies;
alter table policy_revisions drop column seen, drop column origin;
alter table policy_revisions drop constraint policy_revisions_kind_check;
alter table policy_revisions add constraint policy_revisions_kind_check
    check (kind in ('created', 'guardian', 'teen', 'undo', 'unlinked', 'home')) not valid;
drop index teens_due;
alter table teens drop column due_at, drop column age_band;
drop table rounds;
drop trigger approved_rules_hold on installation;
drop function only_approved_rules_hold();
alter table installation drop column catalogue, drop column rules_version;
drop table rule_sets;
drop function rule_sets_are_kept();

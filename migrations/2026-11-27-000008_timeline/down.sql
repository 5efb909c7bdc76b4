alter table policy_revisions drop column timeline;
alter table teens drop column former_homes;

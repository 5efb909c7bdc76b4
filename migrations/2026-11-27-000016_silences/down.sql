drop table silences;
alter table installation drop column silences_looked_at, drop column epoch_since;
alter table teens drop column quiet_hours;
alter table device_reports
    drop column status, drop column clock_off_seconds, drop column forgot_at;

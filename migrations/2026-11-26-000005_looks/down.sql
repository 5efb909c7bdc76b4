alter table teens drop column looks;

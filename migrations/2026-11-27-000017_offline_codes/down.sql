drop table offline_codes;

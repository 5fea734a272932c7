-- The table stays as long as the audit log: triggers on the application's tables write to it.
SELECT 1;

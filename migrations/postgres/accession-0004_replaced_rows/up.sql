-- Only SQLite deletes rows without firing a trigger; nothing is needed here.
SELECT 1;

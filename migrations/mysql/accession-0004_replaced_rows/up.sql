-- Only SQLite deletes rows without firing a trigger; nothing is needed here.
DO 0;

-- SQLite alone deletes rows without firing a trigger; here there is nothing to make.
DO 0;

#!/usr/bin/env python3
"""Writes to audited SQLite tables as an ordinary program does, and replays the audit log after each statement.

    sqlite_writers.py --accession PATH --directory DIR [--seed N] [--steps N]

The SQLite library is the one that this Python loads (LD_LIBRARY_PATH chooses another). Statements are random: REPLACE,
every conflict clause, upserts, several unique keys, NULLs, collations, partial and expression indexes, tables without
rowid, foreign keys between columns of different types, defaults that are converted, cascades, triggers of the application, `recursive_triggers` on and off. After each statement the entries of the
audit log must lead from the rows before it to the rows after it. Exits with 1 at the first difference.
"""

import argparse
import json
import os
import random
import sqlite3
import subprocess
import sys

SCHEMA = '''
CREATE TABLE numbered (id INTEGER PRIMARY KEY, k TEXT UNIQUE, v TEXT);
CREATE TABLE counted (id INTEGER PRIMARY KEY AUTOINCREMENT, k INTEGER, v TEXT, UNIQUE (k, v));
CREATE TABLE named (id TEXT PRIMARY KEY NOT NULL, a INTEGER, b TEXT, c TEXT, UNIQUE (a, b), UNIQUE (c));
CREATE TABLE folded (id INTEGER PRIMARY KEY, k TEXT COLLATE NOCASE UNIQUE, v TEXT UNIQUE COLLATE RTRIM);
CREATE TABLE custom (id INTEGER PRIMARY KEY, k TEXT UNIQUE COLLATE last_letter, v TEXT);
CREATE TABLE partly (id INTEGER PRIMARY KEY, k TEXT, gone INTEGER, v TEXT);
CREATE UNIQUE INDEX partly_k ON partly (k COLLATE NOCASE DESC) /* live ones */ WHERE gone IS NULL AND v <> 'it''s';
CREATE TABLE computed (id INTEGER PRIMARY KEY, k TEXT, n REAL, v TEXT, g TEXT GENERATED ALWAYS AS (k || '/' || v) VIRTUAL UNIQUE);
CREATE UNIQUE INDEX computed_k ON computed (lower(k), abs("n") + 0 ASC) WHERE [n] <> 3;
CREATE TABLE derived (id INTEGER PRIMARY KEY, k TEXT, v TEXT NOT NULL DEFAULT 'a', g AS (lower(k)) UNIQUE, h TEXT AS (v) STORED,
    UNIQUE (h, g));
CREATE TABLE clustered (a TEXT, b INTEGER, k TEXT UNIQUE, v TEXT, PRIMARY KEY (a, b)) WITHOUT ROWID;
CREATE TABLE clustered_one (a INTEGER PRIMARY KEY, k TEXT UNIQUE, v BLOB) WITHOUT ROWID;
CREATE TABLE willing (id INTEGER PRIMARY KEY ON CONFLICT REPLACE, k TEXT UNIQUE ON CONFLICT REPLACE, v TEXT);
CREATE TABLE "old" (rowid INTEGER PRIMARY KEY, k TEXT UNIQUE, v TEXT);
CREATE TABLE "new" (id TEXT PRIMARY KEY NOT NULL, rowid TEXT, k TEXT UNIQUE, v TEXT);
CREATE TABLE "o""dd 'name" ("i d" INTEGER PRIMARY KEY, "k'" TEXT UNIQUE, "v""" TEXT);
CREATE TABLE parents (id TEXT PRIMARY KEY NOT NULL, k TEXT UNIQUE, v TEXT);
CREATE TABLE children (id INTEGER PRIMARY KEY, k TEXT REFERENCES parents (id) ON DELETE CASCADE ON UPDATE CASCADE, v TEXT UNIQUE);
CREATE TABLE friends (id INTEGER PRIMARY KEY, k TEXT REFERENCES parents (k) ON DELETE SET NULL ON UPDATE SET NULL, v TEXT);
CREATE TABLE mirrored (id INTEGER PRIMARY KEY, k TEXT UNIQUE, once BLOB DEFAULT (randomblob(8)));
CREATE TABLE empty_values (id BLOB PRIMARY KEY NOT NULL, k REAL UNIQUE, v TEXT);
CREATE TABLE defaulted (id INTEGER PRIMARY KEY, k TEXT NOT NULL DEFAULT 'a', b INT NOT NULL ON CONFLICT REPLACE DEFAULT (1 + 1),
    v TEXT NOT NULL DEFAULT "c", UNIQUE (k), UNIQUE (b, v));
CREATE TABLE linked (id INTEGER PRIMARY KEY, k TEXT UNIQUE, p INTEGER REFERENCES linked (id) ON DELETE CASCADE, v TEXT UNIQUE);
CREATE TABLE loosened (id INTEGER PRIMARY KEY, k TEXT UNIQUE, p INTEGER REFERENCES loosened (id) ON DELETE SET NULL, v TEXT);
CREATE TABLE tied (id TEXT PRIMARY KEY, k TEXT UNIQUE, p TEXT REFERENCES tied (id) ON DELETE SET NULL, v TEXT) WITHOUT ROWID;
CREATE TABLE folded_key (id TEXT PRIMARY KEY COLLATE NOCASE, k TEXT UNIQUE, v TEXT) WITHOUT ROWID;
CREATE TABLE touched (id INTEGER PRIMARY KEY, k TEXT UNIQUE, p INTEGER REFERENCES touched (id) ON DELETE SET NULL, v TEXT);
CREATE TABLE prepared (id INTEGER PRIMARY KEY, k TEXT UNIQUE, v TEXT);
CREATE TABLE coded (code TEXT PRIMARY KEY NOT NULL, alias UNIQUE, k TEXT UNIQUE, v TEXT);
CREATE TABLE coded_children (id INTEGER PRIMARY KEY, up INTEGER REFERENCES coded (code) ON DELETE CASCADE,
    alias NUMERIC REFERENCES coded (alias) ON DELETE SET NULL ON UPDATE CASCADE DEFERRABLE INITIALLY DEFERRED, v TEXT UNIQUE);
CREATE INDEX coded_children_up ON coded_children (up);
CREATE INDEX coded_children_alias ON coded_children (alias);
CREATE TABLE coded_tree (code TEXT PRIMARY KEY, k TEXT UNIQUE, up INTEGER REFERENCES coded_tree (code) ON DELETE CASCADE,
    v TEXT) WITHOUT ROWID;
CREATE INDEX coded_tree_up ON coded_tree (up);
CREATE TABLE coded_leaves (id INTEGER PRIMARY KEY, up REAL REFERENCES coded_tree (code) ON UPDATE SET NULL, v TEXT);
CREATE INDEX coded_leaves_up ON coded_leaves (up);
CREATE TABLE untyped (num PRIMARY KEY, k TEXT UNIQUE, v TEXT) WITHOUT ROWID;
CREATE TABLE untyped_pair (num, b, k TEXT UNIQUE, v TEXT, PRIMARY KEY (num, b) ON CONFLICT REPLACE) WITHOUT ROWID;
CREATE TABLE converting (id INTEGER PRIMARY KEY, n REAL NOT NULL DEFAULT 3, k TEXT NOT NULL DEFAULT 2, b INT NOT NULL DEFAULT '1.0',
    v TEXT, g TEXT AS (b + 1), h INT AS (k || '') STORED);
CREATE UNIQUE INDEX converting_n ON converting (lower(n), k || '');
CREATE UNIQUE INDEX converting_g ON converting (g || 'x', lower(h), v);
CREATE TABLE t (id INTEGER PRIMARY KEY, k TEXT UNIQUE, v TEXT);
CREATE TABLE t_before (id INTEGER PRIMARY KEY, k TEXT UNIQUE, v TEXT);
CREATE TABLE audit_log_no (id INTEGER PRIMARY KEY, k TEXT UNIQUE, v TEXT);
CREATE TABLE audit_seals_no (id INTEGER PRIMARY KEY, k TEXT UNIQUE, v TEXT);
'''
# Made before the audit triggers, so that these fire between our two, or within a cascade.
EARLIER = """
CREATE TRIGGER prepared_before BEFORE INSERT ON prepared WHEN NEW.id < 100
BEGIN
  UPDATE prepared SET v = 'seen ' || COALESCE(v, '') WHERE id <= 3 AND length(COALESCE(v, '')) < 20;
  INSERT OR IGNORE INTO prepared (id, k) VALUES (NEW.id + 100, 'before ' || NEW.id);
  DELETE FROM prepared WHERE id = NEW.id + 101;
END;
CREATE TRIGGER prepared_update BEFORE UPDATE OF k ON prepared
BEGIN UPDATE prepared SET v = 'moved' WHERE id = 2 AND id NOT IN (OLD.id, NEW.id); END;
CREATE TRIGGER tied_again AFTER UPDATE OF p ON tied WHEN NEW.p IS NULL
BEGIN UPDATE tied SET v = 'left by ' || OLD.p WHERE id > NEW.id; END;
CREATE TRIGGER touched_again AFTER UPDATE OF p ON touched WHEN NEW.p IS NULL
BEGIN
  INSERT INTO touched (k, v) VALUES ('orphan ' || NEW.id || random(), 'x');
  UPDATE touched SET v = 'y' WHERE id = NEW.id;
END;
CREATE TRIGGER loosened_again AFTER UPDATE OF p ON loosened WHEN NEW.p IS NULL
BEGIN DELETE FROM loosened WHERE v = 'a' AND id > NEW.id; END;
"""
# Made after the audit triggers, so that it fires before them: it writes to its own table between our two triggers.
LATER = """
CREATE TRIGGER mirrored_again AFTER INSERT ON mirrored WHEN NEW.id < 100
BEGIN INSERT INTO mirrored (id, k) VALUES (NEW.id + 100 + abs(random() % 1000000), 'mirror of ' || NEW.id || random()); END;
"""
# An update that replaces the parent of its own row loses what the foreign key did to it: SQLite writes the row as it was.
OWN_PARENTS = ("linked", "loosened", "tied", "touched", "coded_tree")


def quoted(name):
    return '"' + name.replace('"', '""') + '"'


def connect(path, recursive):
    connection = sqlite3.connect(path, isolation_level=None)
    connection.text_factory = lambda text: text.decode("utf-8", "surrogateescape")
    connection.create_collation("last_letter", lambda a, b: (a[-1:] > b[-1:]) - (a[-1:] < b[-1:]))
    connection.execute("PRAGMA foreign_keys = ON")
    # Nothing is killed here, so nothing has to reach the disk before the next statement.
    connection.execute("PRAGMA synchronous = OFF")
    connection.execute(f"PRAGMA recursive_triggers = {'ON' if recursive else 'OFF'}")
    return connection


def written(value):
    """A value as the audit log writes it."""
    return {"$blob": value.hex().upper()} if isinstance(value, bytes) else value


class Table:
    def __init__(self, connection, name):
        self.name = name
        info = connection.execute("SELECT name, pk FROM pragma_table_info(?)", [name]).fetchall()
        self.columns = [column for column, _ in info]
        self.key = [column for column, place in sorted(info, key=lambda one: one[1]) if place]
        self.with_rowid = name not in ("clustered", "clustered_one", "tied", "folded_key", "coded_tree", "untyped", "untyped_pair")

    def rows(self, connection):
        text = "CASE typeof({0}) WHEN 'blob' THEN hex({0}) WHEN 'real' THEN format('%!.15g', {0}) ELSE COALESCE(CAST({0} AS TEXT), '') END"
        key = [text.format(quoted(column)) for column in self.key]
        columns = ", ".join(key + [quoted(column) for column in self.columns])
        rows = {}
        for row in connection.execute(f"SELECT {columns} FROM {quoted(self.name)}"):
            names, values = row[: len(key)], row[len(key) :]
            record = names[0] if len(names) == 1 else json.dumps(names, separators=(",", ":"), ensure_ascii=False)
            assert record not in rows, f"{self.name}: two rows are called {record}"
            rows[record] = dict(zip(self.columns, map(written, values)))
        return rows


def record_of(table, row, fallback):
    names = []
    for column in table.key:
        value = row[column]
        if isinstance(value, dict):
            value = value["$blob"]
        names.append("" if value is None else str(value))
    return names[0] if len(names) == 1 else json.dumps(names, separators=(",", ":"), ensure_ascii=False)


def replay(tables, state, entries):
    for number, name, record, action, old, new in entries:
        rows, table = state[name], tables[name]
        old, new = (json.loads(text) if text is not None else None for text in (old, new))
        where = f"entry {number}: {action} {name} {record}"
        if action == "INSERT":
            if record in rows:
                raise AssertionError(f"{where}: it is there already")
            rows[record] = new
        elif record not in rows:
            raise AssertionError(f"{where}: there is no such row")
        elif action == "DELETE":
            if rows.pop(record) != old:
                raise AssertionError(f"{where}: it was another")
        else:
            row = rows.pop(record)
            for column, value in old.items():
                if row[column] != value:
                    raise AssertionError(f"{where}: {column} was {row[column]!r}, not {value!r}")
            row = row | new
            rows[record_of(table, row, record)] = row


class Writer:
    def __init__(self, choose, tables):
        self.choose = choose
        self.tables = list(tables.values())

    def value(self, column):
        choose = self.choose
        texts = ["a", "A", "b", "B ", "b", "c", "aX", "bX", "it's", None]
        if column in ("id", "rowid", "oid", "OID", "_rowid_", "i d", "a", "p") and choose.random() < 0.8:
            return choose.randint(1, 6)
        # Strings that a foreign key converts, and numbers that are equal without being the same.
        if column == "code":
            return choose.choice(["007", "7", "08", "8", "7.0", "9", "x", "1e1"])
        if column == "alias":
            return choose.choice(["7", "08", 7, 7.5, 8.0, 9, "x", None])
        if column == "up":
            return choose.choice([7, 8, 9, 10, None])
        if column == "num":
            return choose.choice([1, 1.0, 2, 2.0, 3, 2.5, b"\x01"])
        if column in ("n", "b", "gone"):
            return choose.choice([None, 1, 2, 3, -1, 2.5])
        if column.startswith("v") and choose.random() < 0.2:
            return choose.choice([1, 0.1, b"\x00\xff", None, "x" * 40])
        return choose.choice(texts)

    def values(self, columns):
        return [self.value(column) for column in columns]

    def statement(self):
        choose = self.choose
        table = choose.choice(self.tables)
        name, columns = quoted(table.name), [column for column in table.columns if column != "once"]
        if table.with_rowid and choose.random() < 0.2:
            columns.append(choose.choice(["oid", "_rowid_", "OID"]))
        given = [column for column in columns if choose.random() < 0.9] or columns
        marks = "(" + ", ".join("?" * len(given)) + ")"
        into = f"{name} ({', '.join(map(quoted, given))})"
        clause = choose.choice(["", "", " OR REPLACE", " OR REPLACE", " OR IGNORE", " OR FAIL", " OR ABORT", " OR ROLLBACK"])
        kind = choose.random()
        if kind < 0.55:
            rows = choose.choice([1, 1, 2, 3])
            sql = f"INSERT{clause} INTO {into} VALUES {', '.join([marks] * rows)}"
            arguments = sum((self.values(given) for _ in range(rows)), [])
            if choose.random() < 0.3 and not clause:
                sql += choose.choice([" ON CONFLICT DO NOTHING", f" ON CONFLICT DO UPDATE SET {quoted(columns[-1])} = ?"])
                if sql.endswith("?"):
                    arguments.append(self.value(columns[-1]))
            if choose.random() < 0.1 and clause == " OR REPLACE":
                sql = "REPLACE" + sql[len("INSERT OR REPLACE") :]
            return sql, arguments
        if kind < 0.6:
            return f"INSERT{clause} INTO {into} SELECT {', '.join(map(quoted, given))} FROM {name}", []
        some = choose.choice(columns)
        where, arguments = "", []
        if choose.random() < 0.9:
            column = choose.choice(columns)
            where, arguments = f" WHERE {quoted(column)} IS ?", [self.value(column)]
        if table.name in OWN_PARENTS and clause == " OR REPLACE":
            clause = ""
        if kind < 0.9:
            if some in ("num", "code") and choose.random() < 0.3:
                return f"UPDATE{clause} {name} SET {quoted(some)} = {quoted(some)} + 1{where}", arguments
            return f"UPDATE{clause} {name} SET {quoted(some)} = ?{where}", [self.value(some)] + arguments
        return f"DELETE FROM {name}{where}", arguments


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--accession", required=True)
    parser.add_argument("--directory", required=True)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--steps", type=int, default=3000)
    parser.add_argument("--tables", help="only these, separated by commas")
    options = parser.parse_args()
    path = os.path.join(options.directory, f"writers-{options.seed}.db")
    accession = [options.accession, "audit"]
    database = ["--database", path]
    environment = {"ACCESSION_ACTOR": "tester", "HOME": options.directory, "PATH": os.environ.get("PATH", "")}

    def run(*arguments):
        ended = subprocess.run([*accession, *arguments, *database], capture_output=True, text=True, env=environment)
        if ended.returncode:
            sys.exit(f"{' '.join(arguments)}: {ended.returncode}\n{ended.stdout}{ended.stderr}")

    choose = random.Random(options.seed)
    connection = connect(path, False)
    connection.executescript(SCHEMA + EARLIER)
    names = [name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite%'")]
    tables = {name: Table(connection, name) for name in names}
    run("enable", *names, "--quiet")
    connection.close()
    connection = connect(path, False)
    connection.executescript(LATER)
    chosen = options.tables.split(",") if options.tables else names
    writer = Writer(choose, {name: tables[name] for name in chosen})
    state = {name: table.rows(connection) for name, table in tables.items()}
    last, failed, replaced = 0, 0, 0
    for step in range(options.steps):
        if step % 50 == 0:
            connection.close()
            connection = connect(path, choose.random() < 0.3)
        sql, arguments = writer.statement()
        try:
            connection.execute(sql, arguments)
        except sqlite3.IntegrityError:
            failed += 1
        except sqlite3.OperationalError as error:
            if "no such table" in str(error) or "no such column" in str(error):
                sys.exit(f"step {step}: {sql}: {error}")
            failed += 1
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        query = "SELECT id, table_name, record_id, action, old_value, new_value FROM audit_log WHERE id > ? ORDER BY id"
        entries = connection.execute(query, [last]).fetchall()
        last = max([last] + [entry[0] for entry in entries])
        replaced += sum(entry[3] == "DELETE" for entry in entries) if not sql.startswith("DELETE") else 0
        try:
            replay(tables, state, entries)
            for name, table in tables.items():
                if state[name] != (rows := table.rows(connection)):
                    raise AssertionError(f"{name}: the audit log has {state[name]}, the table has {rows}")
        except AssertionError as error:
            print(f"SQLite {sqlite3.sqlite_version}, seed {options.seed}, step {step}: {sql} {arguments}\n{error}")
            for entry in entries:
                print(entry)
            return 1
    # It would be reported.
    connection.execute("DROP TRIGGER mirrored_again")
    connection.close()
    # Without the application's collation the order of its index cannot be checked, but rows can be read.
    run("verify", "--quiet")
    run("reconcile", "--quiet")
    print(f"SQLite {sqlite3.sqlite_version}: {options.steps} statements, {failed} rejected, {last} entries, {replaced} deletions that no DELETE asked for")
    return 0


if __name__ == "__main__":
    sys.exit(main())

#!/usr/bin/env python3
"""Tampering with all data that accession keeps: each change must be found by the command named in docs/threats.md.

Every case starts with a copy of an intact database and its archive, makes one change with full privileges (guards are dropped
and created again, foreign keys and checks are ignored), and runs the command, which must exit with the code for a difference.
Cases listed as undetectable must not be found; otherwise the list is out of date. Exit code 0: every case agrees with
docs/threats.md.

    tamper.py --accession PATH [--count N] [--seed N] [--state FILE] [--short] [--list]

With TEST_POSTGRES_URL and TEST_MYSQL_URL, some of the cases also run on the servers.
"""

import argparse
import json
import os
import random
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import urllib.parse
from pathlib import Path

from common import Outcome, State, header

REPOSITORY = Path(__file__).resolve().parents[2]
FIXTURE = REPOSITORY / "fixtures/srs4autism/valid/small"
THREATS = REPOSITORY / "docs/threats.md"
DATABASE = "legacy.db"
LOG = "legacy.db.archive/seals.log"

EVERYWHERE = ("sqlite", "postgres", "mysql")

VERIFY, RECONCILE, DOCTOR = "audit verify", "audit reconcile", "doctor"
ANCHOR, ARCHIVE = f"audit verify --anchor {LOG}", "archive verify"
ALONE = "archive verify, without the database"
NOTHING = "nothing"

# Tables of the ledger: the columns to edit, and the key.
LEDGER = {
    "import_runs": (
        "id kind status layout layout_digest source actor reason os_user host db_user tool_version started_at"
        " finished_at counts archive parent_run_id",
        "id",
    ),
    "source_files": ("id run_id path sha256 bytes modified_at records rejected", "id"),
    "row_sources": (
        "source_file_id position table_name identity identity_start record_id pointer part digest gone_run_id",
        "position",
    ),
    "row_sources_replaced": (
        "id run_id change source_file_id position table_name identity identity_start record_id pointer part digest"
        " gone_run_id",
        "id",
    ),
    "conversions": (
        "run_id table_name record_id column_name rule source_text stored_text",
        "id",
    ),
    "rejects": ("id source_file_id record pointer line column rule message", "id"),
    "audit_log": (
        "id run_id source_file_id table_name record_id action changed_at changed_by db_user old_value new_value",
        "id",
    ),
    "audit_seals": ("number hash run_id first_entry_id last_entry_id sealed_at header", "number"),
    "audit_seal_blocks": ("seal position hash tags", "seal"),
}
# Tables whose rows can be reordered without a trace: their numbers only represent the order of insertion.
ORDER_IS_NOT_KEPT = {"conversions"}


class Case:
    """A change, the command that finds it, and the databases on which it is tried."""

    def __init__(self, name, change, finder, *, portable=False, on=None):
        self.name, self.change, self.finder = name, change, finder
        self.on = on or (EVERYWHERE if portable else ("sqlite",))


def quoted(name):
    return f'"{name}"'


def edit(table, column):
    """Changes the value of a column in a random row to another one of the same type."""

    def change(home):
        with home.attacker() as attacker:
            rows = attacker.execute(f"SELECT rowid, {quoted(column)} FROM {table}") if table != "row_sources" else []
            if table == "row_sources":
                key = "source_file_id, position"
                found = attacker.execute(f"SELECT {key}, {quoted(column)} FROM row_sources").fetchall()
                file, position, value = home.random.choice(found)
                where, bound = "source_file_id = ? AND position = ?", (file, position)
            else:
                row, value = home.random.choice(rows.fetchall())
                where, bound = "rowid = ?", (row,)
            attacker.execute(f"UPDATE {table} SET {quoted(column)} = ? WHERE {where}", (another(column, value), *bound))

    return change


def another(column, value):
    if isinstance(value, int):
        return value + 1_000_000
    if isinstance(value, bytes):
        return bytes([value[0] ^ 1]) + value[1:]
    if value is None:
        return 7 if column in ("part", "line", "column", "first_entry_id", "last_entry_id", "source_file_id") else "forged"
    if column == "counts":
        return "{}"
    return value[:-1] + ("x" if value[-1:] != "x" else "y")


def delete(table):
    def change(home):
        with home.attacker() as attacker:
            where = "(SELECT source_file_id FROM row_sources LIMIT 1)" if table == "row_sources" else None
            if where:
                attacker.execute(f"DELETE FROM {table} WHERE source_file_id = {where} AND position = 0")
            else:
                attacker.execute(f"DELETE FROM {table} WHERE rowid = (SELECT max(rowid) FROM {table})")

    return change


def insert(table, key):
    """Inserts a copy of a row with another key."""

    def change(home):
        with home.attacker() as attacker:
            columns = [row[1] for row in attacker.execute(f"PRAGMA table_info({table})")]
            row = list(attacker.execute(f"SELECT * FROM {table} LIMIT 1").fetchone())
            place = columns.index(key)
            row[place] = row[place] + 1_000_000 if isinstance(row[place], int) else "00000000-0000-0000-0000-000000000000"
            attacker.execute(f"INSERT INTO {table} VALUES ({', '.join('?' * len(row))})", row)

    return change


def reorder(table, key):
    """Swaps two rows."""

    def change(home):
        with home.attacker() as attacker:
            if table == "row_sources":
                query = "SELECT source_file_id, position FROM row_sources WHERE source_file_id = (SELECT source_file_id FROM row_sources GROUP BY 1 HAVING count(*) > 1 LIMIT 1) LIMIT 2"
                (file, one), (_, other) = attacker.execute(query).fetchall()
                update = f"UPDATE row_sources SET position = ? WHERE source_file_id = {file} AND position = ?"
            elif table == "audit_seal_blocks":
                (one,), (other,) = attacker.execute("SELECT seal FROM audit_seal_blocks ORDER BY seal LIMIT 2").fetchall()
                update = "UPDATE audit_seal_blocks SET seal = ? WHERE seal = ?"
            else:
                (one,), (other,) = attacker.execute(f"SELECT {key} FROM {table} ORDER BY {key} LIMIT 2").fetchall()
                update = f"UPDATE {table} SET {key} = ? WHERE {key} = ?"
            free = -1_000_000 if isinstance(one, int) else "free"
            for new, old in ((free, one), (one, other), (other, free)):
                attacker.execute(update, (new, old))

    return change


def sql(*statements):
    def change(home):
        home.attack(statements)

    return change


# Changes by other programs after the last seal: their entries can still be tampered with.
UNSEALED = "(SELECT max(id) FROM audit_log)"
LAST_RUN = "(SELECT max(id) FROM import_runs WHERE kind = 'import')"
ENTRY = "table_name, record_id, action, old_value, new_value"
SOURCES = "source_file_id, position, table_name, identity, identity_start, record_id, pointer, part, digest, gone_run_id"


def forged(values, where="id = 1"):
    return (
        f"INSERT INTO audit_log ({ENTRY}, changed_at, changed_by, run_id, source_file_id) "
        f"SELECT {ENTRY}, {values} FROM audit_log WHERE {where}"
    )


def and_sealed(*statements):
    """Seals the forged entries; they must be found nevertheless."""

    def change(home):
        home.attack(statements)
        home.accession("audit seal")

    return change


FORGERIES = {
    "in the name of a sealed run": forged("changed_at, changed_by, run_id, source_file_id"),
    "in the name of an unknown run": forged("changed_at, changed_by, '00000000-0000-0000-0000-000000000000', NULL"),
    "in the name of a run, with another actor": forged("changed_at, 'mei', run_id, NULL"),
    "in the name of a run, with another time": forged("'2020-01-01T00:00:00.000000Z', changed_by, run_id, NULL"),
    "with an actor, without a run": forged("changed_at, 'mei', NULL, NULL"),
    "with a source file, without a run": forged("changed_at, 'external', NULL, 1"),
    "with a time more than a day before the seals around it": forged("'2020-01-01T00:00:00.000000Z', 'external', NULL, NULL"),
    "with a time more than a day ahead": forged("'2199-01-01T00:00:00.000000Z', 'external', NULL, NULL"),
    "with a time that is not valid": forged("'long ago', 'external', NULL, NULL"),
}
CONTEXT = (
    "INSERT INTO audit_context VALUES (1, '00000000-0000-0000-0000-000000000000', 'boss', '2026-01-01T00:00:00.000000Z', NULL)"
)
CUT_OFF = (
    "DELETE FROM audit_log WHERE id > (SELECT last_entry_id FROM audit_seals WHERE number = (SELECT max(number) FROM audit_seals) - 1)",
    "DELETE FROM audit_seal_blocks WHERE seal = (SELECT max(number) FROM audit_seals)",
    "DELETE FROM audit_seals WHERE number = (SELECT max(number) FROM audit_seals)",
    f"DELETE FROM row_sources WHERE source_file_id IN (SELECT id FROM source_files WHERE run_id = {LAST_RUN})",
    f"INSERT INTO row_sources ({SOURCES}) SELECT {SOURCES} FROM row_sources_replaced WHERE run_id = {LAST_RUN}",
    f"UPDATE row_sources SET gone_run_id = NULL WHERE gone_run_id = {LAST_RUN}",
    f"DELETE FROM row_sources_replaced WHERE run_id = {LAST_RUN}",
    f"DELETE FROM conversions WHERE run_id = {LAST_RUN}",
    f"DELETE FROM source_files WHERE run_id = {LAST_RUN}",
    f"DELETE FROM import_runs WHERE id = {LAST_RUN}",
    "UPDATE sqlite_sequence SET seq = (SELECT max(id) FROM audit_log) WHERE name = 'audit_log'",
)


def file_edit(pattern, edit_bytes):
    """Changes the last file in the archive that matches the pattern."""

    def change(home):
        path = sorted(home.archive().glob(pattern))[-1]
        data = edit_bytes(path.read_bytes())
        if data is None:
            path.unlink()
        else:
            path.write_bytes(data)

    return change


def flipped(data):
    middle = len(data) // 2
    return data[:middle] + bytes([data[middle] ^ 1]) + data[middle + 1 :]


def replaced_text(old, new):
    def change(data):
        assert old in data, old
        return data.replace(old, new, 1)

    return change


def with_new_digest(change):
    """A modified manifest with a matching digest, as written by an attacker who knows the format."""
    import hashlib

    def changed(data):
        contents = change(data[: data.rindex(b',"sha256":"')])
        return contents + b',"sha256":"' + hashlib.sha256(contents).hexdigest().encode() + b'"}\n'

    return changed


def swapped_objects(home):
    one, other = sorted(home.archive().glob("objects/*/*.zst"))[:2]
    first, second = one.read_bytes(), other.read_bytes()
    one.write_bytes(second)
    other.write_bytes(first)


def triggers(statement):
    def change(home):
        with sqlite3.connect(home.path / DATABASE) as connection:
            connection.execute(statement)
        connection.close()

    return change


def drop_trigger(home):
    triggers("DROP TRIGGER \"accession_profiles update\"")(home)


def replace_trigger(home):
    drop_trigger(home)
    triggers("CREATE TRIGGER \"accession_profiles update\" AFTER UPDATE ON profiles BEGIN SELECT 1; END")(home)


def recreated(lose):
    """Changes a row while its trigger is lost, and imports the same files again."""

    def change(home):
        lose(home)
        home.owner(["UPDATE profiles SET gender = 'unseen'"])
        import_files(home, "--no-backup")

    return change


# A trigger of others on a table of the ledger, which keeps rows from being inserted where the database allows it.
FOREIGN_TRIGGERS = {
    "sqlite": ["CREATE TRIGGER others_{0} BEFORE INSERT ON {0} BEGIN SELECT RAISE(IGNORE); END"],
    "postgres": [
        "CREATE FUNCTION others_{0}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NULL; END $$",
        "CREATE TRIGGER others_{0} BEFORE INSERT ON {0} FOR EACH ROW EXECUTE FUNCTION others_{0}()",
    ],
    "mysql": ["CREATE TRIGGER others_{0} BEFORE INSERT ON {0} FOR EACH ROW SET @others = 1"],
}


def foreign_trigger(table):
    def change(home):
        home.owner([statement.format(table) for statement in FOREIGN_TRIGGERS[home.kind]])

    return change


def swallowed(home):
    """Writes a row while a trigger keeps its entry from being written, and drops the trigger."""
    foreign_trigger("audit_log")(home)
    statements = ["UPDATE profiles SET gender = 'swallowed'"]
    if home.kind == "mysql":
        # No trigger can leave a row out there, so the entry is changed instead.
        statements = [
            "DROP TRIGGER others_audit_log",
            "CREATE TRIGGER others_audit_log BEFORE INSERT ON audit_log FOR EACH ROW SET NEW.new_value = NEW.old_value",
            *statements,
        ]
    on = " ON audit_log" if home.kind == "postgres" else ""
    home.owner([*statements, f"DROP TRIGGER others_audit_log{on}"])


def as_owner(*statements):
    def change(home):
        home.owner(statements)

    return change


def all_cases():
    cases = []
    for table, (columns, key) in LEDGER.items():
        for column in columns.split():
            cases.append(Case(f"edit `{table}`.`{column}`", edit(table, column), VERIFY))
        cases.append(Case(f"delete a row of `{table}`", delete(table), VERIFY))
        cases.append(Case(f"insert a row into `{table}`", insert(table, key), VERIFY))
        finder = NOTHING if table in ORDER_IS_NOT_KEPT else VERIFY
        cases.append(Case(f"reorder two rows of `{table}`", reorder(table, key), finder))
    cases.append(Case("edit `conversions`.`id`", edit("conversions", "id"), NOTHING))
    for what, statement in FORGERIES.items():
        cases.append(Case(f"enter an entry {what}", sql(statement), VERIFY, portable=True))
        cases.append(Case(f"enter an entry {what}, and seal it", and_sealed(statement), VERIFY))
    forge = (CONTEXT, "UPDATE profiles SET gender = 'forged'", "DELETE FROM audit_context")
    cases += [
        Case("write rows under a forged `audit_context`", triggered(*forge), VERIFY),
        Case("write rows under a forged `audit_context`, and seal the entries", triggered(*forge, seal=True), VERIFY),
        Case("leave a row in `audit_context`", sql(CONTEXT), VERIFY),
        Case("stage a row in `audit_replaced` that its table does not have", sql("INSERT INTO audit_replaced (table_name, record_id, row_number, old_value, moment, state) VALUES ('profiles', 'ghost', 999, '{}', julianday('now'), 0)"), VERIFY),
        Case("edit `new_value` of an entry that is not sealed", sql(f"UPDATE audit_log SET new_value = replace(new_value, 'late', 'less') WHERE id = {UNSEALED}"), RECONCILE),
        Case("edit `db_user` of an entry that is not sealed", sql(f"UPDATE audit_log SET db_user = 'mei' WHERE id = {UNSEALED}"), NOTHING),
        Case("delete the last entry, which is not sealed", sql(f"DELETE FROM audit_log WHERE id = {UNSEALED}"), VERIFY),
        Case("delete an entry that is not sealed, and its number", sql(f"DELETE FROM audit_log WHERE id = {UNSEALED}", "UPDATE sqlite_sequence SET seq = seq - 1 WHERE name = 'audit_log'"), RECONCILE),
        Case("delete all seals", sql("DELETE FROM audit_seal_blocks", "DELETE FROM audit_seals"), VERIFY),
        Case("delete all entries", sql("DELETE FROM audit_log"), VERIFY),
        Case("cut off the last run with all that the ledger has of it", sql(*CUT_OFF), ANCHOR),
        Case("edit a row past the triggers", sql("UPDATE approved_cards SET card_type = 'forged' WHERE id = 3"), RECONCILE, portable=True),
        Case("delete a row past the triggers", sql("DELETE FROM chat_messages WHERE id = 1"), RECONCILE, portable=True),
        Case("insert a row past the triggers", sql("INSERT INTO mastered_words (id, profile_id, word, language) VALUES (900, 'child_0001', 'new', 'en')"), RECONCILE, portable=True),
        Case("drop a trigger of a table", drop_trigger, VERIFY),
        Case("drop a trigger of a table, change a row, and let an import recreate the trigger", recreated(drop_trigger), VERIFY),
        Case("put another trigger in its place", replace_trigger, VERIFY),
        Case("put another trigger in its place, change a row, and let an import recreate the trigger", recreated(replace_trigger), VERIFY),
        Case("drop a guard of `audit_log`", triggers("DROP TRIGGER accession_audit_log_no_update"), DOCTOR),
        *(
            Case(f"put a trigger of others on `{table}`", foreign_trigger(table), VERIFY, portable=table in ("import_runs", "row_sources", "audit_log", "audit_seals"))
            for table in [*LEDGER, "audit_context", "audit_replaced"]
        ),
        Case("put a rule of others on `audit_log` (PostgreSQL)", as_owner("CREATE RULE others AS ON INSERT TO audit_log DO INSTEAD NOTHING"), VERIFY, on=("postgres",)),
        Case("put a rule of others on `audit_seals` (PostgreSQL)", as_owner("CREATE RULE others AS ON INSERT TO audit_seals DO ALSO NOTHING"), VERIFY, on=("postgres",)),
        Case("put a policy of others on `audit_log` (PostgreSQL)", as_owner("CREATE POLICY others ON audit_log USING (true)"), VERIFY, on=("postgres",)),
        Case("put a policy of others on `row_sources` (PostgreSQL)", as_owner("CREATE POLICY others ON row_sources USING (true)"), VERIFY, on=("postgres",)),
        Case("enable row-level security of `audit_log` (PostgreSQL)", as_owner("ALTER TABLE audit_log ENABLE ROW LEVEL SECURITY"), VERIFY, on=("postgres",)),
        Case("change a row while a trigger of others on `audit_log` swallows or changes its entry, and drop that trigger", swallowed, RECONCILE, portable=True),
        Case("flip a bit of a manifest", file_edit("runs/*.json", flipped), ALONE),
        Case("edit a path in a manifest", file_edit("runs/*.json", replaced_text(b"child_profiles.json", b"child_profileZ.json")), ALONE),
        Case("edit a time in a manifest", file_edit("runs/*.json", replaced_text(b'"modified":"2', b'"modified":"1')), ALONE),
        Case("edit a manifest, and its digest", file_edit("runs/*.json", with_new_digest(replaced_text(b'"root":"/', b'"root":"//'))), ARCHIVE),
        Case("leave a file out of a manifest, with a new digest", file_edit("runs/*.json", with_new_digest(replaced_text(b"approved_cards.json", b"approved_cardZ.json"))), ARCHIVE),
        Case("delete a manifest", file_edit("runs/*.json", lambda _: None), ARCHIVE),
        Case("flip a bit of an object", file_edit("objects/*/*.zst", flipped), ALONE),
        Case("delete an object", file_edit("objects/*/*.zst", lambda _: None), ALONE),
        Case("let two objects change places", swapped_objects, ALONE),
        Case("edit a hash in `seals.log`", file_edit("seals.log", edited_hash), ANCHOR),
        Case("delete the last line of `seals.log`", file_edit("seals.log", lambda data: b"".join(data.splitlines(True)[:-1])), NOTHING),
    ]
    return cases


def edited_hash(data):
    """Changes the first digit of the first seal's hash."""
    words = data.split(b" ")
    words[2] = (b"0" if words[2][:1] != b"0" else b"1") + words[2][1:]
    return b" ".join(words)


def triggered(*statements, seal=False):
    """Writes like an ordinary program, with the triggers in place."""

    def change(home):
        with sqlite3.connect(home.path / DATABASE) as connection:
            connection.execute("PRAGMA recursive_triggers = ON")
            for statement in statements:
                connection.execute(statement)
        connection.close()
        if seal:
            home.accession("audit seal")

    return change


class Attacker:
    """A connection without restrictions: drops all triggers, and creates them again at the end."""

    def __init__(self, path):
        self.connection = sqlite3.connect(path, isolation_level=None)
        self.execute = self.connection.execute

    def __enter__(self):
        query = "SELECT name, sql FROM sqlite_master WHERE type = 'trigger'"
        self.triggers = self.execute(query).fetchall()
        self.execute("PRAGMA foreign_keys = OFF")
        self.execute("PRAGMA ignore_check_constraints = ON")
        for name, _ in self.triggers:
            self.execute(f"DROP TRIGGER {quoted(name)}")
        return self

    def __exit__(self, *_):
        for _, statement in self.triggers:
            self.execute(statement)
        self.connection.close()


class Home:
    """A directory with files, a SQLite database and its archive."""

    kind = "sqlite"

    def __init__(self, accession, path, seed):
        self.binary, self.path, self.random = accession, path, random.Random(seed)

    def accession(self, command, *arguments):
        words = command.split()
        environment = {key: value for key, value in os.environ.items() if not key.startswith(("DATABASE_", "DB_", "MYSQL_"))}
        if "--archive" not in arguments:
            arguments += ("--database", DATABASE)
        return subprocess.run(
            [self.binary, *words, *arguments],
            cwd=self.path, env=environment | {"ACCESSION_ACTOR": "tester"}, capture_output=True, text=True, check=False,
        )

    def archive(self):
        return self.path / f"{DATABASE}.archive"

    def attacker(self):
        return Attacker(self.path / DATABASE)

    def attack(self, statements):
        with self.attacker() as attacker:
            for statement in statements:
                attacker.execute(statement)

    def owner(self, statements):
        """Runs statements while all triggers stay in place."""
        triggered(*statements)(self)

    def copy(self, path):
        shutil.copytree(self.path, path, dirs_exist_ok=True)
        # The ledger contains the absolute path of the archive and the name of the source; both keep those of the
        # first.
        return Home(self.binary, path, self.random.random())

    def found(self, finder):
        """Whether the command finds a difference; it must not fail for another reason."""
        if finder == ALONE:
            ended = self.accession("archive verify", "--archive", f"{DATABASE}.archive")
        else:
            ended = self.accession(finder)
        difference = 1 if finder == DOCTOR else 4
        if ended.returncode not in (0, difference):
            raise RuntimeError(f"{finder}: exit code {ended.returncode}\n{ended.stdout}{ended.stderr}")
        return ended.returncode == difference


def import_files(home, *arguments):
    ended = home.accession("import legacy", "--source", "legacy", *arguments)
    if ended.returncode not in (0, 5):
        raise RuntimeError(ended.stderr)


def make_history(home, change_rows):
    """Fills every table of the ledger: rejects, conversions, replaced and missing records, changes by other programs."""
    legacy = home.path / "legacy"
    shutil.copytree(FIXTURE, legacy)
    cards, profiles = legacy / "content_db/approved_cards.json", legacy / "profiles/child_profiles.json"
    good = json.loads(cards.read_text())
    bad = json.loads(cards.read_text())
    bad[1]["tags"] = bad[2]["tags"] = {"bad": 1}
    cards.write_text(json.dumps(bad))
    import_files(home, "--skip-invalid", "--no-backup")
    cards.write_text(json.dumps(good))
    import_files(home, "--no-backup")
    change_rows(["UPDATE profiles SET gender = 'x'", "DELETE FROM approved_cards WHERE id = 2"])
    sealed = home.accession("audit seal")
    if sealed.returncode != 0:
        raise RuntimeError(sealed.stderr)
    profiles.write_text(profiles.read_text().replace("banana", "cherry"))
    good[2]["front"] = good[3]["front"] = "changed"
    cards.write_text(json.dumps(good[:-1]))
    import_files(home, "--no-backup", "--on-conflict", "keep-database")
    change_rows(["UPDATE profiles SET gender = 'late'"])


class ServerHome(Home):
    """The same on a server, through its own client."""

    def __init__(self, accession, path, seed, url, name):
        super().__init__(accession, path, seed)
        self.url, self.name = urllib.parse.urlparse(url), name
        self.is_postgres = self.url.scheme.startswith("postgres")
        self.kind = "postgres" if self.is_postgres else "mysql"

    def owner(self, statements):
        self.client(statements)

    def client(self, statements, database=None):
        database = self.name if database is None else database
        text = ";\n".join(statements) + ";\n"
        if self.is_postgres:
            command = ["psql", "-X", "-q", "-v", "ON_ERROR_STOP=1", self.url._replace(path=f"/{database}").geturl()]
            environment = os.environ
        else:
            command = ["mariadb", "--no-defaults", "-N", "-B", "-h", self.url.hostname, "-P", str(self.url.port or 3306), "-u", self.url.username, *([database] if database else [])]
            environment = os.environ | {"MYSQL_PWD": urllib.parse.unquote(self.url.password or "")}
        ended = subprocess.run(command, input=text, env=environment, capture_output=True, text=True, check=False)
        if ended.returncode != 0:
            raise RuntimeError(f"{text}\n{ended.stderr}")
        return ended.stdout

    def accession(self, command, *arguments):
        environment = {key: value for key, value in os.environ.items() if not key.startswith(("DATABASE_", "DB_", "MYSQL_"))}
        environment |= {"DATABASE_URL": self.url._replace(path=f"/{self.name}").geturl(), "ACCESSION_ACTOR": "tester"}
        arguments = [argument for argument in arguments if argument != "--no-backup"]
        words = command.split()
        if words[0] == "import" or words[:2] == ["audit", "seal"]:
            arguments += ["--archive", str(self.archive())]
        return subprocess.run([self.binary, *words, *arguments], cwd=self.path, env=environment, capture_output=True, text=True, check=False)

    def create(self):
        self.drop()
        self.client([f"CREATE DATABASE {self.name}"], "postgres" if self.is_postgres else "")

    def drop(self):
        force = " WITH (FORCE)" if self.is_postgres else ""
        self.client([f"DROP DATABASE IF EXISTS {self.name}{force}"], "postgres" if self.is_postgres else "")

    def attack(self, statements):
        """As the owner of the tables, who can disable or drop triggers."""
        if self.is_postgres:
            tables = ["audit_log", "profiles", "approved_cards", "chat_messages", "mastered_words"]
            off = [f"ALTER TABLE {table} DISABLE TRIGGER USER" for table in tables]
            self.client(["BEGIN", *off, *statements, "COMMIT"])
            return
        names = self.client(["SELECT trigger_name FROM information_schema.triggers WHERE trigger_schema = DATABASE()"]).split()
        self.client([f"DROP TRIGGER `{name}`" for name in names] + ["SET SESSION foreign_key_checks = 0", *statements])


def server_cases(accession, cases, url, kind, done, report):
    """One new database per case, because databases on servers cannot be copied as files."""
    engine = "postgres" if url.startswith("postgres") else "mysql"
    cases = [case for case in cases if engine in case.on]
    for case in cases:
        name = f"{kind}: {case.name}"
        if name in done:
            continue
        with tempfile.TemporaryDirectory() as directory:
            home = ServerHome(accession, Path(directory), 1, url, f"accession_tamper_{os.getpid()}")
            home.create()
            try:
                make_history(home, home.client)
                if home.found(case.finder):
                    report(name, f"`{case.finder}` finds a difference before any change")
                    continue
                case.change(home)
                report(name, None if home.found(case.finder) else f"`{case.finder}` finds nothing")
            finally:
                home.drop()


def sqlite_cases(accession, cases, seed, done, report):
    with tempfile.TemporaryDirectory() as directory:
        # Archive and source are identified by absolute paths, so every case runs in the same directory.
        place, kept = Path(directory) / "home", Path(directory) / "kept"
        place.mkdir()
        first = Home(accession, place, seed)

        def change_rows(statements):
            triggered(*statements)(first)

        make_history(first, change_rows)
        finders = {case.finder for case in cases} - {NOTHING} | {VERIFY, RECONCILE}
        for finder in finders:
            if first.found(finder):
                raise RuntimeError(f"`{finder}` finds a difference before any change:\n{first.accession(finder.split(',')[0]).stdout}")
        shutil.copytree(place, kept)
        for number, case in enumerate(cases):
            if case.name in done:
                continue
            shutil.rmtree(place)
            shutil.copytree(kept, place)
            home = Home(accession, place, seed * 1000 + number)
            try:
                case.change(home)
                if case.finder == NOTHING:
                    found = [finder for finder in (VERIFY, RECONCILE, ANCHOR, ARCHIVE) if home.found(finder)]
                    report(case.name, f"{found} find it, contrary to docs/threats.md" if found else None)
                elif case.finder == ANCHOR and "cut off" in case.name and home.found(VERIFY):
                    report(case.name, "found without an anchor, contrary to docs/threats.md")
                else:
                    report(case.name, None if home.found(case.finder) else f"`{case.finder}` finds nothing")
            except (RuntimeError, sqlite3.Error, OSError, AssertionError, ValueError) as error:
                report(case.name, f"{type(error).__name__}: {error}")


def listed(case):
    return f"| {case.name} | {case.finder if case.finder == NOTHING else f'`{case.finder}`'} |"


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--accession", default="accession", help="program to attack")
    parser.add_argument("--count", type=int, help="maximum number of cases")
    parser.add_argument("--seed", type=int, default=1, help="seed for the choice of rows and cases")
    parser.add_argument("--state", type=Path, help="file of finished cases, to resume")
    parser.add_argument("--short", action="store_true", help="run some of the cases, on SQLite only")
    parser.add_argument("--list", action="store_true", help="print the cases in the format of docs/threats.md")
    options = parser.parse_args()
    cases = all_cases()
    if options.list:
        print("\n".join(listed(case) for case in cases))
        return 0
    unlisted = [line for line in map(listed, cases) if line not in THREATS.read_text().splitlines()]
    if unlisted:
        print("not in docs/threats.md:", *unlisted, sep="\n", file=sys.stderr)
        return 1
    accession = shutil.which(options.accession)
    if not accession:
        parser.error(f"no such program: `{options.accession}`")
    accession = str(Path(accession).resolve())
    count = 30 if options.short and options.count is None else options.count
    if count is not None and count < len(cases):
        chosen = set(random.Random(options.seed).sample(range(len(cases)), count))
        cases = [case for number, case in enumerate(cases) if number in chosen]
    state = options.state and State(options.state.resolve(), header("tamper", accession, options.seed, options.short))
    done = {name for name, (_, faults) in state.finished.items() if not faults} if state else set()
    missed, tried = [], 0

    def report(name, problem):
        nonlocal tried
        tried += 1
        if problem:
            missed.append(name)
            print(f"MISSED {name}: {problem}", file=sys.stderr)
        else:
            done.add(name)
        if state:
            state.add(name, Outcome("missed" if problem else "as expected", [problem] if problem else []))

    sqlite_cases(accession, [case for case in cases if "sqlite" in case.on], options.seed, done, report)
    if not options.short:
        for kind, variable in (("PostgreSQL", "TEST_POSTGRES_URL"), ("MySQL", "TEST_MYSQL_URL")):
            if url := os.environ.get(variable):
                server_cases(accession, cases, url, kind, done, report)
            else:
                print(f"SKIPPED {kind}: {variable} is not set", file=sys.stderr)
    if state:
        state.complete()
    print(f"{tried} cases tried, {len(done)} done, {len(missed)} contrary to docs/threats.md")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())

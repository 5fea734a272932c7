"""Databases to attack: creating, saving, restoring, querying and comparing them.

SQLite is accessed through Python's module, servers through `psql` and `mariadb`, so that only the standard library is needed.
"""
import collections
import datetime
import json
import os
import pathlib
import re
import shutil
import sqlite3
import subprocess
import threading
import time
import urllib.parse

KINDS = ("sqlite", "postgres", "mysql")
# Commands that write to the archive. They get its name, because a restored database is in another directory.
ARCHIVING = (("import",), ("revert",), ("audit", "seal"), ("audit", "enable"), ("audit", "disable"), ("migrate", "down"))
# Columns whose numbers a rolled-back transaction shifts on servers.
SHIFTED = {"audit_log": {"id"}, "audit_seals": {"first_entry_id", "last_entry_id"}, "row_sources_replaced": {"id"}}
# Members of import_runs.counts with such numbers, as text or in JSON.
SHIFTED_COUNTS = re.compile(r'(\\?"(?:until|disabled_after)\\?": ?)\d+')


def unmount_all(below):
    """Unmounts small disks that a killed campaign left."""
    with open("/proc/mounts", encoding="utf-8") as mounts:
        for point in (line.split()[1] for line in mounts):
            if pathlib.Path(point).is_relative_to(below):
                subprocess.run(["umount", "--lazy", point], check=False)


class Place:
    """A database and the directory `target` in which accession runs, with its archive."""

    kind = None

    @staticmethod
    def of(kind, accession, directory, name):
        return {"sqlite": Sqlite, "postgres": Postgres, "mysql": Mysql}[kind](accession, directory, name)

    def __init__(self, accession, directory, name):
        self.program = str(accession)
        self.name = name
        self.directory = directory
        self.target = directory / "target"
        directory.mkdir(parents=True, exist_ok=True)

    def environment(self):
        hidden = ("ACCESSION_", "DATABASE_", "DB_", "MYSQL_", "PG")
        kept = {name: value for name, value in os.environ.items() if not name.startswith(hidden)}
        return {**kept, "ACCESSION_ACTOR": "campaign", "NO_COLOR": "1", "RUST_BACKTRACE": "0", **self.address()}

    def command(self, arguments):
        archived = any(tuple(arguments[:len(words)]) == words for words in ARCHIVING)
        return [self.program, *map(str, arguments), *(["--archive", "archive"] if archived else [])]

    def start(self, *arguments):
        """Starts accession in the directory of the database."""
        self.target.mkdir(exist_ok=True)
        return subprocess.Popen(self.command(arguments), cwd=self.target, env=self.environment(), stdin=subprocess.DEVNULL,
                                stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, errors="replace")

    def run(self, *arguments, timeout=180):
        return ended(self.start(*arguments), timeout)

    def done(self, *arguments):
        """Runs a command that must succeed."""
        result = self.run(*arguments)
        if result.returncode != 0:
            raise RuntimeError(f"`accession {' '.join(map(str, arguments))}` exits with {result.returncode}: {result.stderr}{result.stdout}")
        return result

    def wipe_target(self):
        self.target.mkdir(exist_ok=True)
        for path in self.target.iterdir():
            shutil.rmtree(path) if path.is_dir() and not path.is_symlink() else path.unlink()

    def fresh(self):
        """Creates an empty directory and no database, or an empty one."""
        self.wipe_target()
        self.make()

    def save(self, directory):
        """Saves the current state, to be restored in this or another place."""
        shutil.rmtree(directory, ignore_errors=True)
        shutil.copytree(self.target, directory / "target")
        self.save_database(directory)

    def restore(self, directory):
        self.wipe_target()
        shutil.copytree(directory / "target", self.target, dirs_exist_ok=True)
        self.restore_database(directory)

    def files(self):
        """The names of all files in the directory, without run ids and times."""
        names = (str(path.relative_to(self.target)) for path in self.target.rglob("*") if not path.is_dir())
        return collections.Counter(re.sub(rf"{UUID}|{FILE_TIME}", "RUN", name) for name in names)

    def snapshot(self):
        """All contents of the database, including its triggers and tables."""
        return Snapshot(self.contents())

    def remove(self):
        self.drop()
        shutil.rmtree(self.directory, ignore_errors=True)


def ended(process, timeout=180):
    """Waits for a process; returns its output and exit code."""
    try:
        out, err = process.communicate(timeout=timeout)
    except subprocess.TimeoutExpired:
        process.kill()
        process.communicate()
        raise
    return subprocess.CompletedProcess(process.args, process.returncode, out, err)


# ── contents ───────────────────────────────────────────────────────────────────────────────────────────────────────────

# The directory of a worker.
PLACE = re.compile(r'[^"\\]*/(?:sqlite|postgres|mysql)-\d+/target')
FILE_TIME = r"migrate-down-\d{4}-\d\d-\d\dT[\d.-]+Z"
UUID = r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"


def recent_times():
    """Matches current times, which differ from run to run."""
    today = datetime.datetime.now(datetime.timezone.utc).date()
    days = "|".join(str(today + datetime.timedelta(days=days)) for days in (-1, 0, 1))
    return re.compile(rf"(?:{days})[T ]\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d(?::?\d\d)?)?")


class Snapshot:
    """The rows of all tables; `tables` is None if there is no database."""

    def __init__(self, tables):
        self.tables = tables
        self.is_absent = tables is None

    def exact(self):
        if self.tables is None:
            return None
        return {table: sorted(json.dumps(row, sort_keys=True) for row in rows) for table, rows in self.tables.items()}

    def normal(self, volatile=None):
        """The rows without differences between equal runs: run ids, times, gaps in numbers, and the columns in `volatile`."""
        if self.tables is None:
            return None
        runs = sorted(row["id"] for row in self.tables.get("import_runs", []))
        named = {run: f"run {number}" for number, run in enumerate(runs, 1)}
        ids = re.compile("|".join(map(re.escape, runs)) or "(?!)")
        times = recent_times()
        ranks = self.ranks()

        def text(table, row):
            left_out = (volatile or {}).get(table, set()) | SHIFTED.get(table, set())
            kept = {name: value for name, value in row.items() if name not in left_out}
            kept = json.dumps(renumbered(table, kept, ranks), sort_keys=True)
            kept = SHIFTED_COUNTS.sub(r"\1ENTRY", kept)
            kept = ids.sub(lambda found: named[found.group()], kept)
            return PLACE.sub("TARGET", times.sub("NOW", kept))
        return {table: sorted(text(table, row) for row in rows) for table, rows in self.tables.items()}

    def ranks(self):
        """For each table, the rank of each generated number, because a rollback leaves gaps."""
        found = collections.defaultdict(set)
        for table, rows in self.tables.items():
            if table in ("audit_log", "row_sources", "row_sources_replaced", "conversions"):
                for row in rows:
                    found[row["table_name"]].add(str(row["record_id"]))
            elif table not in ("import_runs", "source_files", "rejects"):
                found[table].update(str(row["id"]) for row in rows if "id" in row)
        return {table: {number: rank for rank, number in enumerate(sorted(numbers, key=int), 1)}
                for table, numbers in found.items() if all(number.isdecimal() for number in numbers)}

    def data(self):
        """The rows only, without empty tables, definitions and the list of migrations, so unaffected by schema changes."""
        return {table: rows for table, rows in (self.exact() or {}).items()
                if rows and not table.startswith(("(", "__diesel"))}


def renumbered(table, row, ranks):
    """A row with ranks in place of generated numbers, also where the ledger and the audit log refer to them."""
    if table in ranks and "id" in row:
        return {**row, "id": ranks[table][str(row["id"])]}
    known = ranks.get(row.get("table_name"))
    if not known or "record_id" not in row:
        return row
    row = {**row, "record_id": known[str(row["record_id"])]}
    for image in ("old_value", "new_value"):
        value = row.get(image)
        if isinstance(value, dict) and "id" in value:
            row[image] = {**value, "id": known[str(value["id"])]}
        elif isinstance(value, str):
            row[image] = re.sub(r'"id": ?(\d+)', lambda found: f'"id": rank {known[found[1]]}', value, count=1)
    return row


def volatile_columns(one, other):
    """The columns in which two runs of the same operation differ."""
    found = collections.defaultdict(set)
    first, second = one.normal(), other.normal()
    for table in set(first) & set(second):
        if first[table] == second[table]:
            continue
        columns = {name for row in one.tables[table] for name in row}
        for column in columns:
            only = {table: columns - {column}}
            if one.normal(only)[table] != other.normal(only)[table]:
                found[table].add(column)
    return found


def difference(expected, found):
    """Describes where two contents differ."""
    if expected is None or found is None:
        return "no database" if found is None else "a database"
    parts = []
    for table in sorted(set(expected) | set(found)):
        if len(parts) == 4:
            parts.append("…")
            break
        want, got = expected.get(table, []), found.get(table, [])
        if want != got:
            more = list((collections.Counter(got) - collections.Counter(want)).elements())
            less = list((collections.Counter(want) - collections.Counter(got)).elements())
            example = "; ".join(f"{sign} {row[:160]}" for sign, rows in (("+", more), ("-", less)) for row in rows[:1])
            parts.append(f"{table}: {len(got)} rows instead of {len(want)} ({example})")
    return "\n    ".join(parts) or "no difference"


# ── SQLite ─────────────────────────────────────────────────────────────────────────────────────────────────────────────

class Sqlite(Place):
    """A file `legacy.db`."""

    kind = "sqlite"

    @staticmethod
    def missing():
        return None

    @property
    def path(self):
        return self.target / "legacy.db"

    def exists(self):
        return self.path.exists()

    def address(self):
        return {"DATABASE_URL": "legacy.db"}

    def make(self):
        pass

    def drop(self):
        pass

    def save_database(self, directory):
        pass

    def restore_database(self, directory):
        pass

    def settle(self):
        """A killed process leaves no session here."""

    def sql(self, *statements):
        connection = sqlite3.connect(self.path, timeout=30)
        with connection:
            for statement in statements:
                connection.execute(statement)
        connection.close()

    def application(self):
        return SqliteApplication(self.path)

    def contents(self):
        if not self.path.exists():
            return None
        # A copy is read: opening the database would repair the state after a kill, which accession is to find.
        copy = self.directory / "inspected"
        shutil.rmtree(copy, ignore_errors=True)
        copy.mkdir()
        for ending in ("", "-wal", "-journal"):
            if os.path.exists(f"{self.path}{ending}"):
                shutil.copy(f"{self.path}{ending}", f"{copy / 'legacy.db'}{ending}")
        connection = sqlite3.connect(copy / "legacy.db")
        connection.row_factory = sqlite3.Row
        try:
            check = [row[0] for row in connection.execute("PRAGMA integrity_check")]
            if check != ["ok"] or list(connection.execute("PRAGMA foreign_key_check")):
                raise RuntimeError(f"the database is damaged: {check[:3]}")
            schema = [dict(row) for row in connection.execute(
                "SELECT type, name, tbl_name, sql FROM sqlite_master WHERE name NOT LIKE 'sqlite_%'")]
            tables = {"(schema)": schema}
            for name in (row["name"] for row in schema if row["type"] == "table"):
                rows = connection.execute(f'SELECT * FROM "{name}"')
                tables[name] = [{key: as_json(row[key]) for key in row.keys()} for row in rows]
            if tables.get("audit_context"):
                raise RuntimeError(f"the audit context is not empty: {tables['audit_context']}")
            return tables
        finally:
            connection.close()

    def watch(self, query):
        return SqliteWatch(self.path, query)


def as_json(value):
    return value.hex() if isinstance(value, bytes) else value


class SqliteWatch:
    """Repeats a query while another process writes."""

    def __init__(self, path, query):
        self.path, self.query, self.connection = path, query, None

    def ask(self):
        try:
            if self.connection is None:
                if not self.path.exists():
                    return None
                self.connection = sqlite3.connect(f"file:{self.path}?mode=ro", uri=True, timeout=5)
            return self.connection.execute(self.query).fetchone()[0]
        except sqlite3.Error:
            return None

    def close(self):
        if self.connection:
            self.connection.close()


class SqliteApplication:
    """A program that writes; `write` returns the error or None."""

    def __init__(self, path):
        self.connection = sqlite3.connect(path, timeout=60, isolation_level=None, check_same_thread=False)

    def write(self, statement):
        try:
            self.connection.execute(statement)
        except sqlite3.Error as error:
            return str(error)
        return None

    def close(self):
        self.connection.close()


# ── servers ────────────────────────────────────────────────────────────────────────────────────────────────────────────

class Server(Place):
    """A database on a server, with a new name each time, so that one that cannot be dropped is harmless."""

    variable = None
    numbers = iter(range(1, 1_000_000))

    def __init__(self, accession, directory, name):
        super().__init__(accession, directory, name)
        self.database = None
        self.url = os.environ[self.variable]

    @classmethod
    def is_there(cls):
        return cls.missing() is None

    @classmethod
    def missing(cls):
        if not os.environ.get(cls.variable):
            return f"{cls.variable} is not set"
        return None if shutil.which(cls.client) else f"`{cls.client}` is not installed"

    @classmethod
    def parts(cls, url=None):
        return urllib.parse.urlsplit(url or os.environ[cls.variable])

    def address(self):
        parts = self.parts(self.url)
        return {"DATABASE_URL": f"{parts.scheme}://{parts.username}@{parts.hostname}:{parts.port}/{self.database}",
                "DATABASE_PASSWORD": parts.password or ""}

    def exists(self):
        return True

    def make(self):
        self.drop()
        self.database = f"{self.name}_{next(self.numbers)}"
        self.ask(f"CREATE DATABASE {self.database}", server=True)

    def ask(self, script, server=False):
        """Runs statements; returns their output."""
        result = subprocess.run(self.shell(None if server else self.database), input=script, env=self.client_environment(self.url),
                                capture_output=True, text=True, errors="replace", timeout=120)
        if result.returncode != 0:
            raise RuntimeError(f"{self.kind}: {result.stderr.strip()[:500]}")
        return result.stdout

    def sql(self, *statements):
        self.ask(";\n".join(statements) + ";\n")

    def settle(self):
        """Waits until the server has ended the session of a killed process, with whatever result of its last statement."""
        for _ in range(600):
            if self.ask(self.sessions).strip() == "0":
                return
            time.sleep(0.05)
        raise RuntimeError("a session of a killed process still exists after 30 s")

    def application(self):
        return Session(self)

    def watch(self, query):
        return ServerWatch(self, query)


class Session:
    """A client that stays connected; `write` returns the error of a statement or None, `lines` its output."""

    def __init__(self, place):
        command = place.shell(place.database, session=True)
        self.process = subprocess.Popen(command, env=place.client_environment(place.url), stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                        stderr=subprocess.STDOUT, text=True, errors="replace", bufsize=1)
        self.number = 0
        self.lock = threading.Lock()

    def lines(self, statement):
        with self.lock:
            self.number += 1
            mark = f"mark {self.number}"
            self.process.stdin.write(f"{statement};\nSELECT '{mark}';\n")
            self.process.stdin.flush()
            found = []
            while True:
                line = self.process.stdout.readline()
                if not line:
                    raise RuntimeError(f"the session has ended: {found}")
                if line.strip() == mark:
                    return found
                found.append(line.rstrip("\n"))

    def write(self, statement):
        errors = [line for line in self.lines(statement) if "ERROR" in line]
        return errors[0] if errors else None

    def close(self):
        self.process.stdin.close()
        self.process.stdout.read()
        self.process.wait()


class ServerWatch:
    """Repeats a query while another process writes."""

    def __init__(self, place, query):
        self.session, self.query = Session(place), query

    def ask(self):
        lines = self.session.lines(self.query)
        return lines[0] if len(lines) == 1 and "ERROR" not in lines[0] else None

    def close(self):
        self.session.close()


class Postgres(Server):
    kind, variable, client = "postgres", "TEST_POSTGRES_URL", "psql"
    sessions = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid();"

    def shell(self, database, session=False):
        parts = self.parts(self.url)
        stop = [] if session else ["-v", "ON_ERROR_STOP=1"]
        return ["psql", "-X", "-q", "-At", *stop, "-h", parts.hostname, "-p", str(parts.port), "-U", parts.username,
                "-d", database or parts.path.strip("/") or "postgres"]

    @classmethod
    def client_environment(cls, url=None):
        return {**os.environ, "PGPASSWORD": cls.parts(url).password or "", "PGOPTIONS": "-c client_min_messages=error",
                "PGCONNECT_TIMEOUT": "10"}

    def drop(self):
        if not self.database:
            return
        # FORCE may not end an autovacuum worker, which belongs to a superuser; it ends by itself.
        for attempts_left in reversed(range(40)):
            try:
                self.ask(f"DROP DATABASE IF EXISTS {self.database} WITH (FORCE)", server=True)
                break
            except RuntimeError:
                if attempts_left == 0:
                    raise
                time.sleep(0.25)
        self.database = None

    @classmethod
    def drop_all(cls, prefix):
        place = cls.__new__(cls)
        place.url, place.database = os.environ[cls.variable], None
        for name in place.ask(f"SELECT datname FROM pg_database WHERE datname LIKE '{prefix}%'", server=True).split():
            place.ask(f"DROP DATABASE {name} WITH (FORCE)", server=True)

    def save_database(self, directory):
        self.settle()
        template = f"{self.name}_saved_{next(self.numbers)}"
        self.ask(f"CREATE DATABASE {template} TEMPLATE {self.database}", server=True)
        (directory / "template").write_text(template)

    def restore_database(self, directory):
        self.drop()
        self.database = f"{self.name}_{next(self.numbers)}"
        self.ask(f"CREATE DATABASE {self.database} TEMPLATE {(directory / 'template').read_text()}", server=True)

    def contents(self):
        names = self.ask("SELECT relname FROM pg_class WHERE relkind IN ('r', 'p') AND relnamespace = 'public'::regnamespace;").split("\n")
        queries = {"(schema)": """
            SELECT json_build_object('kind', 'column', 'name', attname, 'table', relname, 'type', format_type(atttypid, atttypmod))
            FROM pg_attribute JOIN pg_class c ON c.oid = attrelid
            WHERE relnamespace = 'public'::regnamespace AND attnum > 0 AND NOT attisdropped AND relkind IN ('r', 'p', 'v')
            UNION ALL SELECT json_build_object('kind', 'index', 'name', indexdef, 'table', tablename, 'type', NULL)
            FROM pg_indexes WHERE schemaname = 'public'
            UNION ALL SELECT json_build_object('kind', 'trigger', 'name', tgname, 'table', tgrelid::regclass, 'type', tgenabled)
            FROM pg_trigger JOIN pg_class c ON c.oid = tgrelid WHERE relnamespace = 'public'::regnamespace AND NOT tgisinternal
            UNION ALL SELECT json_build_object('kind', 'function', 'name', proname, 'table', NULL, 'type', md5(prosrc))
            FROM pg_proc WHERE pronamespace = 'public'::regnamespace"""}
        queries |= {name: f'SELECT row_to_json(t) FROM "{name}" t' for name in names if name}
        return parsed(self.ask("".join(f"SELECT '=== {name}';\n{query};\n" for name, query in queries.items())))


def parsed(text):
    """Parses the output of a script: headings with names of tables, and a JSON object per row."""
    tables, rows = {}, None
    for line in text.split("\n"):
        if line.startswith("=== "):
            rows = tables.setdefault(line[4:], [])
        elif line:
            rows.append(json.loads(line))
    return tables


class Mysql(Server):
    kind, variable, client = "mysql", "TEST_MYSQL_URL", "mariadb"
    sessions = "SELECT count(*) FROM information_schema.processlist WHERE db = DATABASE() AND id <> CONNECTION_ID();"

    def shell(self, database, session=False):
        return ["mariadb", *self.login(), "-N", "--raw", *(["--force", "--unbuffered"] if session else []),
                *([database] if database else [])]

    def login(self):
        parts = self.parts(self.url)
        return ["--no-defaults", "--default-character-set=utf8mb4", "-h", parts.hostname, "-P", str(parts.port), "-u", parts.username]

    @classmethod
    def client_environment(cls, url=None):
        return {**os.environ, "MYSQL_PWD": cls.parts(url).password or ""}

    def drop(self):
        if self.database:
            # If sessions created triggers at the same time, MariaDB may leave a file and then fail to remove the
            # directory.
            try:
                self.ask(f"DROP DATABASE IF EXISTS {self.database}", server=True)
            except RuntimeError as error:
                if "Directory not empty" not in str(error):
                    raise
            self.database = None

    @classmethod
    def drop_all(cls, prefix):
        place = cls.__new__(cls)
        place.url = os.environ[cls.variable]
        for name in place.ask(f"SELECT schema_name FROM information_schema.schemata WHERE schema_name LIKE '{prefix}%'", server=True).split():
            place.database = name
            place.drop()

    def save_database(self, directory):
        with open(directory / "dump.sql", "wb") as file:
            subprocess.run(["mariadb-dump", *self.login(), "--skip-comments", "--single-transaction", "--triggers", "--routines",
                            "--hex-blob", self.database], env=self.client_environment(self.url), stdout=file, check=True)

    def restore_database(self, directory):
        self.make()
        self.ask((directory / "dump.sql").read_text())

    def contents(self):
        columns = collections.defaultdict(list)
        for line in self.ask("SELECT c.table_name, column_name, data_type FROM information_schema.columns c "
                             "JOIN information_schema.tables t USING (table_schema, table_name) "
                             "WHERE c.table_schema = DATABASE() AND table_type = 'BASE TABLE'").splitlines():
            table, column, kind = line.split("\t")
            value = f"HEX(`{column}`)" if "blob" in kind or "binary" in kind else f"CAST(`{column}` AS CHAR)"
            columns[table].append(f"'{column}', {value}")
        queries = {"(schema)": """
            SELECT JSON_OBJECT('kind', 'trigger', 'name', trigger_name, 'table', event_object_table, 'type', MD5(action_statement))
            FROM information_schema.triggers WHERE trigger_schema = DATABASE()
            UNION ALL SELECT JSON_OBJECT('kind', 'column', 'name', column_name, 'table', table_name, 'type', column_type)
            FROM information_schema.columns WHERE table_schema = DATABASE()"""}
        queries |= {table: f"SELECT JSON_OBJECT({', '.join(pairs)}) FROM `{table}`" for table, pairs in columns.items()}
        return parsed(self.ask("".join(f"SELECT '=== {name}';\n{query};\n" for name, query in queries.items())))

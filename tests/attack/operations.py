"""The operations that are attacked with kills and full disks.

An operation is one entry in `OPERATIONS`: its name, the preparation of the database, its command, and the check of its result. A check
consists of the arguments of an accession command that must exit with 0 before and after.
"""
import dataclasses
import json
import pathlib
import re
import typing

from databases import KINDS, Place

# Checks that audit log, seals and rows agree.
CHECKS = (("audit", "verify"), ("audit", "reconcile"))


class Editions:
    """Three versions of a source directory: the second has different words and messages, the third fewer. All people are invented."""

    def __init__(self, directory, *, words, messages, stock):
        self.directory = pathlib.Path(directory)
        self.stock = stock
        self.write(1, range(words), messages)
        self.write(2, range(words // 10, words // 10 + words), messages)
        self.write(3, range(words * 2 // 3), messages // 2)

    @classmethod
    def of(cls, campaign):
        """Large enough that every operation takes a while, and small enough for hundreds of points."""
        size = dict(words=400, messages=150, stock=500) if campaign.short else dict(words=2000, messages=700, stock=2500)
        return cls(campaign.work / "editions", **size)

    def write(self, edition, words, messages):
        profile = {"id": "child_0001", "name": "Ada Invented", "school": f"school {edition}",
                   "mastered_english_words": ", ".join(f"word{number:05d}" for number in words)}
        chat = [{"id": f"m{number:05d}", "role": "user", "timestamp": "2024-05-01T10:00:00Z",
                 "content": f"message {number}, edition {edition if number % 3 == 0 else 1}"} for number in range(messages)]
        for path, content in (("profiles/child_profiles.json", [profile]), ("content_db/chat_history.json", chat)):
            file = self.directory / f"edition{edition}" / path
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(json.dumps(content, indent=0))

    def importing(self, edition, *more):
        return ["import", self.directory / f"edition{edition}", "--source", "legacy", "--quiet", *more]

    def verifying(self, edition):
        return ["verify", self.directory / f"edition{edition}", "--source", "legacy", "--quiet"]


@dataclasses.dataclass
class Operation:
    """An entry of the list."""

    name: str
    prepare: typing.Callable[[Place, Editions], None]
    command: typing.Callable[[Place, Editions], list]
    # The command that must exit with 0 after the operation.
    check: typing.Callable[[Editions], list] | None = None
    # For each kind of database, a query whose result changes when the operation commits; for the first time, if there
    # are several commits.
    committed: typing.Mapping[str, str] = dataclasses.field(default_factory=lambda: dict.fromkeys(KINDS, "SELECT count(*) FROM import_runs"))
    # Whether the command can be repeated after it has committed, without changing anything.
    repeatable: bool = True
    # Databases that commit schema changes immediately. A kill may leave the old rows with a new schema, or a state
    # that every reading command reports; the next run completes it.
    stepwise: tuple = ("mysql",)
    # Whether every reading command must report an intermediate state.
    reported: typing.Callable[[object], bool] = lambda snapshot: False
    # Commands that must succeed in the old and in the new state.
    checks: tuple = CHECKS
    databases: tuple = ("sqlite", "postgres", "mysql")
    # Databases of the short version.
    short: tuple = ("sqlite",)

    def kinds(self, campaign):
        return self.short if campaign.short else self.databases


def nothing(place, editions):
    del place, editions


def imported(*editions_in_order):
    def prepare(place, editions):
        for edition in editions_in_order:
            place.done(*editions.importing(edition, "--no-backup"))
    return prepare


def stocked(place, editions):
    """A table of an application, next to an imported directory."""
    imported(3)(place, editions)
    rows = ", ".join(f"({number}, 'thing {number}', {number % 97})" for number in range(editions.stock))
    place.sql("CREATE TABLE stock (id INT PRIMARY KEY, name VARCHAR(100) NOT NULL, amount INT)", f"INSERT INTO stock VALUES {rows}")


def enabled(place, editions):
    stocked(place, editions)
    place.done("audit", "enable", "stock")


def changed_by_application(place, editions):
    imported(1)(place, editions)
    place.sql("UPDATE mastered_words SET language = 'xx' WHERE id % 3 = 0", "DELETE FROM chat_messages WHERE id % 5 = 0")


def migrated_down(place, editions):
    imported(1)(place, editions)
    place.done("migrate", "down", "--confirm")


def latest_run(place):
    return json.loads(place.run("runs", "list", "--format", "json").stdout)[0]["id"]


def reverting(place, editions):
    del editions
    # Read before the operation starts; afterwards the latest run is another one.
    return ["revert", latest_run(place)]


def records_stock(snapshot):
    """Whether `stock` has triggers: then its changes are recorded, and its existing rows must be too."""
    return any("stock" in (row.get("table"), row.get("tbl_name")) and "trigger" in (row.get("kind"), row.get("type"))
               for row in snapshot.tables["(schema)"])


MIGRATIONS = dict.fromkeys(KINDS, "SELECT count(*) FROM __diesel_schema_migrations")
SEALS = dict.fromkeys(KINDS, "SELECT count(*) FROM audit_seals")
TRIGGERS = {"sqlite": "SELECT count(*) FROM sqlite_master", "postgres": "SELECT count(*) FROM pg_trigger",
            "mysql": "SELECT count(*) FROM information_schema.triggers WHERE trigger_schema = DATABASE()"}

OPERATIONS = [
    Operation("first-import", nothing, lambda place, e: e.importing(1), lambda e: e.verifying(1), short=("sqlite", "mysql")),
    Operation("changed-import", imported(1), lambda place, e: e.importing(2), short=("sqlite", "postgres")),
    Operation("prune", imported(1), lambda place, e: e.importing(3, "--prune"), lambda e: e.verifying(3), stepwise=()),
    Operation("revert", imported(1, 2), reverting, lambda e: e.verifying(1), stepwise=()),
    Operation("enable", stocked, lambda place, e: ["audit", "enable", "stock"], committed=TRIGGERS, reported=records_stock,
              short=("sqlite", "postgres", "mysql")),
    Operation("disable", enabled, lambda place, e: ["audit", "disable", "stock"], committed=TRIGGERS),
    Operation("seal", changed_by_application, lambda place, e: ["audit", "seal"], committed=SEALS, stepwise=()),
    # Without its latest migration, the ledger cannot be verified, and every command reports this.
    Operation("migrate-down", imported(1), lambda place, e: ["migrate", "down", "--confirm"], committed=MIGRATIONS, repeatable=False,
              checks=()),
    Operation("migrate-up", migrated_down, lambda place, e: ["migrate", "up"], lambda e: e.verifying(1), committed=MIGRATIONS, checks=()),
]


class Prepared:
    """An operation with its saved initial state, and the result of an undisturbed run."""

    def __init__(self, operation, place, directory, editions, measure=None):
        from databases import volatile_columns
        self.operation, self.editions, self.saved = operation, editions, directory
        place.fresh()
        operation.prepare(place, editions)
        self.command = operation.command(place, editions)
        place.save(directory)
        self.old = place.snapshot()
        self.has_ledger = bool(self.old.data())
        ends = []
        self.seconds, self.measured = [], []
        for _ in range(2):
            place.restore(directory)
            seconds, measured = (measure or timed)(place, self.command)
            self.seconds.append(seconds)
            self.measured.append(measured)
            ends.append(place.snapshot())
        self.new = ends[1]
        self.volatile = volatile_columns(*ends)
        self.normal = self.new.normal(self.volatile)
        self.files = place.files()
        faults = self.unsound(place, done=True)
        if self.old.exact() == self.new.exact():
            faults.append("an undisturbed run changes nothing")
        if ends[0].normal(self.volatile) != self.normal:
            faults.append("two undisturbed runs differ")
        if faults:
            raise RuntimeError("undisturbed: " + "\n".join(faults))

    def state(self, place):
        """Returns `old`, `new`, `between` where that is allowed, or None with the differences."""
        found = place.snapshot()
        if found.exact() == self.old.exact():
            return "old", None
        normal = found.normal(self.volatile)
        if normal == self.normal:
            return "new", None
        if place.kind in self.operation.stepwise and (
                self.operation.name.startswith(("migrate", "enable", "disable")) or found.data() == self.old.data()):
            return "between", None
        from databases import difference
        return None, (f"neither the old nor the new state; compared with the old: {difference(self.old.exact(), found.exact())}\n"
                      f"    compared with the new: {difference(self.normal, normal)}")

    def unsound(self, place, done):
        """Returns the problems that the checking commands find in the old or the new state."""
        if not place.exists():
            return []
        checks = list(self.operation.checks) if done or self.has_ledger else []
        if done:
            checks += [("doctor",)] if checks else []
            checks += [self.operation.check(self.editions)] if self.operation.check else []
        return [f"`{' '.join(map(str, check[:2]))}` of the {'new' if done else 'old'} state: {wrong}"
                for check in checks if (wrong := self._wrong(place, check))]

    @staticmethod
    def _wrong(place, check):
        from common import output_of
        result = place.run(*check)
        return output_of(result) if result.returncode != 0 else None

    def unreported(self, place):
        """Returns the reading commands that do not report an intermediate state."""
        from common import output_of
        if not self.operation.reported(place.snapshot()):
            return []
        return [f"`{' '.join(check)}` does not report the intermediate state: {output_of(result)}" for check in (("audit", "verify"), ("audit", "reconcile"))
                if (result := place.run(*check)).returncode != 4]

    def again(self, place, state):
        """Repeats the command; returns the differences from an undisturbed run."""
        from common import output_of
        from databases import difference
        faults = []
        if state != "new" or self.operation.repeatable:
            result = place.run(*self.command)
            if result.returncode != 0:
                faults.append(f"the repeated command ({state} state): {output_of(result)}")
        normal = place.snapshot().normal(self.volatile)
        if normal != self.normal:
            faults.append(f"the repeated command ({state} state) leads to another state: {difference(self.normal, normal)}")
        return faults + self.unsound(place, done=True) + self.leftovers(place)

    def leftovers(self, place):
        """Returns files that an undisturbed run does not leave."""
        more = []
        for name in place.files() - self.files:
            last = pathlib.PurePath(name).name
            # Complete files may stay: a copy of the database, the manifest of a killed run, which may belong to
            # another database, and the log of a database that was killed.
            if name in ("archive/backups/RUN.sqlite", "archive/runs/RUN.json", "legacy.db-wal", "legacy.db-shm"):
                continue
            # Killed just after the database got its name: the next change removes its other name.
            if last == ".legacy.db.accession-new" and (place.target / name).samefile(place.target / "legacy.db"):
                continue
            more.append(re.sub(r"\.tmp-backup-\w{6}", ".tmp-backup-…", name))
        return [f"left over: {', '.join(sorted(more))}"] if more else []


def timed(place, command):
    """Runs a command undisturbed; returns its seconds."""
    import time
    begun = time.monotonic()
    place.done(*command)
    return time.monotonic() - begun, None

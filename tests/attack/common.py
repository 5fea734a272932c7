"""Shared code of the campaigns: options, resumable points, running accession, and the report.

A campaign attacks operations at many *points*. A point has a key, which together with the seed determines its random choices.
Its result is a label (the state of the database) and a list of faults. Finished points are written to a state file, so that a killed
campaign can be resumed.
"""
import argparse
import collections
import concurrent.futures
import fcntl
import hashlib
import json
import os
import pathlib
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time

from databases import KINDS, Mysql, Place, Postgres, Sqlite, unmount_all

ROOT = pathlib.Path(__file__).resolve().parents[2]
# Maximum number of fault groups that are printed in full; all are counted.
SHOWN = 12


class Fault(Exception):
    """A fault: an event that must not happen. The text describes it."""


class Skipped(Exception):
    """A group of points cannot run here. The text is the reason."""


class Outcome:
    """The result of one point."""

    def __init__(self, label, faults=()):
        self.label = label
        self.faults = list(faults)


class Campaign:
    """A campaign: its options, its finished points, and its report."""

    def __init__(self, name, description, *, counts, databases=("sqlite", "postgres", "mysql"), short=None, configure=None):
        """`counts` is the number of points of a group per kind of database; `short` that of the short version."""
        self.name = name
        self.counts = counts
        self.short_counts = short
        self.known_databases = databases
        self.options = self._parse(description, configure)
        self.seed = self.options.seed
        self.short = self.options.short
        self.accession = self._binary()
        self.begun = time.monotonic()
        self.table = {}
        self.skipped = []
        self.faults = []
        self.stop = threading.Event()
        self.lock = threading.Lock()
        state = self.options.state or ROOT / "target" / "attack" / f"{name}{'-short' if self.short else ''}.state"
        self.state = State(pathlib.Path(state).resolve(), header(name, self.accession, self.seed, self.short))
        # A fixed name, so that the next start removes what a killed campaign left.
        digest = hashlib.sha256(str(self.state.path).encode()).hexdigest()[:6]
        self.prefix = f"accession_attack_{digest}"
        self.work = scratch_root() / f"accession-attack-{name}-{digest}"
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, self._interrupted)
        self._clean()
        self.work.mkdir(parents=True)

    def _parse(self, description, configure):
        parser = argparse.ArgumentParser(prog=f"attack {self.name}", description=description)
        parser.add_argument("--accession", help="program to attack [default: $ACCESSION_BIN, else target/debug/accession]")
        parser.add_argument("--count", type=int, help=f"points per operation and database [default: {self.counts}]")
        parser.add_argument("--seed", type=int, default=1, help="seed of all random choices [default: 1]")
        parser.add_argument("--only", action="append", metavar="OPERATION", help="only this operation; can be repeated")
        parser.add_argument("--database", action="append", choices=KINDS, help="only this kind of database; can be repeated")
        parser.add_argument("--point", metavar="KEY", help="only the point with this key, to reproduce it")
        parser.add_argument("--state", help="file of finished points, to resume [default: target/attack/CAMPAIGN.state]")
        parser.add_argument("--short", action="store_true", help="run few points, as a smoke test")
        parser.add_argument("--jobs", type=int, default=os.cpu_count() or 2, help="points at once, each with its own database")
        if configure:
            configure(parser)
        return parser.parse_args()

    def _binary(self):
        path = self.options.accession or os.environ.get("ACCESSION_BIN") or ROOT / "target" / "debug" / "accession"
        path = pathlib.Path(path).resolve()
        if not path.is_file():
            sys.exit(f"error: no such program: {path}\n\nhint: run `cargo build`, or select it with --accession")
        return path

    def _interrupted(self, number, _frame):
        # Points in progress do not count: the next start repeats them.
        self.stop.set()
        print(f"\n{self.name}: interrupted by signal {number}; the same command resumes it", file=sys.stderr, flush=True)

    def _clean(self):
        unmount_all(self.work)
        if (self.work / "servers").exists():
            subprocess.run([ROOT / "scripts" / "servers", "stop", self.work / "servers"], check=False)
        shutil.rmtree(self.work, ignore_errors=True)
        for server in (Postgres, Mysql):
            if server.is_there():
                server.drop_all(self.prefix)

    # ── targets ───────────────────────────────────────────────────────────────────────────────────────────────────────

    def kinds(self, databases=None):
        """The kinds of databases to attack; unavailable ones are skipped visibly."""
        wanted = self.options.database or self.known_databases
        for kind in wanted:
            if kind not in (databases or self.known_databases):
                continue
            reason = {"sqlite": Sqlite, "postgres": Postgres, "mysql": Mysql}[kind].missing()
            if reason is None:
                yield kind
            elif self.options.database:
                sys.exit(f"error: {kind}: {reason}")
            elif (kind, reason) not in self.skipped:
                self.skipped.append((kind, reason))

    def selected(self, entries):
        """The entries of a list of operations or scenarios that are selected by `--only`."""
        if not self.options.only:
            return entries
        unknown = set(self.options.only) - {entry.name for entry in entries}
        if unknown:
            sys.exit(f"error: unknown: {', '.join(sorted(unknown))}\n\nhint: known are {', '.join(e.name for e in entries)}")
        return [entry for entry in entries if entry.name in self.options.only]

    def count(self, kind):
        if self.options.count:
            return self.options.count
        return (self.short_counts if self.short else self.counts)[kind]

    def place(self, kind, worker, **more):
        """A database of this kind with its own directory, for one worker."""
        return Place.of(kind, self.accession, self.work / f"{kind}-{worker}", f"{self.prefix}_{worker}", **more)

    # ── running ────────────────────────────────────────────────────────────────────────────────────────────────────────

    def group(self, operation, kind, keys, prepare, attack, jobs=None):
        """Runs the unfinished points: `prepare()` once, then `attack(prepared, worker, key, rng)` for each.

        `attack` returns an `Outcome`; a `Fault` that it raises counts as one.
        """
        name = f"{operation}/{kind}"
        full = {key: f"{name}/{key}" for key in keys}
        if self.options.point:
            full = {key: value for key, value in full.items() if value == self.options.point}
        row = self.table.setdefault((operation, kind), Row())
        pending = []
        for key, point in full.items():
            if point in self.state.finished and not self.options.point:
                self._count(row, point, *self.state.finished[point])
            else:
                pending.append(key)
        if not pending or self.stop.is_set():
            return
        begun = time.monotonic()
        try:
            prepared = prepare()
        except Skipped as skipped:
            self.skipped.append((name, str(skipped)))
            return
        except Exception as error:  # noqa: BLE001 - whatever it is, the campaign has failed
            if self.stop.is_set():
                return
            self._count(row, f"{name}/undisturbed", "undisturbed", [describe(error)])
            self._progress(name, row, len(full), begun)
            return
        jobs = min(jobs or self.options.jobs, len(pending))
        shown = time.monotonic()
        workers = list(range(1, jobs + 1))
        with concurrent.futures.ThreadPoolExecutor(jobs) as pool:
            def one(key):
                if self.stop.is_set():
                    return
                with self.lock:
                    worker = workers.pop()
                point = full[key]
                try:
                    outcome = attack(prepared, worker, key, random.Random(f"{self.seed}/{point}"))
                except Exception as error:  # noqa: BLE001
                    outcome = Outcome("failed", [describe(error)])
                with self.lock:
                    workers.append(worker)
                    # An interrupt of the campaign may also have interrupted the processes of the point.
                    if self.stop.is_set():
                        return
                    self.state.add(point, outcome)
                    self._count(row, point, outcome.label, outcome.faults)
            for _ in concurrent.futures.as_completed([pool.submit(one, key) for key in pending]):
                if time.monotonic() - shown > 10:
                    shown = time.monotonic()
                    self._progress(name, row, len(full), begun)
        row.seconds += time.monotonic() - begun
        self._progress(name, row, len(full), begun)

    def _count(self, row, point, label, faults):
        row.labels[label] += 1
        row.faults += bool(faults)
        self.faults += [(point, fault) for fault in faults]

    def _progress(self, name, row, total, begun):
        print(f"{self.name} {name}: {sum(row.labels.values())}/{total}  {row.summary()}  "
              f"{time.monotonic() - begun:.0f} s", file=sys.stderr, flush=True)

    # ── reporting ──────────────────────────────────────────────────────────────────────────────────────────────────────

    def finish(self):
        """Prints the table, removes all temporary data, and ends the process."""
        self._clean()
        interrupted = self.stop.is_set()
        points = sum(sum(row.labels.values()) for row in self.table.values())
        print(f"\n{'operation':34} {'database':9} {'points':>6} {'faults':>6} {'seconds':>8}  ended as")
        for (operation, kind), row in self.table.items():
            print(f"{operation:34} {kind:9} {sum(row.labels.values()):6} {row.faults:6} {row.seconds:8.1f}  {row.summary()}")
        for what, why in self.skipped:
            print(f"skipped: {what}: {why}")
        alike = collections.defaultdict(list)
        for point, fault in self.faults:
            alike[(point.rsplit("/", 1)[0], fault.split("\n")[0])].append((point, fault))
        for number, ((_, first), found) in enumerate(alike.items()):
            if number == SHOWN:
                print(f"\n… and {len(alike) - SHOWN} other kinds of faults: see {self.state.path}")
                break
            print(f"\nfault, {len(found)} times, first at {found[0][0]}: {found[0][1]}")
        failed = sum(row.faults for row in self.table.values())
        seconds = time.monotonic() - self.begun
        print(f"\n{self.name}: {points} points, {failed} with faults, seed {self.seed}, {seconds:.0f} s"
              + (", interrupted" if interrupted else ""), flush=True)
        if not interrupted and not self.options.point:
            self.state.complete()
        sys.exit(130 if interrupted else 1 if failed or not points else 0)


class Row:
    """The figures of one operation on one database."""

    def __init__(self):
        self.labels = collections.Counter()
        self.faults = 0
        self.seconds = 0.0

    def summary(self):
        labels = ", ".join(f"{label} {count}" for label, count in sorted(self.labels.items()))
        return f"{labels}; {self.faults} faults" if self.faults else labels


def header(campaign, program, seed, short):
    """Identifies the program and seed of finished points; those of others do not count."""
    with open(program, "rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    return {"campaign": campaign, "program": digest, "seed": seed, "short": short}


class State:
    """The finished points of a campaign, one JSON document per line; discarded if the program or seed differs."""

    def __init__(self, path, header):
        self.path = path
        self.finished = {}
        path.parent.mkdir(parents=True, exist_ok=True)
        self.file = open(path, "a+", encoding="utf-8")
        try:
            fcntl.flock(self.file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            sys.exit(f"error: another campaign is using `{path}`")
        self.file.seek(0)
        lines = [json.loads(line) for line in self.file.read().split("\n")[:-1]]
        if lines and lines[0] == header and not lines[-1].get("complete"):
            self.finished = {line["point"]: (line["label"], line["faults"]) for line in lines[1:]}
            print(f"resuming: {len(self.finished)} points are finished", file=sys.stderr)
            # Removes a line that was cut off when the campaign was killed.
            self._rewrite(lines)
        else:
            self._rewrite([header])

    def _rewrite(self, lines):
        self.file.seek(0)
        self.file.truncate()
        for line in lines:
            self._write(line)

    def _write(self, line):
        self.file.write(json.dumps(line) + "\n")
        self.file.flush()

    def add(self, point, outcome):
        self._write({"point": point, "label": outcome.label, "faults": outcome.faults})

    def complete(self):
        self._write({"complete": True})


def scratch_root():
    """Memory instead of a disk: a kill loses the same data, and nothing waits for `fsync`."""
    memory = pathlib.Path("/dev/shm")
    return memory if os.access(memory, os.W_OK) else pathlib.Path(tempfile.gettempdir())


def describe(error):
    if isinstance(error, (Fault, subprocess.TimeoutExpired)):
        return str(error)
    import traceback
    return "".join(traceback.format_exception(error)).strip().replace("\n", "\n    ")


def output_of(ended):
    """The output of a process, for a fault."""
    text = "\n".join(filter(None, [ended.stderr.strip(), ended.stdout.strip()]))
    return f"exit code {ended.returncode}\n    " + text[-1500:].replace("\n", "\n    ")


def stratified(count, index, rng):
    """A random fraction in the `index`th of `count` equal parts of [0, 1)."""
    return (index + rng.random()) / count

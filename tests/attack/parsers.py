#!/usr/bin/env python3
"""Runs the public test suites of JSON and JSON Schema with accession.

JSONTestSuite: files that must be accepted (`y_`) are accepted with exact values; files that must be rejected (`n_`) are rejected with file,
line and column; others (`i_`) may be either, without a crash. JSON-Schema-Test-Suite: `accession validate` must agree with the suite on
each case. Known deviations are in `parsers_known.txt`, with reasons; all others are faults.

The suites are not part of the repository: JSON_TEST_SUITE and JSON_SCHEMA_TEST_SUITE are their directories [default: in
`../shared/suites/`]. A missing suite is skipped visibly.
"""
import collections
import decimal
import fnmatch
import json
import os
import pathlib
import random
import shutil
import sqlite3
import subprocess

import common
from common import ROOT, Campaign, Fault, Outcome, Skipped

ANYTHING = ROOT / "fixtures" / "layouts" / "anything"
DIALECTS = {"draft7": "http://json-schema.org/draft-07/schema#", "draft2020-12": "https://json-schema.org/draft/2020-12/schema"}
SOURCE = """
[[source]]
files  = "{name}/{{file}}.json"
schema = "{name}.schema.json"

  [[source.records]]
  table    = "items"
  each     = ""
  identity = "position"

  [source.records.columns]
  file  = "{{file}}"
  value = ""
"""


class Known:
    """Patterns of the known deviations, with reasons."""

    def __init__(self, path):
        lines = (line.strip() for line in path.read_text().splitlines())
        entries = [line.split(" # ", 1) for line in lines if line and not line.startswith("#")]
        self.reasons = {pattern.strip(): reason for pattern, reason in entries}
        self.seen = set()

    def outcome(self, case, agrees, what):
        """The result of a case that agrees with the suite or deviates."""
        if agrees:
            return Outcome("as the suite expects")
        for pattern in self.reasons:
            if fnmatch.fnmatchcase(case, pattern):
                self.seen.add(pattern)
                return Outcome("known to deviate")
        return Outcome("deviates", [what])


def suite(variable, name):
    """Returns the directory of a suite."""
    path = pathlib.Path(os.environ.get(variable) or ROOT.parent / "shared" / "suites" / name)
    # A worktree may be deeper.
    candidates = [path] if os.environ.get(variable) else [parent / "shared" / "suites" / name for parent in list(ROOT.parents)[:2]]
    for candidate in candidates:
        if candidate.is_dir():
            return candidate
    raise Skipped(f"{path} does not exist; set {variable}")


class Parsers:
    def __init__(self, campaign):
        self.campaign = campaign
        self.known = Known(pathlib.Path(__file__).with_name("parsers_known.txt"))

    def accession(self, *arguments):
        result = subprocess.run([self.campaign.accession, *map(str, arguments)], capture_output=True, text=True, errors="replace",
                                cwd=self.campaign.work, env={**os.environ, "NO_COLOR": "1", "ACCESSION_ACTOR": "campaign"}, timeout=300)
        if result.returncode not in (0, 1, 2, 3, 4, 5) or "panicked" in result.stderr:
            raise Fault(f"crash: {common.output_of(result)}")
        return result

    def sample(self, cases):
        """All cases, or a sample of `--count`."""
        count = self.campaign.options.count
        cases = sorted(cases)
        return cases if not count or count >= len(cases) else random.Random(self.campaign.seed).sample(cases, count)

    def json(self, folder, prefix, as_documents):
        """The files of JSONTestSuite with a prefix, read as documents or as arrays of records."""
        name = f"{prefix or folder} {'documents' if as_documents else 'records'}"
        try:
            files = {path.name: path for path in (suite("JSON_TEST_SUITE", "JSONTestSuite") / folder).glob(f"{prefix}*.json")}
        except Skipped as skipped:
            self.campaign.skipped.append((name, str(skipped)))
            return
        if not as_documents and prefix == "y_":
            files = {name: path for name, path in files.items() if path.read_bytes().lstrip().startswith(b"[")}

        def prepare():
            directory = self.campaign.work / name.replace(" ", "-")
            target = directory / ("documents" if as_documents else "records")
            shutil.rmtree(directory, ignore_errors=True)
            target.mkdir(parents=True)
            for path in files.values():
                shutil.copyfile(path, target / path.name)
            return directory, self.findings(directory, ANYTHING), self.imported(directory)

        def attack(prepared, worker, file, rng):
            del worker, rng
            directory, findings, rows = prepared
            errors = findings.get(f"{'documents' if as_documents else 'records'}/{file}", [])
            content = files[file].read_bytes()
            case = f"json/{folder}/{file}/{'documents' if as_documents else 'records'}"
            if prefix == "n_":
                placed = all(error["line"] and error["column"] for error in errors)
                return self.known.outcome(case, errors and placed, f"{content[:60]!r} is accepted" if not errors else f"an error without a location: {errors}")
            if prefix == "y_":
                if errors:
                    return self.known.outcome(case, False, f"{content[:60]!r} is rejected: {errors[0]['message']}")
                want = [exactly(content)] if as_documents else exactly(content)
                # JSON's null is stored as NULL.
                got = [None if value is None else exactly(value.encode()) for value in rows[pathlib.Path(file).stem]]
                return self.known.outcome(case, got == want, f"{content[:60]!r} arrives as {got!r}")
            return Outcome("rejected" if errors else "accepted")
        self.campaign.group(name, "files", self.sample(files), prepare, attack, jobs=1)

    def findings(self, directory, layout):
        """Returns the errors in a directory, by path."""
        result = self.accession("validate", directory, "--layout", layout, "--format", "json", "--all")
        document = json.loads(result.stdout)
        if "findings" not in document:
            raise LayoutError(document["error"]["message"] + " " + " ".join(document["error"]["details"]))
        found = collections.defaultdict(list)
        for finding in document["findings"]:
            if finding["level"] == "error":
                found[finding["path"]].append(finding)
        return found

    def imported(self, directory):
        """Returns the values of the imported records, by file name."""
        database = self.campaign.work / "parsers.db"
        for ending in ("", "-wal", "-shm"):
            pathlib.Path(f"{database}{ending}").unlink(missing_ok=True)
        shutil.rmtree(f"{database}.archive", ignore_errors=True)
        self.accession("import", directory, "--layout", ANYTHING, "--database", database, "--skip-invalid", "--quiet")
        rows = collections.defaultdict(list)
        connection = sqlite3.connect(database)
        for file, value in connection.execute("SELECT file, value FROM items ORDER BY id"):
            rows[file].append(value)
        connection.close()
        return rows

    def schemas(self, dialect):
        """The cases of JSON-Schema-Test-Suite for one dialect: a group of points per file of the suite."""
        try:
            root = suite("JSON_SCHEMA_TEST_SUITE", "JSON-Schema-Test-Suite") / "tests" / dialect
        except Skipped as skipped:
            self.campaign.skipped.append((dialect, str(skipped)))
            return
        paths = sorted(root.rglob("*.json"))
        cases, verdicts = {}, {}
        for path in paths:
            name = str(path.relative_to(root))
            for number, group in enumerate(json.loads(path.read_text())):
                for index, test in enumerate(group["tests"]):
                    cases[f"{name}::{number}::{index}"] = (path, group, test)

        def prepare():
            for path in paths:
                verdicts.update(self.verdicts(str(path.relative_to(root)), json.loads(path.read_text()), dialect))
            return verdicts

        def attack(prepared, worker, key, rng):
            del worker, rng
            _, group, test = cases[key]
            name = key.split("::", 1)[0]
            case = f"schema/{dialect}/{name}::{group['description']}::{test['description']}"
            verdict = prepared[key]
            reported = {True: "valid", False: "invalid"}.get(verdict, verdict)
            return self.known.outcome(case, verdict == test["valid"], f"{case}: is {'valid' if test['valid'] else 'invalid'}, reported is {reported}")
        self.campaign.group(f"schemas of {dialect}", "files", self.sample(cases), prepare, attack, jobs=1)

    def verdicts(self, name, groups, dialect, numbers=None):
        """Returns by key whether accession finds the data valid, or why it rejects the schema."""
        numbers = range(len(groups)) if numbers is None else numbers
        directory, layout = self.campaign.work / "data", self.campaign.work / "layout"
        for path in (directory, layout):
            shutil.rmtree(path, ignore_errors=True)
            path.mkdir()
        shutil.copyfile(ANYTHING / "tables.sql", layout / "tables.sql")
        text = 'name  = "suite"\ntitle = "Cases of a test suite"\n'
        for number in numbers:
            schema = groups[number]["schema"]
            if isinstance(schema, dict):
                schema = {"$schema": DIALECTS[dialect], **schema}
            (layout / f"g{number}.schema.json").write_text(json.dumps(schema))
            text += SOURCE.format(name=f"g{number}")
            (directory / f"g{number}").mkdir()
            for index, test in enumerate(groups[number]["tests"]):
                (directory / f"g{number}" / f"t{index}.json").write_text(json.dumps(test["data"]))
        (layout / "layout.toml").write_text(text)
        keys = {f"{name}::{number}::{index}": f"g{number}/t{index}.json" for number in numbers for index in range(len(groups[number]["tests"]))}
        try:
            found = self.findings(directory, layout)
        except LayoutError as error:
            if len(numbers) == 1:
                return dict.fromkeys(keys, f"a layout error: {error}")
            # A single rejected schema makes the whole layout invalid.
            split = {}
            for number in numbers:
                split.update(self.verdicts(name, groups, dialect, [number]))
            return split
        return {key: path not in found for key, path in keys.items()}


class LayoutError(Exception):
    """The layout is invalid."""


def exactly(content):
    """Parses a document with exact numbers and ordered members."""
    def number(text):
        return ("number", decimal.Decimal(text).normalize().as_tuple() if decimal.Decimal(text) else 0)
    with decimal.localcontext() as context:
        context.prec = 2000
        context.Emax, context.Emin = decimal.MAX_EMAX, decimal.MIN_EMIN
        return json.loads(content.decode("utf-8-sig"), parse_int=number, parse_float=number, object_pairs_hook=lambda pairs: ("object", *pairs))


def main():
    campaign = Campaign("parsers", __doc__, counts="all", databases=())
    parsers = Parsers(campaign)
    for prefix in ("y_", "n_", "i_"):
        for as_documents in (True, False):
            parsers.json("test_parsing", prefix, as_documents)
    parsers.json("test_transform", "", True)
    for dialect in DIALECTS:
        parsers.schemas(dialect)
    for pattern in parsers.known.reasons.keys() - parsers.known.seen if not campaign.options.count else ():
        print(f"no longer deviates: {pattern}")
    campaign.finish()


if __name__ == "__main__":
    main()

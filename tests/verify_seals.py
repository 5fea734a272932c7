#!/usr/bin/env python3
"""Verifies the seals of a SQLite database by docs/seals.md alone, with nothing but hashlib and sqlite3.

    tests/verify_seals.py DATABASE

Prints what holds and ends with 0, or prints what does not and ends with 1.
"""
import hashlib
import json
import sqlite3
import struct
import sys


def sha256(data):
    return hashlib.sha256(data).digest()


def field(value):
    if value is None:
        return b"\x00"
    if isinstance(value, int):
        return b"\x01" + struct.pack(">q", value)
    if isinstance(value, float):
        return b"\x02" + struct.pack(">d", value)
    if isinstance(value, str):
        data = value.encode()
        return b"\x03" + struct.pack(">Q", len(data)) + data
    return b"\x04" + struct.pack(">Q", len(value)) + bytes(value)


def leaf(fields):
    return sha256(b"\x00\x01" + b"".join(map(field, fields)))


def root(leaves):
    """RFC 6962 section 2.1, written as in the RFC."""
    if not leaves:
        return sha256(b"")
    if len(leaves) == 1:
        return leaves[0]
    split = 1
    while split * 2 < len(leaves):
        split *= 2
    return sha256(b"\x01" + root(leaves[:split]) + root(leaves[split:]))


def ids(text):
    for part in filter(None, text.split(",")):
        first, _, last = part.partition("-")
        yield from range(int(first), int(last or first) + 1)


ENTRY = "table_name, record_id, action, old_value, new_value, changed_at, changed_by, run_id, source_file_id, db_user"
FILE = "path, sha256, bytes, modified_at, records, rejected"


def main():
    database = sqlite3.connect(f"file:{sys.argv[1]}?mode=ro", uri=True)
    faults, previous, number, sealed = [], "0" * 64, 0, 0
    for kept_number, kept_hash, header in database.execute("SELECT number, hash, header FROM audit_seals ORDER BY number"):
        number += 1
        found = sha256(header.encode()).hex()
        header = json.loads(header)
        entries = header["entries"]
        rows = {row[0]: row[1:] for row in database.execute(f"SELECT id, {ENTRY} FROM audit_log")}
        leaves = [leaf(rows[i]) if i in rows else b"" for i in ids(entries["ids"])]
        checks = [
            ("number", kept_number == number == header["number"]),
            ("hash", kept_hash == found),
            ("previous", header["previous"] == previous),
            ("count", len(leaves) == entries["count"] == sum(n for t in entries["tables"].values() for n in t.values())),
            ("root", root(leaves).hex() == entries["root"]),
        ]
        blocks = database.execute("SELECT hash, tags FROM audit_seal_blocks WHERE seal = ? ORDER BY position", (number,))
        chunks = [leaves[at:at + 4096] for at in range(0, len(leaves), 4096)]
        expected = [(root(chunk), b"".join(one[:2] for one in chunk)) for chunk in chunks]
        checks.append(("blocks", list(blocks) == expected))
        if header["run"]:
            run = header["run"]
            columns = ", ".join(run)
            kept = database.execute(f"SELECT {columns} FROM import_runs WHERE id = ?", (run["id"],)).fetchone()
            checks.append(("run", kept == tuple(run.values())))
            files = [leaf(row) for row in database.execute(f"SELECT {FILE} FROM source_files WHERE run_id = ? ORDER BY id", (run["id"],))]
            checks.append(("files", (len(files), root(files).hex()) == (header["files"]["count"], header["files"]["root"])))
        definitions = database.execute(
            "SELECT type, name, tbl_name, sql FROM sqlite_master WHERE type IN ('table', 'view', 'trigger') "
            "AND name NOT LIKE 'sqlite_%' ORDER BY type, name")
        schema = root([leaf(row) for row in definitions]).hex()
        faults += [f"seal {number}: {name}" for name, holds in checks if not holds]
        previous, sealed = found, sealed + len(leaves)
    if number and schema != header["schema"]:
        print("note: the definitions of tables or triggers have changed since the last seal")
    for fault in faults:
        print("does not hold:", fault)
    print(f"{number} seals, {sealed} entries, head {previous}")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())

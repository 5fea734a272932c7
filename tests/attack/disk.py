#!/usr/bin/env python3
"""Runs every operation on disks that are too small, at sizes from the space already used to the space needed.

The disk (a `tmpfs`, which only root can mount) contains database and archive; for servers, only the archive. Afterwards the database must
be in the old or the new state, the message must agree, no temporary file may remain, and with enough space the same command must succeed.
"""
import os
import subprocess
import threading
import time

import common
from common import Campaign, Outcome, Skipped
from operations import OPERATIONS, Editions, Prepared

ROOMY = 512 * 1024


class Disk:
    """A small disk at `path`."""

    def __init__(self, path):
        self.path = path
        path.mkdir(parents=True, exist_ok=True)
        self.mount("mount", "-t", "tmpfs", "-o", f"size={ROOMY}k,mode=755", "tmpfs", str(path))

    @staticmethod
    def mount(*command):
        result = subprocess.run(command, capture_output=True, text=True, check=False)
        if result.returncode != 0:
            raise Skipped(f"cannot create a small disk: {result.stderr.strip()}")

    def resize(self, kibibytes):
        self.mount("mount", "-o", f"remount,size={kibibytes}k", str(self.path))

    def used(self):
        """In KiB."""
        found = os.statvfs(self.path)
        return (found.f_blocks - found.f_bfree) * found.f_bsize // 1024


class Filling:
    def __init__(self, campaign):
        self.campaign = campaign
        self.editions = Editions.of(campaign)
        self.disks = {}

    def place(self, kind, worker):
        """A database on a small disk."""
        if (kind, worker) not in self.disks:
            if os.geteuid() != 0:
                raise Skipped("only root can mount a small disk")
            place = self.campaign.place(kind, worker)
            self.disks[kind, worker] = place, Disk(place.target)
        return self.disks[kind, worker]

    def prepare(self, operation, kind):
        place, disk = self.place(kind, 0)
        return Prepared(operation, place, self.campaign.work / "saved" / f"{operation.name}-{kind}", self.editions,
                        measure=lambda place, command: measured(place, command, disk))

    def attack(self, prepared, worker, key, rng):
        place, disk = self.place(prepared.kind, worker)
        disk.resize(ROOMY)
        place.restore(prepared.saved)
        before, files = disk.used(), place.files()
        index, count = map(int, key.split("of"))
        # More than one page, so that writing is possible even on the smallest disk.
        need = max(max(prepared.measured) - before, 8)
        disk.resize(before + max(4, int(need * 1.05 * common.stratified(count, index, rng))))
        result = place.run(*prepared.command)
        disk.resize(ROOMY)
        place.settle()
        state, wrong = prepared.state(place)
        faults = [wrong] if state is None else []
        faults += self.untruthful(result, state)
        if state in ("old", "new"):
            faults += prepared.unsound(place, done=state == "new")
        elif state == "between":
            faults += prepared.unreported(place)
        if result.returncode != 0:
            more = place.files() - files
            # Reading a database creates these; complete files may stay.
            for name in ("legacy.db-wal", "legacy.db-shm", "archive/seals.log", "archive/.lock"):
                more.pop(name, None)
            if more and state == "old":
                faults.append(f"left over: {', '.join(sorted(more))}")
        faults += prepared.again(place, state)
        return Outcome(f"{state or 'neither'}, exit code {result.returncode}", faults)

    @staticmethod
    def untruthful(result, state):
        """Checks that exit code and message match the state."""
        output = (result.stderr + result.stdout).lower()
        faults = []
        if result.returncode not in (0, 1):
            faults.append(f"unexpected {common.output_of(result)}")
        if result.returncode == 0 and state != "new":
            faults.append(f"success is reported, but the database is in the {state} state: {common.output_of(result)}")
        if result.returncode != 0 and state == "new" and ("nothing was committed" in output or "committed" not in output):
            faults.append(f"failure is reported without saying that it was committed: {common.output_of(result)}")
        if state not in ("old", "new") and "nothing was committed" in output:
            faults.append(f"`nothing was committed` is reported, but the database is in the {state} state: {common.output_of(result)}")
        if result.returncode == 1 and not any(words in output for words in ("disk is full", "no space left", "disk full", "database or disk")):
            faults.append(f"the message does not mention the disk: {common.output_of(result)}")
        return faults


def measured(place, command, disk):
    """Runs a command undisturbed; returns its seconds and its maximum disk usage in KiB."""
    most, over = [disk.used()], threading.Event()

    def look():
        while not over.is_set():
            most[0] = max(most[0], disk.used())
            time.sleep(0.0002)
    looking = threading.Thread(target=look)
    looking.start()
    begun = time.monotonic()
    try:
        place.done(*command)
    finally:
        over.set()
        looking.join()
    return time.monotonic() - begun, max(most[0], disk.used())


def main():
    campaign = Campaign("disk", __doc__, counts={"sqlite": 20, "postgres": 20, "mysql": 20}, short={"sqlite": 2})
    filling = Filling(campaign)
    for operation in campaign.selected(OPERATIONS):
        for kind in campaign.kinds(("sqlite",) if campaign.short else operation.databases):
            # On a server, migrations write nothing to the small disk.
            if kind != "sqlite" and operation.name.startswith("migrate"):
                continue

            def prepare(operation=operation, kind=kind):
                prepared = filling.prepare(operation, kind)
                prepared.kind = kind
                return prepared
            count = campaign.count(kind)
            campaign.group(operation.name, kind, [f"{index}of{count}" for index in range(count)], prepare, filling.attack)
    campaign.finish()


if __name__ == "__main__":
    main()

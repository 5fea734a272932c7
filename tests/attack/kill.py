#!/usr/bin/env python3
"""Kills accession, or its server, at many points of every operation, with SIGKILL.

After each kill the database must be in the old or the new state, its checks must be clean, the same command must succeed and lead to the
same state as an undisturbed run, and no temporary file may remain. Most points are spread over the measured duration of the operation;
every eighth, and the last, is just after another connection has seen the commit.
"""
import os
import re
import signal
import subprocess
import time

import common
import databases
from common import Campaign, Outcome, ROOT
from operations import OPERATIONS, Editions, Prepared


def configure(parser):
    parser.add_argument("--victim", choices=("accession", "server"), default="accession",
                        help="which process is killed; `server` starts private servers [default: accession]")


class Killing:
    """Kills accession at one point after the other."""

    def __init__(self, campaign):
        self.campaign = campaign
        self.editions = Editions.of(campaign)
        self.places = {}

    def place(self, kind, worker):
        return self.places.setdefault((kind, worker), self.campaign.place(kind, worker))

    def prepare(self, operation, kind):
        return Prepared(operation, self.place(kind, 0), self.campaign.work / "saved" / f"{operation.name}-{kind}", self.editions)

    def attack(self, prepared, worker, key, rng):
        place = self.place(prepared.kind, worker)
        place.restore(prepared.saved)
        index, count = map(int, key.split("of"))
        if index % 8 == 7 or index == count - 1:
            code = self.kill_after_commit(prepared, place, rng)
        else:
            # The slower of two runs, because concurrent points take longer.
            code = self.kill_after(prepared, place, max(prepared.seconds) * common.stratified(max(count - 1, 1), index, rng))
        faults = []
        place.settle()
        state, wrong = prepared.state(place)
        if state is None:
            faults.append(wrong)
        elif state == "between":
            faults += prepared.unreported(place)
        else:
            faults += prepared.unsound(place, done=state == "new")
        if code == 0 and state != "new":
            faults.append(f"exit code 0, but the database is in the {state} state")
        faults += prepared.again(place, state)
        return Outcome(state or "neither", faults)

    def kill_after(self, prepared, place, seconds):
        process = place.start(*prepared.command)
        try:
            process.wait(seconds)
        except subprocess.TimeoutExpired:
            process.kill()
        process.communicate()
        return process.returncode

    def kill_after_commit(self, prepared, place, rng):
        watch = place.watch(prepared.operation.committed[place.kind])
        try:
            before = watch.ask()
            process = place.start(*prepared.command)
            while process.poll() is None and (seen := watch.ask()) in (before, None):
                pass
            time.sleep(rng.choice((0, 0, 0, 0.0005, 0.002, 0.01)))
            process.kill()
            process.communicate()
            return process.returncode
        finally:
            watch.close()


class KillingServers(Killing):
    """Kills a private server and restarts it."""

    def __init__(self, campaign):
        super().__init__(campaign)
        self.directory = campaign.work / "servers"

    def servers(self, *arguments):
        environment = {name: value for name, value in os.environ.items() if not name.startswith("TEST_")}
        result = subprocess.run([ROOT / "scripts" / "servers", *map(str, arguments)], env=environment, capture_output=True, text=True, check=True)
        for name, value in re.findall(r"^export (\w+)=(.*)$", result.stdout, re.MULTILINE):
            os.environ[name] = value

    def kill_after(self, prepared, place, seconds):
        process = place.start(*prepared.command)
        try:
            process.wait(seconds)
        except subprocess.TimeoutExpired:
            pass
        self.kill_server(prepared.kind)
        self.servers("start", self.directory, prepared.kind)
        return databases.ended(process).returncode

    def kill_after_commit(self, prepared, place, rng):
        return self.kill_after(prepared, place, max(prepared.seconds) * rng.uniform(0.9, 1.0))

    def kill_server(self, kind):
        main = int((self.directory / f"{kind}.pid").read_text())
        children = subprocess.run(["ps", "-o", "pid=", "--ppid", str(main)], capture_output=True, text=True, check=False).stdout.split()
        for process in (main, *map(int, children)):
            try:
                os.kill(process, signal.SIGKILL)
            except ProcessLookupError:
                pass
        # Waits until it has ended.
        self.servers("kill", self.directory, kind)


def main():
    campaign = Campaign("kill", __doc__, counts={"sqlite": 200, "postgres": 50, "mysql": 50}, short={"sqlite": 3, "postgres": 2, "mysql": 2}, configure=configure)
    server = campaign.options.victim == "server"
    killing = KillingServers(campaign) if server else Killing(campaign)
    try:
        if server:
            killing.servers("start", killing.directory)
        for operation in campaign.selected(OPERATIONS):
            for kind in campaign.kinds(operation.kinds(campaign)):
                if server and kind == "sqlite":
                    continue
                count = campaign.options.count or (20 if server and not campaign.short else campaign.count(kind))

                def prepare(operation=operation, kind=kind):
                    prepared = killing.prepare(operation, kind)
                    prepared.kind = kind
                    return prepared
                campaign.group(operation.name + (" (server)" if server else ""), kind, [f"{index}of{count}" for index in range(count)],
                               prepare, killing.attack, jobs=1 if server else None)
    finally:
        if server:
            killing.servers("stop", killing.directory)
            for database in (databases.Postgres, databases.Mysql):
                os.environ.pop(database.variable, None)
    campaign.finish()


if __name__ == "__main__":
    main()

#!/usr/bin/env bash
# Measures the verification of the audit log and the revert of a run, on a directory of about 1.3 million rows.
#   benches/proof.sh CORPUS_DIR [RUNS]
# Imports the directory into a new SQLite database and measures `audit verify` and `audit reconcile`. Then imports a
# copy with about 60 000 additional records (made by CHANGE, a command that gets the copied directory), and reverts
# that run. Both imports use IMPORT_OPTIONS. Prints wall and processor time; on a busy machine only their ratios are
# meaningful. Needs /usr/bin/time (GNU) and a release build.
set -euo pipefail
corpus=$1 runs=${2:-3}
root=$(cd "$(dirname "$0")/.." && pwd)
accession=${ACCESSION:-$root/target/release/accession}
change=${CHANGE:-$root/benches/more_words.py}
work=$(mktemp -d "${TMPDIR:-/tmp}/accession-bench.XXXXXX")
trap 'rm -rf "$work"' EXIT
export ACCESSION_ACTOR=bench

measure() { # NAME COMMAND…
    local name=$1
    shift
    /usr/bin/time -o "$work/time" -f '%e %U %S %M' "$@" >"$work/out" || { cat "$work/out" >&2; exit 1; }
    read -r wall user sys peak <"$work/time"
    printf '%-10s %8.2f s  %8.2f s user  %6.2f s sys  %6d MB\n' "$name" "$wall" "$user" "$sys" $((peak / 1024))
}
read -ra options <<<"${IMPORT_OPTIONS:-}"
cp -r "$corpus" "$work/legacy"
measure import "$accession" import "$work/legacy" --database "$work/db" --no-backup "${options[@]}" --quiet
for ((i = 0; i < runs; i++)); do
    measure verify "$accession" audit verify --database "$work/db"
    measure reconcile "$accession" audit reconcile --database "$work/db"
done
for ((i = 0; i < runs; i++)); do
    "$change" "$work/legacy"
    measure import+ "$accession" import "$work/legacy" --database "$work/db" --no-backup "${options[@]}" --quiet
    run=$("$accession" runs list --database "$work/db" --format json | python3 -c 'import json, sys; print(json.load(sys.stdin)[0]["id"])')
    measure revert "$accession" revert "$run" --database "$work/db" --no-backup --quiet
    rm -r "$work/legacy" && cp -r "$corpus" "$work/legacy"
done
measure verify "$accession" audit verify --database "$work/db"
measure reconcile "$accession" audit reconcile --database "$work/db"

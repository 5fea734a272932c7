#!/usr/bin/env bash
# Compares the first import of a directory with a yardstick that loads the same rows into SQLite by other means.
#   benches/sqlite_load.sh CORPUS_DIR 'YARDSTICK_COMMAND … DATABASE' [RUNS]
# The yardstick is a shell command in which {db} is replaced by the database that it writes. Both run in turn, each with a
# new file in the same directory. Prints wall time, processor time and peak memory of each run, and the ratios. Needs
# /usr/bin/time (GNU) and a release build.
set -euo pipefail
corpus=$1 yardstick=$2 runs=${3:-5}
root=$(cd "$(dirname "$0")/.." && pwd)
accession=${ACCESSION:-$root/target/release/accession}
work=$(mktemp -d "${TMPDIR:-/tmp}/accession-bench.XXXXXX")
trap 'rm -rf "$work"' EXIT
measure() { # NAME COMMAND: appends "name wall cpu_user cpu_sys peak_kb" to the figures
    rm -rf "$work"/db*
    /usr/bin/time -o "$work/time" -f '%e %U %S %M' bash -c "$2" >/dev/null 2>"$work/err" || { cat "$work/err" >&2; exit 1; }
    echo "$1 $(cat "$work/time")" | tee -a "$work/figures"
}
echo "name wall_s user_s sys_s peak_kb"
for ((i = 0; i < runs; i++)); do
    measure accession "exec '$accession' import '$corpus' --database '$work/db' ${IMPORT_OPTIONS:-} --quiet"
    measure yardstick "${yardstick//\{db\}/$work/db}"
done
sort "$work/figures" | awk '
    { n[$1]++; wall[$1, n[$1]] = $2; if ($5 > peak[$1]) peak[$1] = $5 }
    function median(name,   i, j, t, k) {
        k = n[name]
        for (i = 1; i <= k; i++) for (j = i + 1; j <= k; j++)
            if (wall[name, j] < wall[name, i]) { t = wall[name, i]; wall[name, i] = wall[name, j]; wall[name, j] = t }
        return k % 2 ? wall[name, (k + 1) / 2] : (wall[name, k / 2] + wall[name, k / 2 + 1]) / 2
    }
    END {
        a = median("accession"); b = median("yardstick")
        printf "median wall: accession %.2f s, yardstick %.2f s, ratio %.2f\n", a, b, a / b
        printf "peak memory: accession %.0f MB, yardstick %.0f MB\n", peak["accession"] / 1024, peak["yardstick"] / 1024
    }'

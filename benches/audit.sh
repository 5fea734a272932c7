#!/usr/bin/env bash
# Measures the response times of the `accession audit` commands on a database, as whole processes, next to their
# targets.
#   benches/audit.sh DATABASE [RUNS]
# DATABASE was filled by an import; the targets are for 1.3 million entries. Prints the median and the minimum of RUNS
# (default 5), and the peak memory. Needs the sqlite3 shell, /usr/bin/time (GNU) and a release build.
set -euo pipefail
database=$(realpath "$1") runs=${2:-5}
root=$(cd "$(dirname "$0")/.." && pwd)
accession=${ACCESSION:-$root/target/release/accession}
export DATABASE_URL=$database
ask() { sqlite3 -readonly "$database" "$1"; }

printf '%s entries\n' "$(ask 'SELECT count(*) FROM audit_log')"
middle=$(ask 'SELECT max(id) / 2 FROM audit_log')
table=$(ask "SELECT table_name FROM audit_log WHERE id >= $middle ORDER BY id LIMIT 1")
record=$(ask "SELECT record_id FROM audit_log WHERE id >= $middle ORDER BY id LIMIT 1")
small=$(ask 'SELECT table_name FROM audit_log GROUP BY 1 ORDER BY count(*) LIMIT 1')

printf '%-44s %9s %9s %9s %9s\n' question goal median fastest memory
measure() { # GOAL QUESTION…
    local goal=$1 times=() memory=0 out
    shift
    "$accession" audit "$@" >/dev/null
    for ((i = 0; i < runs; i++)); do
        out=$({ /usr/bin/time -f '%e %M' "$accession" audit "$@" >/dev/null; } 2>&1 | tail -n 1)
        times+=("${out% *}")
        memory=${out#* }
    done
    mapfile -t times < <(printf '%s\n' "${times[@]}" | sort -n)
    printf '%-44s %9s %8ss %8ss %6d MB\n' "$(printf '%.44s' "$*")" "$goal" "${times[$((runs / 2))]}" "${times[0]}" $((memory / 1024))
}
measure '0.05s' show "$middle"
measure '0.05s' history "$table" "$record"
measure '0.1s' log
measure '0.1s' log --entries
measure '1s' report
measure - blame "$table" "$record"
measure - why "$table" "$record"
measure - log --entries --table "$small"
measure - log --entries --contains 'no such text anywhere'
measure - as-of "$small" --at now
measure - as-of "$table" --at now --limit 1
measure - export --format jsonl

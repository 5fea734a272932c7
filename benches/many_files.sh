#!/usr/bin/env bash
# Compares the first import of a `donna` directory, many small files, with the simplest tools for the same work: `cat`
# and `sha256sum` of all files, then the sqlite3 shell inserting the same rows and audit entries from the same files.
#   benches/many_files.sh DIR [RUNS]
# The shell does not validate or archive anything, records neither origins nor conversions, and keeps the ids
# unchanged, because it cannot generate UUIDs. Prints wall time, processor time and peak memory of each, and the ratio
# of medians; then time and peak memory of an import without changes. Needs find, xargs, sha256sum, the sqlite3 shell,
# /usr/bin/time (GNU) and a release build.
set -euo pipefail
corpus=$(realpath "$1") runs=${2:-3}
root=$(cd "$(dirname "$0")/.." && pwd)
accession=${ACCESSION:-$root/target/release/accession}
work=$(mktemp -d "${TMPDIR:-/tmp}/accession-bench.XXXXXX")
trap 'rm -rf "$work"' EXIT

columns() { # TABLE: its columns in tables.sql
    awk -v table="$1" '$1 == "CREATE" && $3 == table { on = 1; next } /^\);/ { on = 0 }
        on && $1 != "UNIQUE" { printf "%s%s", sep, $1; sep = " " }' "$root/schemas/donna/tables.sql"
}
{
    echo "PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA cache_size = -65536;"
    # Tables first, indexes at the end.
    awk 'BEGIN { RS = ""; ORS = "\n" } /CREATE TABLE/' "$root/schemas/donna/tables.sql"
    cat <<'SQL'
CREATE TABLE audit_log (id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL, table_name TEXT NOT NULL, record_id TEXT NOT NULL, action TEXT NOT NULL,
  old_value TEXT, new_value TEXT, changed_at TEXT NOT NULL, changed_by TEXT NOT NULL);
BEGIN IMMEDIATE;
CREATE TEMP TABLE document AS SELECT name, readfile(name) AS j FROM fsdir('.') WHERE name LIKE '%.json' AND name NOT LIKE '%/chat_sessions/%';
INSERT INTO users SELECT j->>'id', j->>'clerk_id', j->>'email', j->>'name', iif(json_type(j, '$.profile') = 'array', '{}', j->'profile'),
  iif(json_type(j, '$.preferences') = 'array', '{}', j->'preferences'), j->>'created_at', j->>'updated_at', j->>'last_active_at', j->>'status'
  FROM document WHERE name LIKE './users/%';
INSERT INTO chat_sessions SELECT j->>'id', j->>'chat_id', j->>'user_id', j->'metadata'->>'title', coalesce(j->'metadata'->>'profile', 'general'),
  iif(json_type(j, '$.metadata') = 'array', '{}', j->'metadata'), j->>'created_at', j->>'updated_at', j->>'last_message_at', j->>'message_count', 'active'
  FROM (SELECT readfile(name) AS j FROM fsdir('chat_sessions') WHERE name LIKE '%\_session.json' ESCAPE '\');
INSERT INTO messages SELECT m.value->>'id', s.id, m.value->>'role', m.value->>'content',
  iif(json_type(m.value, '$.metadata') = 'array', '{}', m.value->'metadata'), m.value->>'created_at', m.value->>'sequence_number', m.value->>'token_count', 0
  FROM fsdir('chat_sessions') f, json_each(readfile(f.name)) m, chat_sessions s
  WHERE f.name LIKE '%.json' AND f.name NOT LIKE '%\_session.json' ESCAPE '\' AND s.chat_id = replace(replace(f.name, 'chat_sessions/', ''), '.json', '');
INSERT INTO user_memory SELECT d.name || t.key || e.key, replace(replace(d.name, './memory/', ''), '.json', ''), t.key, e.key, e.value->'value',
  e.value->>'created_at', NULL, e.value->>'expires_at' FROM document d, json_each(d.j) t, json_each(t.value) e WHERE d.name LIKE './memory/%';
SQL
    for table in users chat_sessions messages user_memory; do
        pairs=$(columns $table | tr ' ' '\n' | sed "s/.*/'&', \"&\"/" | paste -sd,)
        echo "INSERT INTO audit_log (table_name, record_id, action, new_value, changed_at, changed_by)" \
            "SELECT '$table', id, 'INSERT', json_object($pairs), strftime('%Y-%m-%dT%H:%M:%fZ', 'now'), 'bench' FROM $table;"
    done
    grep '^CREATE INDEX' "$root/schemas/donna/tables.sql"
    echo "CREATE INDEX idx_audit_log_record ON audit_log (table_name, record_id); CREATE INDEX idx_audit_log_changed_at ON audit_log (changed_at); COMMIT;"
} | sed "s/DEFAULT now()/DEFAULT CURRENT_TIMESTAMP/" >"$work/shell.sql"

measure() { # NAME COMMAND: appends "name wall user sys peak_kb" to the figures
    /usr/bin/time -o "$work/time" -f '%e %U %S %M' bash -c "$2" >/dev/null 2>"$work/err" || { cat "$work/err" >&2; exit 1; }
    echo "$1 $(cat "$work/time")" | tee -a "$work/figures"
}
# The database must contain the rows that the shell inserts.
counts() { sqlite3 "$1" "SELECT (SELECT count(*) FROM users), (SELECT count(*) FROM chat_sessions), (SELECT count(*) FROM messages), (SELECT count(*) FROM user_memory), (SELECT count(*) FROM audit_log)"; }
cd "$corpus"
echo "name wall_s user_s sys_s peak_kb"
for ((i = 0; i < runs; i++)); do
    rm -rf "$work"/db* "$work"/shell.db*
    measure cat "find . -type f -print0 | xargs -0 cat"
    measure sha256sum "find . -type f -print0 | xargs -0 sha256sum"
    measure shell "sqlite3 -bail '$work/shell.db' <'$work/shell.sql'"
    measure accession "exec '$accession' import . --database '$work/db' --quiet"
    [ "$(counts "$work/db")" = "$(counts "$work/shell.db")" ] || { echo "different rows: $(counts "$work/db"), $(counts "$work/shell.db")" >&2; exit 1; }
    measure unchanged "exec '$accession' import . --database '$work/db' --quiet"
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
        plain = median("cat") + median("sha256sum") + median("shell")
        printf "median wall: accession %.2f s, cat + sha256sum + shell %.2f s, ratio %.2f\n", median("accession"), plain, median("accession") / plain
        printf "peak memory: accession %.0f MB, shell %.0f MB\n", peak["accession"] / 1024, peak["shell"] / 1024
        printf "unchanged: %.2f s, %.0f MB\n", median("unchanged"), peak["unchanged"] / 1024
    }'

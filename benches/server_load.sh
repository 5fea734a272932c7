#!/usr/bin/env bash
# Compares the first import of many words into PostgreSQL and MariaDB with the server's own bulk load (`\copy`, `LOAD
# DATA`) of the same rows into the same tables with the same triggers and indexes.
#
#   benches/server_load.sh [WORDS] [RUNS]     default: 1000000 and 3
#
# The bulk load uses the rows that an import wrote, exported before: those of `mastered_words` and, in a second
# figure, also those of the ledger's `row_sources`, which an import fills too. The servers are private; ACCESSION
# selects the program.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
words=${1:-1000000} runs=${2:-3}
if [ -z "${ACCESSION:-}" ]; then
    cargo build --locked --release --quiet
    ACCESSION=$PWD/target/release/accession
fi
dir=$(mktemp -d /tmp/accession-load.XXXXXX)
chmod 755 "$dir"
trap 'scripts/servers stop "$dir/servers"; rm -rf "$dir"' EXIT
mkdir "$dir/servers"
eval "$(TEST_MYSQL_OPTIONS=--local-infile=1 scripts/servers start "$dir/servers")"
pg=${TEST_POSTGRES_URL%/*} my=${TEST_MYSQL_URL%/}
port=${my##*:}

mkdir -p "$dir/legacy/profiles"
awk -v words="$words" 'BEGIN {
    printf "[{\"id\": \"child_0001\", \"name\": \"Somebody Invented\", \"mastered_english_words\": \""
    for (i = 0; i < words; i++) printf "%sword%07d", i ? ", " : "", i
    print "\"}]"
}' >"$dir/legacy/profiles/child_profiles.json"

sql() { # SERVER DATABASE SQL
    case $1 in
        postgres) psql -X -q -v ON_ERROR_STOP=1 "$pg/$2" -c "$3" ;;
        mysql) MYSQL_PWD=test-password mariadb --no-defaults --local-infile=1 --default-character-set=utf8mb4 -N -B --raw \
            -h 127.0.0.1 -P "$port" -u accession ${2:+"$2"} -e "$3" ;;
    esac
}
url() { case $1 in postgres) echo "$pg/$2" ;; mysql) echo "$my/$2" ;; esac; }
fresh() { # SERVER NAME
    local admin=""
    [ "$1" != postgres ] || admin=postgres
    sql "$1" "$admin" "DROP DATABASE IF EXISTS $2"
    sql "$1" "$admin" "CREATE DATABASE $2"
}
import() { # SERVER NAME DIRECTORY
    rm -rf "$dir/archive"
    DATABASE_URL=$(url "$1" "$2") "$ACCESSION" import "$3" --source legacy --layout srs4autism --archive "$dir/archive" --quiet >/dev/null 2>"$dir/err" || { cat "$dir/err" >&2; exit 1; }
}
seconds() { # COMMAND…
    local begun
    begun=$(date +%s%N)
    "$@"
    awk -v ns=$(($(date +%s%N) - begun)) 'BEGIN { printf "%.2f", ns / 1e9 }'
}
load() { # SERVER TABLE…: in one transaction
    local server=$1 statements="" table
    shift
    case $server in
        postgres)
            for table in "$@"; do statements+="\\copy $table FROM '$dir/$table.postgres'"$'\n'; done
            psql -X -q -1 -v ON_ERROR_STOP=1 "$pg/accession_bulk" <<<"$statements" ;;
        mysql)
            for table in "$@"; do
                case $table in
                    row_sources) statements+="LOAD DATA LOCAL INFILE '$dir/$table.mysql' INTO TABLE $table (source_file_id, position, table_name, @identity, identity_start, record_id, pointer, part, @digest, gone_run_id) SET identity = UNHEX(@identity), digest = UNHEX(@digest); " ;;
                    *) statements+="LOAD DATA LOCAL INFILE '$dir/$table.mysql' INTO TABLE $table; " ;;
                esac
            done
            sql mysql accession_bulk "SET autocommit = 0; $statements COMMIT" ;;
    esac
}

# A directory with only the profile, whose import creates the tables, indexes and triggers.
mkdir -p "$dir/empty/profiles"
echo '[{"id": "child_0001", "name": "Somebody Invented"}]' >"$dir/empty/profiles/child_profiles.json"
for server in postgres mysql; do
    fresh $server accession_full
    import $server accession_full "$dir/legacy"
    case $server in
        postgres)
            sql postgres accession_full "\\copy mastered_words TO '$dir/mastered_words.postgres'"
            sql postgres accession_full "\\copy (SELECT * FROM row_sources WHERE record_id <> 'child_0001') TO '$dir/row_sources.postgres'" ;;
        mysql)
            sql mysql accession_full "SELECT * FROM mastered_words" >"$dir/mastered_words.mysql"
            sql mysql accession_full "SELECT source_file_id, position, table_name, HEX(identity), identity_start, record_id, pointer, part, HEX(digest), COALESCE(gone_run_id, '\\\\N') FROM row_sources WHERE record_id <> 'child_0001'" >"$dir/row_sources.mysql" ;;
    esac
    for ((run = 1; run <= runs; run++)); do
        fresh $server accession_import
        a=$(seconds import $server accession_import "$dir/legacy")
        fresh $server accession_bulk
        import $server accession_bulk "$dir/empty"
        b=$(seconds load $server mastered_words)
        fresh $server accession_bulk
        import $server accession_bulk "$dir/empty"
        c=$(seconds load $server mastered_words row_sources)
        awk -v s=$server -v a="$a" -v b="$b" -v c="$c" 'BEGIN {
            printf "%-8s import %6.2f s   bulk load of the words %6.2f s (ratio %.2f)   and of the ledger %6.2f s (ratio %.2f)\n", s, a, b, a / b, c, a / c
        }'
    done
done

#!/usr/bin/env bash
# Kills a database server (kill -9) at N moments of an import, starts it again, and checks each time that the database holds
# the old state or the new, whole, and that the next import succeeds.
#
#   benches/kill_server.sh [N] [postgres|mysql]…     20, and both, unless given
#
# The servers are private ones (`scripts/servers`); ACCESSION names the program, else it is built.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
moments=${1:-20}
shift || true
[ $# -gt 0 ] || set -- postgres mysql
if [ -z "${ACCESSION:-}" ]; then
    cargo build --locked --release --quiet
    ACCESSION=$PWD/target/release/accession
fi
dir=$(mktemp -d /tmp/accession-kill.XXXXXX)
chmod 755 "$dir"
trap 'scripts/servers stop "$dir/servers"; rm -rf "$dir"' EXIT
mkdir "$dir/servers"

edition() { # DIR NUMBER: a directory that takes a while
    mkdir -p "$1/profiles" "$1/content_db"
    awk -v edition="$2" 'BEGIN {
        printf "[{\"id\": \"child_0001\", \"name\": \"Somebody Invented\", \"school\": \"school %d\", \"mastered_english_words\": \"", edition
        for (i = 0; i < 5000; i++) printf "%sword%06d", i ? ", " : "", i + edition * 500
        print "\"}]"
    }' >"$1/profiles/child_profiles.json"
    awk -v edition="$2" 'BEGIN {
        for (i = 0; i < 3000; i++) printf "%s{\"id\": \"m%05d\", \"role\": \"user\", \"content\": \"edition %d, message %d\", \"timestamp\": \"2024-05-01T10:00:00Z\"}", i ? ",\n" : "[", i, edition, i
        print "]"
    }' >"$1/content_db/chat_history.json"
}

start() { # NAME: also again
    eval "$(scripts/servers start "$dir/servers" "$1")"
}

killed() { # NAME: with all its processes
    local pid
    pid=$(cat "$dir/servers/$1.pid")
    # shellcheck disable=SC2046 # words are meant
    kill -9 "$pid" $(ps -o pid= --ppid "$pid") 2>/dev/null || true
}

accession() { "$ACCESSION" "$@" --quiet --source legacy 2>>"$dir/log"; }
import() { accession import "$1" --prune --archive "$dir/archive-$name" --connect-attempts 10; }
holds() { accession verify "$1" >/dev/null; }

for name in "$@"; do
    start "$name"
    case $name in
        postgres)
            psql -X -q "$TEST_POSTGRES_URL" -c 'CREATE DATABASE accession_kill'
            export DATABASE_URL=${TEST_POSTGRES_URL%/*}/accession_kill ;;
        mysql)
            host=${TEST_MYSQL_URL##*@} port=${TEST_MYSQL_URL##*:}
            MYSQL_PWD=test-password mariadb --no-defaults -h "${host%%:*}" -P "${port%/}" -u accession -e 'CREATE DATABASE accession_kill'
            export DATABASE_URL=${TEST_MYSQL_URL%/}/accession_kill ;;
    esac
    edition "$dir/old" 0
    import "$dir/old" >/dev/null
    edition "$dir/new" 1
    begun=$(date +%s%N)
    import "$dir/new" >/dev/null
    lasts=$((($(date +%s%N) - begun) / 1000000))
    echo "$name: an import takes $lasts ms"
    rm -rf "$dir/old"; mv "$dir/new" "$dir/old"
    old=0 new=0
    for ((i = 1; i <= moments; i++)); do
        edition "$dir/new" $((i + 1))
        import "$dir/new" >"$dir/out" & running=$!
        sleep "$(awk -v ms=$((lasts * i / (moments + 1))) 'BEGIN { print ms / 1000 }')"
        killed "$name"
        code=0; wait $running || code=$?
        start "$name"
        if holds "$dir/new"; then
            state=new new=$((new + 1))
        elif holds "$dir/old"; then
            state=old old=$((old + 1))
            # The program must not have said that it was done.
            [ $code != 0 ] || { echo "moment $i: exit code 0, and the old state" >&2; exit 1; }
        else
            echo "moment $i: neither the old state nor the new" >&2; tail "$dir/log" >&2; exit 1
        fi
        import "$dir/new" >/dev/null || { echo "moment $i: the next import fails" >&2; tail "$dir/log" >&2; exit 1; }
        holds "$dir/new" || { echo "moment $i: the next import is not equal" >&2; exit 1; }
        accession_runs=$("$ACCESSION" runs list --format json 2>/dev/null | grep -c '"status": "complete"')
        [ "$accession_runs" = $((i + 2)) ] || { echo "moment $i: $accession_runs runs" >&2; exit 1; }
        "$ACCESSION" doctor >"$dir/doctor" 2>&1 || { cat "$dir/doctor" >&2; exit 1; }
        echo "  moment $i: exit code $code, $state state"
        rm -rf "$dir/old"; mv "$dir/new" "$dir/old"
    done
    echo "$name: killed at $moments moments: $old times the old state, $new times the new; every next import succeeded"
done

# Everything that must hold before a change is shared
check:
    scripts/test

# Tests alone, or those whose names contain FILTER
test *FILTER:
    cargo test --locked {{ FILTER }}

# Accept new snapshots; review the difference
accept:
    scripts/test --fix

# Random inputs against parsing, places and layouts, SECONDS each; needs nightly and cargo-fuzz
fuzz SECONDS="600":
    fuzz/run.sh {{ SECONDS }}

# Licences, advisories and duplicates of dependencies
deny:
    cargo deny check

# Kill imports at many moments
kill MOMENTS="50":
    benches/kill.sh {{ MOMENTS }}

# A first import beside a yardstick: `just bench CORPUS 'COMMAND … {db}'`
bench CORPUS YARDSTICK RUNS="5":
    benches/sqlite_load.sh {{ CORPUS }} {{ quote(YARDSTICK) }} {{ RUNS }}

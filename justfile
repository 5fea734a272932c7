# Everything that must hold before a change is shared
check:
    scripts/test

# Tests alone, or those whose names contain FILTER
test *FILTER:
    cargo test --locked {{ FILTER }}

# Accept new snapshots; review the difference
accept:
    scripts/test --fix

# Random inputs against the lexer, parsing, places and layouts, SECONDS each; needs nightly and cargo-fuzz
fuzz SECONDS="600":
    fuzz/run.sh {{ SECONDS }}

# Licences, advisories and duplicates of dependencies
deny:
    cargo deny check

# Campaigns that attack the program: `just attack kill --only revert`
attack *ARGUMENTS:
    scripts/attack {{ ARGUMENTS }}

# What takes too long for `check`, in parts that can be resumed
test-long *PARTS:
    scripts/test-long {{ PARTS }}

# A first import beside a yardstick: `just bench CORPUS 'COMMAND … {db}'`
bench CORPUS YARDSTICK RUNS="5":
    benches/sqlite_load.sh {{ CORPUS }} {{ quote(YARDSTICK) }} {{ RUNS }}

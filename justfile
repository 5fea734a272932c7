# Everything that must hold before a change is shared
check:
    scripts/test

# Tests alone, or those whose names contain FILTER
test *FILTER:
    cargo test --locked {{ FILTER }}

# Accept new snapshots; review the difference
accept:
    scripts/test --fix

# Licences, advisories and duplicates of dependencies
deny:
    cargo deny check

# Kill imports at many moments
kill MOMENTS="50":
    benches/kill.sh {{ MOMENTS }}

# Measurements
bench *ARGUMENTS:
    cargo bench --locked {{ ARGUMENTS }}

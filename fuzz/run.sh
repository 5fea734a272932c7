#!/usr/bin/env bash
# Fuzzes each target for SECONDS, from the fixtures, the seeds and what earlier runs found. Needs a nightly compiler and
# cargo-fuzz (`cargo install cargo-fuzz`). `cargo test fuzz_seeds` checks all of these without either.
#
#   fuzz/run.sh [SECONDS]
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"

seconds=${1:-600}
# The code has no `unsafe` of its own; without a sanitizer the C libraries need not be built anew.
fuzz() {
    target=$1
    shift
    mkdir -p "corpus/$target"
    nice -n 10 cargo +nightly fuzz run --fuzz-dir . --sanitizer none "$target" "corpus/$target" "$@"
}
fuzz lexer ../fixtures seeds/json -- -max_total_time="$seconds" -dict=json.dict -max_len=4096 -timeout=10 -rss_limit_mb=1500
fuzz parse ../fixtures seeds/json -- -max_total_time="$seconds" -dict=json.dict -max_len=4096 -timeout=10 -rss_limit_mb=1500
fuzz places ../fixtures seeds/json -- -max_total_time="$seconds" -dict=json.dict -max_len=4096 -timeout=10 -rss_limit_mb=1500

# A layout is three files in one input, with a form feed between them.
mkdir -p corpus/layout
for layout in ../schemas/* ../fixtures/layouts/*; do
    schema=$(find "$layout" -name '*.schema.json' | sort | head -n 1)
    { cat "$layout/layout.toml"; printf '\f'; cat "$layout/tables.sql"; printf '\f'; cat "$schema"; } \
        >"corpus/layout/$(basename "$layout")"
done
fuzz layout seeds/layout -- -max_total_time="$seconds" -max_len=20000 -timeout=20 -rss_limit_mb=1500

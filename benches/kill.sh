#!/usr/bin/env bash
# Kills imports at N moments spread over their duration, into a new and into an existing database, and checks each time
# that the old state or the new is there and that the next import succeeds.
#
#   benches/kill.sh [N]     50 unless given
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
ACCESSION_TEST_KILLS="${1:-50}" exec cargo test --locked --test it -- killed:: --nocapture

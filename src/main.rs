//! The `accession` command.

use std::process::ExitCode;

fn main() -> ExitCode {
    accession::cli::run()
}

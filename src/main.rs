//! The `accession` command.

use std::process::ExitCode;

fn main() -> ExitCode {
    accession::cli::run()
}

/// Rows are made by one thread and freed by another, which costs the system's allocator a tenth of an import.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

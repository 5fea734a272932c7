//! The `accession` command.

use std::process::ExitCode;

fn main() -> ExitCode {
    accession::cli::run()
}

/// Rows are allocated by one thread and freed by another; with the system allocator an import takes a tenth longer.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

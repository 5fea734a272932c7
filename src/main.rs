//! The `accession` command.
fn main() {}

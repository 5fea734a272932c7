//! `include_dir!` and `embed_migrations!` read directories while the crate is compiled, and cargo does not see which
//! files: without these lines a new layout or migration would be missing until something else makes cargo rebuild.

fn main() {
    println!("cargo:rerun-if-changed=schemas");
    println!("cargo:rerun-if-changed=migrations");
}

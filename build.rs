//! `include_dir!` and `embed_migrations!` read directories at compile time, and cargo does not track the files in
//! them. Without these lines, a new layout or migration is missing until something else triggers a rebuild.

fn main() {
    println!("cargo:rerun-if-changed=schemas");
    println!("cargo:rerun-if-changed=migrations");
}

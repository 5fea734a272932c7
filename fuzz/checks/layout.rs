//! Arbitrary layouts: they are loaded, or every problem has a place in one of the files.
//!
//! The input is `layout.toml`, `tables.sql` and one JSON Schema, with a form feed between them.

use accession::layout::{self, LayoutError, LayoutFiles};

pub(crate) fn check(data: &[u8]) {
    let mut parts = data.splitn(3, |byte| *byte == b'\x0c');
    let names = ["layout.toml", "tables.sql", "a.schema.json"];
    let files: LayoutFiles = names
        .into_iter()
        .filter_map(|name| Some((name.to_owned(), parts.next()?.to_vec())))
        .collect();
    match layout::check(&files) {
        Ok(_) => {}
        Err(LayoutError::Invalid { problems }) => {
            assert!(!problems.is_empty());
            for problem in problems {
                let known = names.contains(&problem.place.path.as_str());
                assert!(known, "{problem}");
            }
        }
        Err(other) => panic!("{other}"),
    }
}

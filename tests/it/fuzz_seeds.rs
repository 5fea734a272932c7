//! The inputs from which fuzzing begins, and those that earlier fuzzing on this machine found, checked as the fuzz targets
//! check them. This needs neither a nightly compiler nor cargo-fuzz.

use std::fs;
use std::path::{Path, PathBuf};

use crate::fixtures;

#[path = "../../fuzz/checks/layout.rs"]
mod layout;
#[path = "../../fuzz/checks/lexer.rs"]
mod lexer;
#[path = "../../fuzz/checks/parse.rs"]
mod parse;
#[path = "../../fuzz/checks/places.rs"]
mod places;

/// As in `fuzz/run.sh`: a longer input is cut.
const LONGEST: usize = 4096;

fn home() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz")
}

/// All files below a directory, which need not exist.
fn files(directory: &Path) -> Vec<PathBuf> {
    let entries = walkdir::WalkDir::new(directory).sort_by_file_name();
    let entries = entries.into_iter().filter_map(Result::ok);
    let files = entries.filter(|entry| entry.file_type().is_file());
    files.map(walkdir::DirEntry::into_path).collect()
}

/// Checks the beginnings of the fixtures and all seeds of JSON. The name of a failing input is printed.
fn replay(target: &str, check: fn(&[u8])) {
    let directories = [
        fixtures::path(""),
        home().join("seeds/json"),
        home().join("corpus").join(target),
    ];
    let inputs: Vec<_> = directories.iter().flat_map(|it| files(it)).collect();
    assert!(inputs.len() > 100, "{}", inputs.len());
    for input in inputs {
        let text = fs::read(&input).expect("readable");
        checked(&input, &text[..text.len().min(LONGEST)], check);
    }
}

fn checked(input: &Path, text: &[u8], check: fn(&[u8])) {
    let done = std::panic::catch_unwind(|| check(text));
    assert!(done.is_ok(), "{}", input.display());
}

#[test]
fn seeds_of_the_lexer_are_read_as_by_serde_json() {
    replay("lexer", lexer::check);
}

#[test]
fn seeds_of_parsing_are_read_as_by_serde_json() {
    replay("parse", parse::check);
}

#[test]
fn seeds_of_places_have_every_value_at_its_place() {
    replay("places", places::check);
}

#[test]
fn seeds_of_layouts_are_loaded_or_have_problems_with_places() {
    let mut layouts = 0;
    for parent in [
        Path::new(env!("CARGO_MANIFEST_DIR")).join("schemas"),
        fixtures::path("layouts"),
    ] {
        for entry in fs::read_dir(parent).expect("a directory") {
            let layout = entry.expect("an entry").path();
            let schemas = files(&layout).into_iter();
            let mut schemas =
                schemas.filter(|file| file.to_string_lossy().ends_with(".schema.json"));
            let (Some(schema), Ok(toml), Ok(sql)) = (
                schemas.next(),
                fs::read(layout.join("layout.toml")),
                fs::read(layout.join("tables.sql")),
            ) else {
                continue;
            };
            let schema = fs::read(schema).expect("readable");
            checked(&layout, &[toml, sql, schema].join(&b'\x0c'), layout::check);
            layouts += 1;
        }
    }
    assert!(layouts > 3, "{layouts}");
    for directory in ["seeds/layout", "corpus/layout"] {
        for input in files(&home().join(directory)) {
            checked(&input, &fs::read(&input).expect("readable"), layout::check);
        }
    }
}

//! Selection of a layout by name, path or files.

use super::*;
use crate::layout::{Ambiguity, Layout, builtin, detect, find, load_directory};

#[test]
fn a_layout_is_found_by_name_or_by_path() {
    let directory = tempfile::tempdir().expect("temporary directory");
    for (name, text) in [
        ("layout.toml", TOML),
        ("tables.sql", SQL),
        ("people.schema.json", SCHEMA),
        ("README.md", "not a part of it"),
    ] {
        std::fs::write(directory.path().join(name), text).expect("written");
    }
    let by_path = find(directory.path().to_str().expect("UTF-8")).expect("valid");
    assert_eq!(by_path.name, "sample");
    assert_eq!(by_path.title, "sample");
    assert_eq!(by_path.digest, loaded(TOML, SQL).layout.digest);
    assert_eq!(find("srs4autism").expect("built in").name, "srs4autism");
    let error = find("nothing-of-this-name").expect_err("unknown");
    assert!(
        error
            .to_string()
            .contains("built-in layout (`donna`, `srs4autism`)"),
        "{error}"
    );
    assert!(matches!(builtin("nope"), Err(LayoutError::Unknown { .. })));
    assert!(matches!(
        load_directory(&directory.path().join("none")),
        Err(LayoutError::Unreadable { .. })
    ));
}

#[test]
fn the_one_layout_whose_sources_match_is_detected() {
    let other = |files: &str| -> Layout {
        let (toml, _) = edit(TOML, "people.json", files);
        loaded(&toml, SQL).layout
    };
    let layouts = [
        builtin("srs4autism").expect("valid"),
        other("people/*.json"),
    ];
    let detect = |paths: &[&str]| detect(&layouts, paths.iter().copied());
    assert_eq!(detect(&["README", "content_db/chat_history.json"]), Ok(0));
    assert_eq!(detect(&["people/a.json.gz"]), Ok(1));
    let names = |layouts: &[&str]| layouts.iter().map(|&name| name.to_owned()).collect();
    assert_eq!(
        detect(&["x.json"]),
        Err(Ambiguity::None {
            layouts: names(&["srs4autism", "sample"])
        })
    );
    assert_eq!(
        detect(&["people/a.json", "profiles/child_profiles.json"]),
        Err(Ambiguity::Several {
            layouts: names(&["srs4autism", "sample"])
        })
    );
}

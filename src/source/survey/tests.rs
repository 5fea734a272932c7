//! Tests of surveys of real directories, with symbolic links and restricted permissions.

use std::io::Read as _;
use std::os::unix::fs::symlink;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use serde_json::json;

use super::*;
use crate::layout::{FilePattern, Source, Unmapped};
use crate::model::{Level, Rule, Sha256};
use crate::source::{HashingReader, open};

fn layout(patterns: &[&str]) -> Layout {
    let source = |pattern: &&str| Source {
        files: FilePattern::parse(pattern).expect("valid"),
        schema_name: "x.schema.json".to_owned(),
        schema: json!(true),
        unmapped: Unmapped::Notice,
        records: Vec::new(),
        captures: 0,
        streamed: false,
    };
    Layout {
        name: "test".to_owned(),
        reference: "test".to_owned(),
        title: String::new(),
        digest: Sha256::of(b""),
        parameters: Vec::new(),
        tables: Vec::new().into(),
        sources: patterns.iter().map(source).collect(),
        waves: Vec::new(),
    }
}

fn directory_of(files: &[(&str, &str)]) -> tempfile::TempDir {
    let root = tempfile::tempdir().expect("temporary directory");
    for (path, text) in files {
        let path = root.path().join(path);
        fs::create_dir_all(path.parent().expect("has a parent")).expect("created");
        fs::write(path, text).expect("written");
    }
    root
}

fn quiet(root: &Path, patterns: &[&str]) -> Result<Survey, SourceError> {
    let observer = Observer {
        progress: &|_| (),
        interrupted: &AtomicBool::new(false),
    };
    survey(root, &layout(patterns), observer)
}

fn found(survey: &Survey) -> Vec<(Level, Rule, String)> {
    let findings = survey.findings.clone().sorted();
    findings
        .into_iter()
        .map(|finding| {
            let path = finding.place.clone().unwrap_or_default().path;
            (finding.level, finding.rule, path)
        })
        .collect()
}

fn paths(survey: &Survey) -> Vec<&str> {
    survey.files.iter().map(|file| file.path.as_str()).collect()
}

#[test]
fn files_are_sorted_matched_once_and_hashed_and_other_files_are_reported() {
    let root = directory_of(&[
        ("users/b.json", "[1]"),
        ("users/a.json", "[]"),
        ("users.json", "{}"),
        ("deep/er/Other.JSON", "1"),
        ("notes.txt", "x"),
    ]);
    let hashed = AtomicU64::new(0);
    let observer = Observer {
        progress: &|bytes| {
            hashed.fetch_add(bytes, Ordering::Relaxed);
        },
        interrupted: &AtomicBool::new(false),
    };
    let layout = layout(&["users/{id}.json", "**/*.json"]);
    let survey = survey(root.path(), &layout, observer).expect("surveyed");
    assert_eq!(
        paths(&survey),
        ["users.json", "users/a.json", "users/b.json"]
    );
    let last = &survey.files[2];
    assert_eq!((last.id, last.source, last.bytes), (FileId(2), 0.into(), 3));
    assert_eq!(last.captures, ["b"]);
    assert_eq!(last.sha256, Sha256::of(b"[1]"));
    assert_eq!(survey.files[0].source, 1.into());
    assert_eq!(hashed.into_inner(), 7);
    assert_eq!(
        found(&survey),
        [(
            Level::Notice,
            Rule::UnmatchedFile,
            "deep/er/Other.JSON".to_owned()
        )]
    );
}

#[test]
fn links_are_followed_only_inside_the_directory() {
    let outside = directory_of(&[("a.json", "1"), ("d/x.json", "1")]);
    let root = directory_of(&[("real/a.json", "1")]);
    let link = |target: &Path, name: &str| symlink(target, root.path().join(name)).expect("linked");
    link(Path::new("real/a.json"), "inside.json");
    link(Path::new("real"), "again");
    link(Path::new(".."), "real/circle");
    link(&outside.path().join("a.json"), "outside.json");
    link(&outside.path().join("d"), "elsewhere");
    link(Path::new("nothing"), "broken.json");
    link(Path::new("nothing"), "broken.txt");
    let survey = quiet(root.path(), &["**/*.json"]).expect("surveyed");
    assert_eq!(
        paths(&survey),
        ["again/a.json", "inside.json", "real/a.json"]
    );
    let expected = [
        (Level::Error, Rule::Unreadable, "broken.json"),
        (Level::Error, Rule::OutsideLink, "outside.json"),
        (Level::Warning, Rule::OutsideLink, "again/circle"),
        (Level::Warning, Rule::Unreadable, "broken.txt"),
        (Level::Warning, Rule::OutsideLink, "elsewhere"),
        (Level::Warning, Rule::OutsideLink, "real/circle"),
    ];
    assert_eq!(
        found(&survey),
        expected.map(|(level, rule, path)| (level, rule, path.to_owned()))
    );
}

#[test]
fn an_entry_that_only_looks_like_a_source_file_is_an_error() {
    let root = directory_of(&[("x.json/inner.txt", "")]);
    #[cfg(target_os = "linux")]
    {
        use std::os::unix::ffi::OsStrExt as _;
        let name = std::ffi::OsStr::from_bytes(b"caf\xe9.json");
        fs::write(root.path().join(name), "1").expect("written");
    }
    let _listener = std::os::unix::net::UnixListener::bind(root.path().join("s.json"));
    let survey = quiet(root.path(), &["*.json"]).expect("surveyed");
    let expected = [
        #[cfg(target_os = "linux")]
        (Level::Error, Rule::Unreadable, "caf\u{fffd}.json"),
        (Level::Error, Rule::NotAFile, "s.json"),
        (Level::Error, Rule::NotAFile, "x.json"),
    ];
    assert_eq!(
        found(&survey),
        expected.map(|(level, rule, path)| (level, rule, path.to_owned()))
    );
}

#[test]
fn a_file_without_permission_is_a_finding() {
    use std::os::unix::fs::PermissionsExt as _;
    let root = directory_of(&[("a.json", "1"), ("d/b.json", "1")]);
    for path in ["a.json", "d"] {
        let path = root.path().join(path);
        fs::set_permissions(&path, fs::Permissions::from_mode(0o000)).expect("set");
    }
    let privileged = fs::read(root.path().join("a.json")).is_ok();
    let survey = quiet(root.path(), &["**/*.json"]).expect("surveyed");
    let expected = if privileged { 0 } else { 2 };
    assert_eq!(survey.findings.count_of(Rule::Unreadable), expected);
}

#[test]
fn a_path_that_is_not_a_directory_is_rejected() {
    let root = directory_of(&[("a.json", "1")]);
    let missing = quiet(&root.path().join("missing"), &[]);
    assert!(matches!(missing, Err(SourceError::NoSuchDirectory { .. })));
    for file in ["a.json", "a.json/below"] {
        let file = quiet(&root.path().join(file), &[]);
        assert!(matches!(file, Err(SourceError::NotADirectory { .. })));
    }
}

#[test]
fn an_interrupt_ends_the_survey() {
    let root = directory_of(&[("a.json", "1")]);
    let observer = Observer {
        progress: &|_| (),
        interrupted: &AtomicBool::new(true),
    };
    let ended = survey(root.path(), &layout(&["*.json"]), observer);
    assert!(matches!(ended, Err(SourceError::Interrupted)));
}

#[test]
fn a_file_that_changes_between_two_reads_is_detected() {
    let root = directory_of(&[("a.json", "[1]")]);
    let survey = quiet(root.path(), &["*.json"]).expect("surveyed");
    let path = root.path().join("a.json");
    let read = || {
        let mut reader: HashingReader = open(&survey.root, &survey.files[0]).map_err(|f| f.rule)?;
        reader.read_to_end(&mut Vec::new()).expect("read");
        Ok(reader.finish().map(|finding| finding.rule))
    };
    assert_eq!(read(), Ok(None));
    for changed in ["[2]", "[1] ", ""] {
        fs::write(&path, changed).expect("written");
        assert_eq!(read(), Ok(Some(Rule::ChangedWhileRead)));
    }
    fs::remove_file(&path).expect("removed");
    assert_eq!(read(), Err(Rule::Unreadable));
}

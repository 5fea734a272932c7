//! The walls of the house, read from the source itself: which stage may use which, who touches the outside world, how
//! long a file may be.
//!
//! What clippy can see stands in `clippy.toml`; here stands what it cannot: paths between modules, and who is exempt.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

/// Where a file is long because its one idea is.
const LONG: [(&str, &str); 8] = [
    (
        "src/audit/postgres.rs",
        "the triggers of one kind of database",
    ),
    (
        "src/database/mysql/recipe.rs",
        "the tables of one kind of database",
    ),
    (
        "src/map/record.rs",
        "one walk over a record, column by column",
    ),
    ("src/audit/mysql.rs", "the triggers' text is long"),
    (
        "src/database/undo.rs",
        "an entry is decoded only to be undone",
    ),
    (
        "src/operations/audit/why/origin.rs",
        "the steps of an explanation, in their order",
    ),
    (
        "src/operations/directory/reading.rs",
        "the state of reading",
    ),
    (
        "src/operations/revert/plan.rs",
        "one walk over the entries finds conflicts and counts",
    ),
];

const LONGEST: usize = 300;

/// Modules that may call what `clippy.toml` forbids to the others.
const OUTSIDE: [&str; 7] = [
    "src/archive/mod.rs",
    "src/cli/mod.rs",
    "src/database/mod.rs",
    "src/layout/files.rs",
    // For unit tests only.
    "src/lib.rs",
    "src/operations/testing.rs",
    "src/source/mod.rs",
];

/// One file of the program.
struct Source {
    /// Relative to the repository, with `/`.
    path: String,
    text: String,
}

impl Source {
    /// The folder in `src/`; `None` for `lib.rs` and `main.rs`.
    fn stage(&self) -> Option<&str> {
        let (stage, _) = self.path.strip_prefix("src/")?.split_once('/')?;
        Some(stage)
    }

    fn is_test(&self) -> bool {
        let name = self.path.rsplit('/').next().unwrap_or_default();
        self.path.contains("/tests/") || matches!(name, "tests.rs" | "testing.rs")
    }

    /// Lines of code without comments, and without the tests that stand at the end.
    fn code(&self) -> impl Iterator<Item = (usize, &str)> {
        let lines = self.text.lines().enumerate();
        lines
            .take_while(|(_, line)| !self.is_test() && *line != "#[cfg(test)]")
            .map(|(number, line)| (number + 1, line.trim_start()))
            .filter(|(_, line)| !line.starts_with("//"))
    }
}

fn repository() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

fn sources(folder: &str) -> Vec<Source> {
    let root = repository();
    let files = walkdir::WalkDir::new(root.join(folder)).sort_by_file_name();
    let files = files
        .into_iter()
        .map(|entry| entry.expect("a file").into_path());
    files
        .filter(|path| path.extension().is_some_and(|ending| ending == "rs"))
        .map(|path| Source {
            text: fs::read_to_string(&path).expect("read"),
            path: relative(&root, &path),
        })
        .collect()
}

fn relative(root: &Path, path: &Path) -> String {
    let path = path.strip_prefix(root).expect("below the root");
    path.iter()
        .map(|segment| segment.to_string_lossy())
        .collect::<Vec<_>>()
        .join("/")
}

/// The stages in their order, as the crate's documentation states it.
fn stages() -> Vec<String> {
    let lib = fs::read_to_string(repository().join("src/lib.rs")).expect("read");
    let line = lib
        .lines()
        .find(|line| line.starts_with("//! model →"))
        .expect("the documentation of the crate names the stages in their order");
    line.trim_start_matches("//! ")
        .split(" → ")
        .map(str::to_owned)
        .collect()
}

/// Words after each `before` in `line`.
fn words_after<'l>(line: &'l str, before: &str) -> Vec<&'l str> {
    line.split(before)
        .skip(1)
        .map(|rest| {
            let end = rest.find(|c: char| !c.is_ascii_alphanumeric() && c != '_');
            &rest[..end.unwrap_or(rest.len())]
        })
        .collect()
}

#[test]
fn the_folders_are_the_stages() {
    let folders: BTreeSet<String> = fs::read_dir(repository().join("src"))
        .expect("read")
        .map(|entry| entry.expect("an entry"))
        .filter(|entry| entry.path().is_dir())
        .map(|entry| entry.file_name().to_string_lossy().into_owned())
        .collect();
    assert_eq!(folders, stages().into_iter().collect());
}

#[test]
fn a_stage_uses_only_the_stages_before_it() {
    let stages = stages();
    let place = |name: &str| stages.iter().position(|stage| stage == name);
    let mut wrong = Vec::new();
    for source in sources("src") {
        let Some(own) = source.stage() else { continue };
        let own = place(own).expect("a stage");
        for (number, line) in source.code() {
            let used = words_after(line, "crate::").into_iter();
            for used in used.filter(|used| place(used).is_some_and(|used| used > own)) {
                wrong.push(format!(
                    "{}:{number} uses the later stage `{used}`",
                    source.path
                ));
            }
            if line.contains("crate::{") {
                let path = &source.path;
                wrong.push(format!(
                    "{path}:{number} hides its stages in `crate::{{…}}`"
                ));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn only_the_command_line_prints_or_looks_around() {
    let words = [
        "println!",
        "print!",
        "eprintln!",
        "eprint!",
        "dbg!",
        "stdout()",
        "stderr()",
        "stdin()",
        "env::var",
        "env::args",
        "env::current_dir",
        "process::exit",
        "Utc::now",
        "Local::now",
        "SystemTime::now",
        "whoami::",
    ];
    let mut wrong = Vec::new();
    for source in sources("src") {
        if source.stage() == Some("cli") {
            continue;
        }
        for (number, line) in source.code() {
            for word in words.iter().filter(|word| line.contains(*word)) {
                wrong.push(format!("{}:{number} uses `{word}`", source.path));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn only_the_outer_stages_are_exempt_from_the_lints_about_the_outside_world() {
    let exempt = sources("src")
        .into_iter()
        .filter(|source| source.text.contains("clippy::disallowed_m"))
        .map(|source| source.path);
    assert_eq!(exempt.collect::<Vec<_>>(), OUTSIDE);
}

#[test]
fn pure_stages_know_no_files_and_no_database() {
    let words = [
        "std::fs",
        "diesel::",
        "rusqlite::",
        "std::net",
        "Instant::now",
    ];
    let mut wrong = Vec::new();
    for source in sources("src") {
        let stage = source.stage().unwrap_or("cli");
        let outer = matches!(stage, "source" | "database" | "archive" | "cli");
        if outer || source.path == "src/layout/files.rs" {
            continue;
        }
        for (number, line) in source.code() {
            for word in words.iter().filter(|word| line.contains(*word)) {
                // Operations pass the errors of Diesel's transactions on, and call nothing of it.
                let passes_on = stage == "operations" && line.contains("diesel::result::Error");
                if !passes_on {
                    wrong.push(format!("{}:{number} uses `{word}`", source.path));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_module_says_what_it_is() {
    for folder in ["src", "tests"] {
        for source in sources(folder) {
            let said = source.text.starts_with("//! ");
            assert!(said, "{} does not begin with `//!`", source.path);
        }
    }
}

#[test]
fn long_files_are_few_and_have_a_reason() {
    let mut wrong = Vec::new();
    for source in sources("src") {
        let lines = source.text.lines();
        let lines = lines.take_while(|line| *line != "#[cfg(test)]").count();
        let listed = LONG.iter().any(|(path, _)| *path == source.path);
        if lines > LONGEST && !listed && !source.is_test() {
            wrong.push(format!(
                "{} has {lines} lines: what is the second idea in it?",
                source.path
            ));
        }
        if lines <= LONGEST && listed {
            wrong.push(format!(
                "{} is short now: take it off the list",
                source.path
            ));
        }
    }
    for (path, _) in LONG {
        if !repository().join(path).exists() {
            wrong.push(format!("{path} is gone: take it off the list"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn no_module_is_named_for_having_no_idea() {
    for source in sources("src") {
        for name in [
            "util", "utils", "helper", "helpers", "common", "misc", "manager",
        ] {
            let named = source.path.split(['/', '.']).any(|segment| segment == name);
            assert!(!named, "{}", source.path);
        }
    }
}

/// The text is read by people: nobody wants to scroll through a comment that says what the code says, but everybody
/// wants to know what is left to do.
#[test]
fn nothing_is_left_to_be_done_in_the_code() {
    for source in sources("src") {
        for (number, line) in source.text.lines().enumerate() {
            for word in ["TODO", "FIXME", "XXX", "HACK"] {
                assert!(
                    !line.contains(word),
                    "{}:{}: {word}",
                    source.path,
                    number + 1
                );
            }
        }
    }
}

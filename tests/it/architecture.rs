//! Architecture tests, which read the source code: the dependencies between stages, access to the outside world, and
//! the length of files.
//!
//! Rules that clippy can check are in `clippy.toml`; the rules here are those it cannot: module dependencies, and which
//! modules are exempt.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

/// Files that may be long because they implement a single idea.
const LONG: [(&str, &str); 6] = [
    (
        "src/database/engine/mod.rs",
        "one trait, with the defaults of its methods",
    ),
    (
        "src/database/engine/mysql/recipe.rs",
        "the tables of one engine",
    ),
    (
        "src/map/record.rs",
        "one walk over a record, column by column",
    ),
    (
        "src/operations/audit/why/origin.rs",
        "the steps of an explanation, in their order",
    ),
    (
        "src/operations/directory/ownership.rs",
        "the rules of ownership, in one place",
    ),
    (
        "src/operations/error.rs",
        "the errors of all operations, each with its message",
    ),
];

const LONGEST: usize = 300;

/// Files outside `src/database/engine` that name a database.
const NAMES_A_DATABASE: [(&str, &str); 2] = [
    (
        "src/layout/tables/names.rs",
        "a layout's names must be possible in every database",
    ),
    (
        "src/layout/tables/statements.rs",
        "the parser's name for the dialect of `tables.sql`",
    ),
];

/// Files outside `src/database/engine` that put names into SQL text, all of them quoted.
const FORMATS_SQL: [(&str, &str); 2] = [
    (
        "src/database/tables/deferred.rs",
        "drops triggers and indexes by their quoted names",
    ),
    (
        "src/infer/emit/tables_sql.rs",
        "writes `tables.sql`, which is parsed and never executed",
    ),
];

/// Modules that may call the functions that `clippy.toml` disallows.
const OUTSIDE: [&str; 8] = [
    "src/archive/mod.rs",
    "src/cli/mod.rs",
    "src/database/mod.rs",
    "src/layout/files.rs",
    // Only for unit tests.
    "src/lib.rs",
    "src/model/regular_file.rs",
    "src/operations/testing.rs",
    "src/source/mod.rs",
];

/// A source file.
struct Source {
    /// Path relative to the repository, with `/`.
    path: String,
    text: String,
}

impl Source {
    /// Returns the folder in `src/`; `None` for `lib.rs` and `main.rs`.
    fn stage(&self) -> Option<&str> {
        let (stage, _) = self.path.strip_prefix("src/")?.split_once('/')?;
        Some(stage)
    }

    fn is_test(&self) -> bool {
        let name = self.path.rsplit('/').next().unwrap_or_default();
        self.path.contains("/tests/") || matches!(name, "tests.rs" | "testing.rs")
    }

    /// Lines of code without comments and without items for tests, wherever they are.
    fn code_without_tests(&self) -> Vec<(usize, &str)> {
        let mut code = Vec::new();
        let mut lines = self.text.lines().enumerate();
        while let Some((number, line)) = lines.next() {
            if line.starts_with("#[cfg(test)]") || line.starts_with("#[cfg(all(test") {
                lines.find(|(_, line)| {
                    *line == "}" || line.ends_with(';') && !line.starts_with(' ')
                });
                continue;
            }
            let line = line.split("// ").next().unwrap_or_default();
            if !line.trim_start().starts_with("//") {
                code.push((number + 1, line));
            }
        }
        code
    }

    /// Returns the lines of code, without comments and without the tests at the end.
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

/// Returns the stages in order, as documented in the crate documentation.
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

/// Returns the words that follow each occurrence of `before` in `line`.
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

/// The folders of a stage that is a pipeline of its own.
const PARTS_OF_INFER: [&str; 4] = ["cluster", "profile", "tables", "emit"];

#[test]
fn a_part_of_infer_uses_only_the_parts_before_it() {
    let place = |name: &str| PARTS_OF_INFER.iter().position(|part| *part == name);
    let mut wrong = Vec::new();
    for source in sources("src/infer") {
        let folder = source.path.split('/').nth(2).unwrap_or_default();
        let Some(own) = place(folder) else { continue };
        for (number, line) in source.code() {
            let used = words_after(line, "crate::infer::");
            let outside = line.contains("super::super::");
            if outside
                || used
                    .into_iter()
                    .any(|used| place(used).is_none_or(|used| used > own))
            {
                wrong.push(format!("{}:{number}: {line}", source.path));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn only_cli_prints_and_reads_the_environment() {
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
fn only_outer_stages_are_exempt_from_lints_about_the_outside_world() {
    let exempt = sources("src")
        .into_iter()
        .filter(|source| source.text.contains("clippy::disallowed_m"))
        .map(|source| source.path);
    assert_eq!(exempt.collect::<Vec<_>>(), OUTSIDE);
}

#[test]
fn pure_stages_use_no_files_and_no_database() {
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
        let opens = ["src/layout/files.rs", "src/model/regular_file.rs"];
        if outer || opens.contains(&source.path.as_str()) {
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

/// What differs between databases is in the folder of its engine: whoever adds one opens no other.
#[test]
fn nothing_outside_the_engines_names_a_database() {
    let mut wrong = Vec::new();
    for source in sources("src") {
        let excepted = NAMES_A_DATABASE.iter();
        let is_excepted = excepted.clone().any(|(path, _)| *path == source.path);
        if source.path.starts_with("src/database/engine/") || source.is_test() {
            continue;
        }
        let mut named = Vec::new();
        for (number, line) in source.code_without_tests() {
            let lower = line.to_lowercase();
            let names = ["sqlite", "postgres", "mysql", "mariadb"].into_iter();
            named.extend(
                names
                    .filter(|name| lower.contains(name))
                    .map(|name| format!("{}:{number} names `{name}`", source.path)),
            );
        }
        if is_excepted && named.is_empty() {
            wrong.push(format!("{} names none: take it off the list", source.path));
        } else if !is_excepted {
            wrong.append(&mut named);
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Returns the string literals of `code` that are formatted: the first argument with quotes of each of these macros.
fn format_strings(code: &str) -> impl Iterator<Item = &str> {
    let macros = ["format!(", "write!(", "writeln!(", "format_args!("];
    let starts = macros
        .into_iter()
        .flat_map(|name| code.match_indices(name).map(move |(at, _)| at + name.len()));
    starts.filter_map(|start| {
        let literal = &code[start + code[start..].find('"')? + 1..];
        let escaped = |at: usize| literal[..at].ends_with('\\');
        let end = literal
            .match_indices('"')
            .find(|(at, _)| !escaped(*at))
            .map(|(at, _)| at)?;
        Some(&literal[..end])
    })
}

/// Values are bound, and queries outside the engines are Diesel's. Only engines, and the listed files, put names into
/// SQL.
#[test]
fn only_engines_format_sql() {
    let statements = [
        "SELECT ",
        "INSERT INTO ",
        "UPDATE ",
        "DELETE FROM ",
        "CREATE ",
        "DROP ",
        "ALTER ",
        "PRAGMA ",
    ];
    let clauses = [" FROM ", " WHERE ", "VALUES ("];
    // `recorded.rs` searches for fragments of SQL in the text of triggers.
    let exempt =
        |path: &str| path.starts_with("src/database/engine/") || path == "src/audit/recorded.rs";
    let mut found = BTreeSet::new();
    for source in sources("src") {
        if exempt(&source.path) || source.is_test() {
            continue;
        }
        let code: Vec<&str> = source
            .code_without_tests()
            .into_iter()
            .map(|(_, line)| line)
            .collect();
        let code = code.join("\n");
        let formats = format_strings(&code).any(|text| {
            let is_sql = statements.iter().any(|word| text.starts_with(word))
                || clauses.iter().any(|clause| text.contains(clause));
            is_sql && text.contains('{')
        });
        if formats {
            found.insert(source.path);
        }
    }
    let listed = FORMATS_SQL.iter().map(|(path, _)| (*path).to_owned());
    assert_eq!(found, listed.collect());
}

/// Built-in layouts are data: no code depends on one of them.
#[test]
fn no_layout_is_named() {
    let layouts: Vec<String> = fs::read_dir(repository().join("schemas"))
        .expect("read")
        .map(|entry| entry.expect("an entry").file_name())
        .map(|name| name.to_string_lossy().to_lowercase())
        .collect();
    assert!(!layouts.is_empty());
    let mut wrong = Vec::new();
    for source in sources("src") {
        if source.is_test() {
            continue;
        }
        for (number, line) in source.code_without_tests() {
            let lower = line.to_lowercase();
            for name in layouts.iter().filter(|name| lower.contains(*name)) {
                wrong.push(format!("{}:{number} names `{name}`", source.path));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_module_has_documentation() {
    for folder in ["src", "tests"] {
        for source in sources(folder) {
            let documented = source.text.starts_with("//! ");
            assert!(documented, "{} does not begin with `//!`", source.path);
        }
    }
}

#[test]
fn only_listed_files_are_long() {
    let mut wrong = Vec::new();
    for source in sources("src") {
        let lines = source.text.lines();
        let lines = lines.take_while(|line| *line != "#[cfg(test)]").count();
        let listed = LONG.iter().any(|(path, _)| *path == source.path);
        if lines > LONGEST && !listed && !source.is_test() {
            wrong.push(format!(
                "{} has {lines} lines: split it, or add it to the list with a reason",
                source.path
            ));
        }
        if lines <= LONGEST && listed {
            wrong.push(format!(
                "{} is short now: remove it from the list",
                source.path
            ));
        }
    }
    for (path, _) in LONG {
        if !repository().join(path).exists() {
            wrong.push(format!("{path} no longer exists: remove it from the list"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn no_module_has_a_meaningless_name() {
    for source in sources("src") {
        for name in [
            "util", "utils", "helper", "helpers", "common", "misc", "manager",
        ] {
            let named = source.path.split(['/', '.']).any(|segment| segment == name);
            assert!(!named, "{}", source.path);
        }
    }
}

/// Markers of unfinished work do not belong in the code.
#[test]
fn the_code_has_no_todo_markers() {
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

//! Messages that the pages in `docs/` quote exist in the program.
//!
//! The outputs of console examples are compared by `scripts/examples`. This test is for messages in running text and in
//! blocks that no command makes: their parts between the values must be in the source code.

use std::fs;
use std::path::Path;

/// The first words of quoted text that is not a message of accession: commands, and messages of a database.
const OTHERS: [&str; 10] = [
    "accession",
    "archive",
    "audit",
    "binlog",
    "git",
    "head",
    "layout",
    "no such",
    "rejects",
    "unsafe",
];

/// Parts shorter than this are too common to compare.
const SHORTEST: usize = 12;

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// The source code, without line breaks in strings.
fn sources() -> String {
    let mut all = String::new();
    let mut folders = vec![root().join("src")];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).expect("a folder") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                folders.push(path);
            } else {
                all.push_str(&fs::read_to_string(path).expect("UTF-8"));
            }
        }
    }
    let lines = all.split("\\\n").map(str::trim_start);
    lines.collect::<String>()
}

/// The pages with their names.
fn pages() -> Vec<(String, String)> {
    let docs = fs::read_dir(root().join("docs")).expect("a folder");
    let docs = docs.map(|entry| entry.expect("an entry").path());
    let pages = docs.filter(|path| path.extension().is_some_and(|end| end == "md"));
    let read = |path: std::path::PathBuf| {
        let name = path.file_name().expect("a file").display().to_string();
        (name, fs::read_to_string(&path).expect("UTF-8"))
    };
    pages.chain([root().join("README.md")]).map(read).collect()
}

/// Text in back-ticks that reads like a message: words in lower case, and `…` for values.
fn quoted(page: &str) -> Vec<String> {
    let mut text = String::new();
    let mut is_block = false;
    for line in page.lines() {
        if line.starts_with("```") {
            is_block = !is_block;
        } else if !is_block {
            text.push_str(line);
            text.push(' ');
        }
    }
    let is_message = |text: &&str| {
        let plain = |c: char| c.is_ascii_lowercase() || " ,:;'…".contains(c);
        text.chars().all(plain)
            && text.split(' ').count() > 2
            && !OTHERS.iter().any(|other| text.starts_with(other))
    };
    let quoted = text.split('`').skip(1).step_by(2);
    quoted.filter(is_message).map(str::to_owned).collect()
}

/// The messages and hints in blocks without a command.
fn in_blocks(page: &str) -> Vec<String> {
    let mut messages = Vec::new();
    for block in page.split("```text\n").skip(1) {
        let block = block.split("```").next().unwrap_or_default();
        for line in block.lines() {
            let message = match line.trim_start().split_once(": ") {
                Some((kind, rest)) if kind.contains('[') => rest.split_once(": ").map(|two| two.1),
                Some(("hint", hint)) => Some(hint),
                Some(_) | None => None,
            };
            messages.extend(message.map(str::to_owned));
        }
    }
    messages
}

#[test]
fn quoted_messages_are_those_of_the_program() {
    let sources = sources();
    let mut missing = Vec::new();
    for (name, page) in pages() {
        for message in quoted(&page).into_iter().chain(in_blocks(&page)) {
            let parts = message.split(['…', '`', ':']).map(str::trim);
            let parts = parts.filter(|part| part.len() >= SHORTEST);
            for part in parts.filter(|part| !sources.contains(part)) {
                missing.push(format!("{name}: `{message}`: nothing prints `{part}`"));
            }
        }
    }
    assert!(missing.is_empty(), "{}", missing.join("\n"));
}

#[test]
fn no_line_of_the_documentation_ends_in_a_blank() {
    for (name, page) in pages() {
        for (number, line) in (1..).zip(page.lines()) {
            assert_eq!(line, line.trim_end(), "{name}:{number}");
        }
    }
}

#[test]
fn the_help_of_migrate_down_names_every_migration() {
    let workspace = crate::workspace::Workspace::empty();
    let help = workspace.run(workspace.command().args(["migrate", "down", "--help"]));
    let migrations = fs::read_dir(root().join("migrations/sqlite")).expect("a folder");
    for migration in migrations {
        let name = migration.expect("a folder").file_name();
        let name = name.to_str().expect("UTF-8").to_owned();
        let short = name.strip_prefix("accession-").expect("the prefix");
        assert!(
            help.stdout.contains(&format!("`{short}`")),
            "{short}: {help}"
        );
    }
}

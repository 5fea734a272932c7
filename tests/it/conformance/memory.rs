//! Memory grows neither with the number of large entries, nor with a large value by more than a few copies of it.

use serde_json::Value;

use super::target::{Backend, Target, run};
use crate::peak::measured;

#[test]
fn many_large_entries_are_not_held_together() {
    run(Backend::Sqlite, many_large_entries);
}

#[test]
fn a_large_value_is_read_in_a_few_copies() {
    run(Backend::Sqlite, a_large_value);
}

/// The same on servers takes minutes: `scripts/test-long memory`.
mod on_request {
    use super::{Backend, a_large_value, many_large_entries, run};

    #[test]
    #[ignore = "takes long, and needs servers: scripts/test-long memory"]
    fn many_large_entries_are_not_held_together() {
        run(Backend::Postgres, many_large_entries);
        run(Backend::Mysql, many_large_entries);
    }

    #[test]
    #[ignore = "takes long, and needs servers: scripts/test-long memory"]
    fn a_large_value_is_read_in_a_few_copies() {
        run(Backend::Postgres, a_large_value);
        run(Backend::Mysql, a_large_value);
    }
}

/// Imports the source directory with the layout that takes any JSON.
fn imports(target: &Target) {
    let layout = crate::fixtures::path("layouts/anything");
    target.imports(&["--layout", &layout.display().to_string()]);
}

/// Returns the peak memory of a command that succeeds, in KB.
#[track_caller]
fn peak(target: &Target, arguments: &[&str]) -> u64 {
    let (ended, peak) = measured(&target.command(arguments));
    assert_eq!(ended.code, Some(0), "{arguments:?}: {}", ended.stderr);
    peak
}

/// The id of the last run.
fn last_run(target: &Target) -> String {
    let ended = target.run(&["runs", "list", "--format", "json"]);
    let runs: Value = serde_json::from_str(&ended.stdout).expect("JSON");
    runs[0]["id"].as_str().expect("an id").to_owned()
}

fn layout_arguments(layout: &str) -> [&str; 2] {
    ["--layout", layout]
}

fn many_large_entries(target: Target) {
    const COUNT: usize = 600;
    const KB: usize = 150;
    let text = "x".repeat(KB * 1000);
    let records: Vec<String> = (0..COUNT).map(|n| format!("[{n},\"{text}\"]")).collect();
    let path = "records/large.json";
    target
        .workspace
        .write(path, format!("[{}]", records.join(",")));
    imports(&target);
    let base = peak(&target, &["runs", "list"]);
    let run = last_run(&target);
    let layout = crate::fixtures::path("layouts/anything");
    let layout = layout.display().to_string();
    // A few pages of 8 MB, or what the reading of files holds; the entries are 90 MB.
    let most = base + 60_000;
    let archive = super::ARCHIVE;
    let verify = [&["verify", "legacy"], &layout_arguments(&layout)[..]].concat();
    let revert = [&["revert", &run, "--no-backup"], &archive[..]].concat();
    for arguments in [
        &["audit", "export", "--format", "jsonl"][..],
        &[
            "audit",
            "log",
            "--entries",
            "--limit",
            "1000",
            "--format",
            "json",
        ],
        &["audit", "log", "--entries", "--contains", "xyz"],
        &[
            "audit",
            "as-of",
            "items",
            "--at",
            "2000-01-01",
            "--format",
            "json",
        ],
        &[
            "audit", "as-of", "items", "--at", "today", "--format", "csv",
        ],
        &["audit", "reconcile"],
        &["audit", "verify"],
        &verify,
        &[&revert[..], &["--dry-run"]].concat(),
    ] {
        let peak = peak(&target, arguments);
        assert!(
            peak < most,
            "{arguments:?}: {peak} KB, of which {base} KB without entries"
        );
    }
    // SQLite has a cache, and keeps the pages that a statement changes.
    let peak = peak(&target, &revert);
    assert!(
        peak < base + 220_000,
        "{peak} KB, of which {base} KB without entries"
    );
}

fn a_large_value(target: Target) {
    // A server takes shorter values, and of these the allocator keeps some that were freed.
    let (bytes, copies, formats) = match target.backend {
        Backend::Sqlite => (20_000_000, 11, &["json"][..]),
        Backend::Postgres | Backend::Mysql => (7_000_000, 20, &["table", "json", "csv"][..]),
    };
    let put = |letter: &str| {
        let document = format!("{{\"text\":\"{}\"}}", letter.repeat(bytes));
        target.workspace.write("documents/large.json", document);
        imports(&target);
    };
    put("x");
    let first = last_run(&target);
    put("y");
    let base = peak(&target, &["runs", "list"]);
    let run = last_run(&target);
    let layout = crate::fixtures::path("layouts/anything");
    let layout = layout.display().to_string();
    let layout = layout_arguments(&layout);
    let row = ["items", "1"];
    let with_copies = |count: u64| base + count * bytes as u64 / 1000;
    let in_format = |command: &[&'static str], format: &'static str| {
        [&["audit"], command, &["--format", format]].concat()
    };
    let mut commands = Vec::new();
    for &format in formats {
        for command in ["history", "blame", "why"] {
            commands.push(in_format(&[&[command], &row[..]].concat(), format));
        }
        commands.push(in_format(&["log", "--entries"], format));
        commands.push(in_format(&["show", "2"], format));
    }
    commands.push(in_format(&["export"], "jsonl"));
    commands.push(in_format(&["export"], "html"));
    for command in &mut commands {
        if command[1] == "why" {
            command.extend(layout);
        }
    }
    let as_of = ["audit", "as-of", "items", "--format", "json", "--at"];
    commands.push([&as_of[..], &["today"]].concat());
    commands.push([&as_of[..], &[first.as_str()]].concat());
    commands.push([&as_of[..], &["2000-01-01"]].concat());
    commands.push(vec!["audit", "reconcile"]);
    commands.push(vec!["audit", "verify"]);
    commands.push([&["verify", "legacy"], &layout[..]].concat());
    let revert = [
        &["revert", run.as_str(), "--no-backup"],
        &super::ARCHIVE[..],
    ]
    .concat();
    commands.push([&revert[..], &["--dry-run"]].concat());
    for arguments in commands {
        let peak = peak(&target, &arguments);
        let most = with_copies(copies);
        assert!(
            peak < most,
            "{arguments:?}: {peak} KB, of which {base} KB without the value"
        );
    }
    // SQLite itself makes 19 copies of a value for the entry of its change.
    let most = match target.backend {
        Backend::Sqlite => with_copies(30),
        Backend::Postgres | Backend::Mysql => with_copies(20),
    };
    let peak = peak(&target, &revert);
    assert!(
        peak < most,
        "{peak} KB, of which {base} KB without the value"
    );
}

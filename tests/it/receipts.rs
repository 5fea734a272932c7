//! Receipts as files: written with a word about it, and what is none told to be none.

use crate::json;
use crate::workspace::{Ended, Workspace};

fn ended(workspace: &Workspace, arguments: &[&str]) -> Ended {
    workspace.run(workspace.command().args(arguments))
}

#[test]
fn a_receipt_that_was_written_is_named_with_what_it_proves() {
    let workspace = Workspace::of("srs4autism/valid/small");
    let run = workspace.report(&[])["run"].clone();
    let run = run.as_str().expect("a run");
    let make = [
        "audit",
        "receipt",
        run,
        "--database",
        "target/legacy.db",
        "--output",
        "receipt.json",
        "--record",
        "profiles",
        "child_0001",
    ];
    let told = ended(&workspace, &make);
    assert_eq!(told.code, Some(0), "{told}");
    for words in [
        "written: ",
        "`receipt.json`",
        run,
        "INSERT profiles child_0001",
    ] {
        assert!(told.stdout.contains(words), "{words}\n{told}");
    }
    let told = ended(&workspace, &[&make[..], &["--format", "json"]].concat());
    let written = json::parse(&told.stdout);
    assert_eq!(written["path"], "receipt.json");
    assert_eq!(written["run"], run);
    assert_eq!(written["row"]["record_id"], "child_0001");
}

#[test]
fn what_is_no_receipt_is_told_to_be_none() {
    let workspace = Workspace::of("srs4autism/valid/small");
    std::fs::write(workspace.root().join("binary.json"), b"\xff\x00\xfe").expect("written");
    let check = ["audit", "verify", "--receipt"];
    let told = ended(&workspace, &[&check[..], &["nosuch.json"]].concat());
    assert_eq!(told.code, Some(1), "{told}");
    let words = "error: nosuch.json: cannot be read\n";
    assert!(told.stderr.starts_with(words), "{told}");
    let told = ended(&workspace, &[&check[..], &["binary.json"]].concat());
    assert_eq!(told.code, Some(4), "{told}");
    for words in ["no receipt", "`accession audit receipt RUN --output FILE`"] {
        assert!(told.stdout.contains(words), "{told}");
    }
}

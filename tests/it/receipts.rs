//! Receipts as files: writing one is confirmed, and an invalid one is reported.

use crate::json;
use crate::workspace::{CommandOutput, Workspace};

fn ended(workspace: &Workspace, arguments: &[&str]) -> CommandOutput {
    workspace.run(workspace.command().args(arguments))
}

#[test]
fn writing_a_receipt_reports_the_file_and_what_it_proves() {
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
    let output = ended(&workspace, &make);
    assert_eq!(output.code, Some(0), "{output}");
    for words in [
        "written: ",
        "`receipt.json`",
        run,
        "INSERT profiles child_0001",
    ] {
        assert!(output.stdout.contains(words), "{words}\n{output}");
    }
    let output = ended(&workspace, &[&make[..], &["--format", "json"]].concat());
    let written = json::parse(&output.stdout);
    assert_eq!(written["path"], "receipt.json");
    assert_eq!(written["run"], run);
    assert_eq!(written["row"]["record_id"], "child_0001");
}

#[test]
fn an_invalid_receipt_is_reported() {
    let workspace = Workspace::of("srs4autism/valid/small");
    std::fs::write(workspace.root().join("binary.json"), b"\xff\x00\xfe").expect("written");
    let check = ["audit", "verify", "--receipt"];
    let output = ended(&workspace, &[&check[..], &["nosuch.json"]].concat());
    assert_eq!(output.code, Some(1), "{output}");
    let words = "error: nosuch.json: cannot be read\n";
    assert!(output.stderr.starts_with(words), "{output}");
    let output = ended(&workspace, &[&check[..], &["binary.json"]].concat());
    assert_eq!(output.code, Some(4), "{output}");
    for words in [
        "not a receipt",
        "`accession audit receipt RUN --output FILE`",
    ] {
        assert!(output.stdout.contains(words), "{output}");
    }
}

//! Environment variables of the command, and the precedence of arguments.

use crate::rows;
use crate::workspace::{CommandOutput, Workspace};

const WHO: &str = "SELECT actor FROM import_runs ORDER BY id";

#[test]
fn database_and_actor_may_come_from_the_environment() {
    let workspace = Workspace::of("srs4autism/valid/small");
    let mut command = workspace.command();
    command
        .args(["import", "legacy"])
        .env("DATABASE_URL", "sqlite:target/legacy.db")
        .env("ACCESSION_ACTOR", "from the environment");
    let ended = workspace.run(&mut command);
    assert_eq!(ended.code, Some(0), "{ended}");
    let actors = rows::texts(&workspace.connection(), WHO);
    assert_eq!(actors, ["from the environment"]);
}

#[test]
fn arguments_have_precedence_over_the_environment() {
    let workspace = Workspace::of("srs4autism/valid/small");
    let mut command = workspace.command();
    command
        .args(["import", "legacy", "--actor", "from an argument"])
        .args(["--database", "target/legacy.db"])
        .env("DATABASE_URL", "target/other.db")
        .env("ACCESSION_ACTOR", "from the environment");
    let ended = workspace.run(&mut command);
    assert_eq!(ended.code, Some(0), "{ended}");
    assert!(!workspace.target().join("other.db").exists());
    let actors = rows::texts(&workspace.connection(), WHO);
    assert_eq!(actors, ["from an argument"]);
}

#[test]
fn the_same_directory_is_the_same_source_however_it_is_written() {
    let workspace = Workspace::of("srs4autism/valid/small");
    workspace.imports(&[]);
    let absolute = workspace.source_dir().display().to_string();
    for written in ["legacy/", "./legacy", "target/../legacy", &absolute] {
        let mut command = workspace.command();
        command.args(["import", written, "--database", "sqlite:target/legacy.db"]);
        let ended = workspace.run(&mut command);
        assert_eq!(ended.code, Some(0), "{ended}");
        assert!(ended.stdout.starts_with("nothing to do"), "{ended}");
    }
}

/// A closed pipe (`| head`) is not an error.
#[test]
fn a_closed_output_pipe_is_not_an_error() {
    let workspace = Workspace::of("srs4autism/valid/small");
    let mut child = workspace.begin_import(&[]);
    drop(child.stdout.take());
    drop(child.stderr.take());
    assert_eq!(child.wait().expect("an end").code(), Some(0));
    rows::assert_sound(&workspace.connection());
}

#[test]
fn colours_are_used_only_on_terminals() {
    let workspace = Workspace::of("srs4autism/valid/small");
    let mut command = workspace.command();
    command
        .args(["import", "legacy", "--database", "target/legacy.db"])
        .env_remove("NO_COLOR");
    let ended = workspace.run(&mut command).to_string();
    assert!(!ended.contains('\u{1b}'), "{ended}");
}

/// Runs a command in the workspace.
fn ended(workspace: &Workspace, arguments: &[&str]) -> CommandOutput {
    workspace.run(workspace.command().args(arguments))
}

#[test]
fn quiet_hides_notices_but_not_warnings() {
    let workspace = Workspace::of("srs4autism/valid/small");
    workspace.imports(&[]);
    std::fs::write(
        workspace.root().join(".env"),
        "DATABASE_URL=target/legacy.db\n",
    )
    .expect("written");
    let output = ended(&workspace, &["runs", "list"]);
    assert!(output.stderr.contains("is taken from `.env`"), "{output}");
    let output = ended(&workspace, &["runs", "list", "-q"]);
    assert_eq!(output.stderr, "", "{output}");
    std::fs::rename(workspace.source_dir(), workspace.root().join("moved")).expect("moved");
    let output = ended(&workspace, &["verify", "moved", "-q"]);
    assert_eq!(output.code, Some(4), "{output}");
    for words in ["warning[moved-source]", "verify it with `--source"] {
        assert!(output.stderr.contains(words), "{output}");
    }
}

#[test]
fn the_archive_is_found_if_variables_specify_the_database() {
    let workspace = Workspace::empty();
    let mut command = workspace.command();
    command.args(["archive", "list"]).envs([
        ("DATABASE_TYPE", "postgres"),
        ("DB_HOST", "db.example"),
        ("DB_NAME", "legacy"),
    ]);
    let output = workspace.run(&mut command);
    assert!(
        output.stderr.contains("postgres-legacy@db.example.archive"),
        "{output}"
    );
    let output = ended(&workspace, &["archive", "list"]);
    assert_eq!(output.code, Some(2), "{output}");
    assert!(output.stderr.contains("`--archive DIR`"), "{output}");
}

#[test]
fn a_receipt_is_checked_without_using_the_database_from_the_environment() {
    let workspace = Workspace::of("srs4autism/valid/small");
    let run = workspace.report(&[])["run"].clone();
    let run = run.as_str().expect("a run");
    let made = ["audit", "receipt", run, "--database", "target/legacy.db"];
    let output = ended(
        &workspace,
        &[&made[..], &["--output", "receipt.json"]].concat(),
    );
    assert_eq!(output.code, Some(0), "{output}");
    let check = ["audit", "verify", "--receipt", "receipt.json"];
    let mut command = workspace.command();
    command.args(check).env("DATABASE_URL", "gone.db");
    let output = workspace.run(&mut command);
    assert_eq!(output.code, Some(0), "{output}");
    let output = ended(
        &workspace,
        &[&check[..], &["--database", "gone.db"]].concat(),
    );
    assert_eq!(output.code, Some(1), "{output}");
}

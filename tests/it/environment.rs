//! What the command takes from its environment, and that an argument is stronger.

use crate::rows;
use crate::workspace::{Ended, Workspace};

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
fn arguments_are_stronger_than_the_environment() {
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
    let absolute = workspace.legacy().display().to_string();
    for written in ["legacy/", "./legacy", "target/../legacy", &absolute] {
        let mut command = workspace.command();
        command.args(["import", written, "--database", "sqlite:target/legacy.db"]);
        let ended = workspace.run(&mut command);
        assert_eq!(ended.code, Some(0), "{ended}");
        assert!(ended.stdout.starts_with("nothing to do"), "{ended}");
    }
}

/// A reader that wants no more (`| head`) is no failure.
#[test]
fn output_that_nobody_reads_is_no_failure() {
    let workspace = Workspace::of("srs4autism/valid/small");
    let mut child = workspace.begin_import(&[]);
    drop(child.stdout.take());
    drop(child.stderr.take());
    assert_eq!(child.wait().expect("an end").code(), Some(0));
    rows::assert_sound(&workspace.connection());
}

#[test]
fn colours_are_for_terminals() {
    let workspace = Workspace::of("srs4autism/valid/small");
    let mut command = workspace.command();
    command
        .args(["import", "legacy", "--database", "target/legacy.db"])
        .env_remove("NO_COLOR");
    let ended = workspace.run(&mut command).to_string();
    assert!(!ended.contains('\u{1b}'), "{ended}");
}

/// The output of a command in the workspace.
fn ended(workspace: &Workspace, arguments: &[&str]) -> Ended {
    workspace.run(workspace.command().args(arguments))
}

#[test]
fn quiet_hides_notices_and_no_warnings() {
    let workspace = Workspace::of("srs4autism/valid/small");
    workspace.imports(&[]);
    std::fs::write(
        workspace.root().join(".env"),
        "DATABASE_URL=target/legacy.db\n",
    )
    .expect("written");
    let told = ended(&workspace, &["runs", "list"]);
    assert!(told.stderr.contains("is taken from `.env`"), "{told}");
    let told = ended(&workspace, &["runs", "list", "-q"]);
    assert_eq!(told.stderr, "", "{told}");
    std::fs::rename(workspace.legacy(), workspace.root().join("moved")).expect("moved");
    let told = ended(&workspace, &["verify", "moved", "-q"]);
    assert_eq!(told.code, Some(4), "{told}");
    for words in ["warning[moved-source]", "verify it with `--source"] {
        assert!(told.stderr.contains(words), "{told}");
    }
}

#[test]
fn the_archive_of_a_database_that_variables_name_is_found() {
    let workspace = Workspace::empty();
    let mut command = workspace.command();
    command.args(["archive", "list"]).envs([
        ("DATABASE_TYPE", "postgres"),
        ("DB_HOST", "db.example"),
        ("DB_NAME", "legacy"),
    ]);
    let told = workspace.run(&mut command);
    assert!(
        told.stderr.contains("postgres-legacy@db.example.archive"),
        "{told}"
    );
    let told = ended(&workspace, &["archive", "list"]);
    assert_eq!(told.code, Some(2), "{told}");
    assert!(told.stderr.contains("`--archive DIR`"), "{told}");
}

#[test]
fn a_receipt_is_checked_without_the_database_of_the_environment() {
    let workspace = Workspace::of("srs4autism/valid/small");
    let run = workspace.report(&[])["run"].clone();
    let run = run.as_str().expect("a run");
    let made = ["audit", "receipt", run, "--database", "target/legacy.db"];
    let told = ended(
        &workspace,
        &[&made[..], &["--output", "receipt.json"]].concat(),
    );
    assert_eq!(told.code, Some(0), "{told}");
    let check = ["audit", "verify", "--receipt", "receipt.json"];
    let mut command = workspace.command();
    command.args(check).env("DATABASE_URL", "gone.db");
    let told = workspace.run(&mut command);
    assert_eq!(told.code, Some(0), "{told}");
    let told = ended(
        &workspace,
        &[&check[..], &["--database", "gone.db"]].concat(),
    );
    assert_eq!(told.code, Some(1), "{told}");
}

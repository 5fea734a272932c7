//! What the command takes from its environment, and that an argument is stronger.

use crate::rows;
use crate::workspace::Workspace;

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

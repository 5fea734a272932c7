//! An import that is killed or interrupted leaves the old or the new state, and the next one succeeds.
//!
//! `scripts/attack kill` kills every operation on every database at many more points in time.

use std::path::{Path, PathBuf};
use std::process::{Child, Command};
use std::time::{Duration, Instant};

use crate::bulk::{Bulk, fill};
use crate::rows;
use crate::tree::Tree;
use crate::workspace::{CommandOutput, Workspace};

/// The number of points in time at which an import is killed.
const MOMENTS: u32 = 8;

/// The number of rows per edition and the number of runs, which distinguish the old state from the new one.
#[derive(Debug, PartialEq, Eq)]
struct State {
    runs: i64,
    entries: i64,
    editions: Vec<String>,
    rows: Vec<(String, i64)>,
}

impl State {
    fn of(workspace: &Workspace) -> Self {
        let connection = workspace.connection();
        assert_eq!(rows::texts(&connection, "PRAGMA integrity_check"), ["ok"]);
        assert!(rows::query(&connection, "PRAGMA foreign_key_check").is_empty());
        assert_eq!(rows::count(&connection, "audit_context"), 0);
        Self {
            runs: rows::count(&connection, "import_runs"),
            entries: rows::count(&connection, "audit_log"),
            editions: rows::texts(
                &connection,
                "SELECT raw_input FROM profiles UNION SELECT content ->> 'front' FROM approved_cards
                 UNION SELECT DISTINCT substr(content, 1, instr(content, ' ') - 1) FROM chat_messages",
            ),
            rows: rows::application_tables(&connection)
                .into_iter()
                .map(|table| (table.clone(), rows::count(&connection, &table)))
                .filter(|(_, count)| *count > 0)
                .collect(),
        }
    }
}

/// Starts an import and kills it after `delay`; returns whether it was still running.
fn kill_after(workspace: &Workspace, delay: Duration) -> bool {
    let mut child = workspace.begin_import(&[]);
    std::thread::sleep(delay);
    let running = child.try_wait().expect("a child").is_none();
    child.kill().expect("killed");
    child.wait().expect("an end");
    running
}

/// Checks that the next import removes what killed imports left next to database and archive.
fn assert_no_leftovers(workspace: &Workspace) {
    for path in Tree::of(&workspace.target()).paths() {
        let name = path.rsplit('/').next().unwrap_or_default();
        // Unfinished files in the archive may belong to another running import; they are removed after a day.
        let unfinished = name.starts_with('.') && !path.starts_with("legacy.db.archive/");
        // Killed just after the database got its name: the other name is removed by the next write.
        let other_name = is_same_file(&aside(workspace), &workspace.database());
        assert!(!unfinished || other_name, "{path}");
    }
}

/// The file in which a new database is built.
fn aside(workspace: &Workspace) -> PathBuf {
    workspace.target().join(".legacy.db.accession-new")
}

fn is_same_file(one: &Path, other: &Path) -> bool {
    use std::os::unix::fs::MetadataExt as _;
    let inode = |path: &Path| path.metadata().ok().map(|found| (found.dev(), found.ino()));
    inode(one).is_some() && inode(one) == inode(other)
}

/// Simulates a run that was killed after the database got its name and before the other name was removed.
fn killed_at_the_last_moment() -> Workspace {
    let workspace = Workspace::of("srs4autism/valid/small");
    workspace.imports(&[]);
    std::fs::hard_link(workspace.database(), aside(&workspace)).expect("linked");
    workspace
}

#[test]
fn the_temporary_name_of_a_database_is_removed_by_the_next_change() {
    let workspace = killed_at_the_last_moment();
    let path = "content_db/chat_history.json";
    workspace.write(path, workspace.read(path).replace("msg-0004", "msg-0005"));
    workspace.imports(&[]);
    assert!(!aside(&workspace).exists());
    rows::assert_sound(&workspace.connection());
}

#[test]
fn a_database_that_was_moved_is_not_overwritten_through_its_temporary_name() {
    let workspace = killed_at_the_last_moment();
    let moved = workspace.root().join("precious.db");
    let before = std::fs::read(workspace.database()).expect("read");
    std::fs::rename(workspace.database(), &moved).expect("moved");
    workspace.imports(&[]);
    assert!(std::fs::read(&moved).expect("read") == before);
    assert!(!aside(&workspace).exists());
    rows::assert_sound(&workspace.connection());
}

#[test]
fn an_unfinished_database_is_removed_by_the_next_import() {
    let workspace = Workspace::of("srs4autism/valid/small");
    std::fs::write(aside(&workspace), "half a database").expect("written");
    workspace.imports(&[]);
    assert!(!aside(&workspace).exists());
    rows::assert_sound(&workspace.connection());
}

#[test]
fn a_new_database_is_complete_or_does_not_exist() {
    let workspace = Workspace::empty();
    fill(&workspace, Bulk::A_WHILE, "first");
    let started = Instant::now();
    workspace.imports(&[]);
    let duration = started.elapsed();
    let whole = State::of(&workspace);
    let expected: Vec<(String, i64)> = Bulk::A_WHILE
        .rows()
        .map(|(table, count)| (table.to_owned(), count))
        .into();
    assert_eq!(whole.rows, expected);
    let (mut absent, mut complete) = (0, 0);
    for moment in 0..MOMENTS {
        std::fs::remove_dir_all(workspace.target()).expect("removed");
        std::fs::create_dir(workspace.target()).expect("made");
        kill_after(&workspace, duration * (2 * moment + 1) / (2 * MOMENTS));
        if workspace.database().exists() {
            complete += 1;
            assert_eq!(State::of(&workspace), whole);
        } else {
            absent += 1;
        }
        workspace.imports(&[]);
        assert_eq!(State::of(&workspace), whole);
        assert_no_leftovers(&workspace);
    }
    assert!(
        absent > 0,
        "no import was killed in time; {complete} were complete"
    );
}

#[test]
fn an_existing_database_has_the_old_or_the_new_state() {
    let workspace = Workspace::empty();
    fill(&workspace, Bulk::A_WHILE, "first");
    workspace.imports(&[]);
    let old = State::of(&workspace);
    let kept = workspace.root().join("kept");
    copy(&workspace.target(), &kept);
    fill(&workspace, Bulk::A_WHILE, "second");
    let started = Instant::now();
    workspace.imports(&[]);
    let duration = started.elapsed();
    let new = State::of(&workspace);
    assert_eq!((old.runs, new.runs), (1, 2));
    assert_ne!(old.editions, new.editions);
    let mut unchanged = 0;
    for moment in 0..MOMENTS {
        std::fs::remove_dir_all(workspace.target()).expect("removed");
        copy(&kept, &workspace.target());
        kill_after(&workspace, duration * (2 * moment + 1) / (2 * MOMENTS));
        let state = State::of(&workspace);
        assert!(state == old || state == new, "{state:?}");
        unchanged += u32::from(state == old);
        workspace.imports(&[]);
        assert_eq!(State::of(&workspace), new);
        assert_no_leftovers(&workspace);
    }
    assert!(unchanged > 0, "no import was killed in time");
    rows::assert_sound(&workspace.connection());
}

fn copy(from: &Path, to: &Path) {
    let copied = Command::new("cp").arg("-a").args([from, to]).status();
    assert!(copied.is_ok_and(|status| status.success()));
}

fn signal(child: &Child, name: &str) {
    let sent = Command::new("kill")
        .args([name, &child.id().to_string()])
        .status();
    assert!(sent.is_ok_and(|status| status.success()));
}

#[test]
fn an_interrupted_import_leaves_nothing_behind() {
    for name in ["-INT", "-TERM"] {
        let workspace = Workspace::empty();
        fill(&workspace, Bulk::A_WHILE, "first");
        let before = workspace.tree();
        let child = workspace.begin_import(&[]);
        let aside = aside(&workspace);
        let begun = || aside.metadata().is_ok_and(|aside| aside.len() > 100_000);
        while !begun() && !workspace.database().exists() {
            std::thread::sleep(Duration::from_millis(1));
        }
        signal(&child, name);
        let ended = CommandOutput::of(child.wait_with_output().expect("an end"));
        match ended.code {
            Some(130) => before.assert_unchanged(&workspace.tree(), &ended),
            // The import had finished by then.
            Some(0) => assert!(workspace.database().exists()),
            other => panic!("{other:?} {ended}"),
        }
    }
}

#[test]
fn an_interrupted_change_leaves_the_database_unchanged() {
    let workspace = Workspace::empty();
    fill(&workspace, Bulk::A_WHILE, "first");
    workspace.imports(&[]);
    fill(&workspace, Bulk::A_WHILE, "second");
    let before = workspace.tree();
    let child = workspace.begin_import(&[]);
    let log = workspace.target().join("legacy.db-wal");
    let backups = workspace.archive().join("backups");
    while !(backups.exists() && log.metadata().is_ok_and(|log| log.len() > 0)) {
        if backups.read_dir().is_ok_and(|backups| backups.count() > 0) {
            break;
        }
        std::thread::sleep(Duration::from_millis(1));
    }
    signal(&child, "-INT");
    let ended = CommandOutput::of(child.wait_with_output().expect("an end"));
    match ended.code {
        Some(130) => before.assert_unchanged(&workspace.tree(), &ended),
        Some(0) => assert_eq!(State::of(&workspace).runs, 2),
        other => panic!("{other:?} {ended}"),
    }
}

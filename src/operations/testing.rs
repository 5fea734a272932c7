//! A small source directory and a database, for the tests of operations.

#![expect(clippy::disallowed_methods, reason = "tests look at the outside world")]

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use tempfile::TempDir;
use uuid::Uuid;

use crate::archive::BACKUPS;
use crate::database::{Access, Database, DatabaseUrl};
use crate::layout::{Layout, builtin};
use crate::model::{Keep, RunContext, ShowValues, Timestamp};
use crate::parse::Limits;
use crate::plan::{ConflictPolicy, RemovalPolicy};

use super::import::{
    BackupPolicy, ImportMode, ImportOptions, ImportOutcome, InvalidPolicy, UnchangedPolicy, import,
};
use super::{Context, OperationError, Silent};

/// How long the tests wait for locks.
pub(super) const WAIT: Duration = Duration::from_secs(5);

pub(super) const PROFILES: &str = "profiles/child_profiles.json";
pub(super) const CARDS: &str = "content_db/approved_cards.json";

/// A temporary directory; removed when dropped.
pub(super) struct Home {
    root: TempDir,
    pub(super) layout: Layout,
}

impl Home {
    /// A directory of two profiles and a card; there is no database yet.
    pub(super) fn new() -> Self {
        let home = Self {
            root: tempfile::tempdir().expect("temporary directory"),
            layout: builtin("srs4autism").expect("built in"),
        };
        home.write(
            PROFILES,
            r#"[{"id": "a", "name": "A", "mastered_words": "x, y"}, {"id": "b", "name": "B"}]"#,
        );
        home.write(
            CARDS,
            r#"[{"id": "1", "card_type": "basic", "front": "f", "back": "b", "created_at": "2024-05-01T10:00:00"}]"#,
        );
        home
    }

    pub(super) fn directory(&self) -> PathBuf {
        self.root.path().join("legacy")
    }

    pub(super) fn archive(&self) -> PathBuf {
        self.root.path().join("archive")
    }

    fn file(&self) -> PathBuf {
        self.root.path().join("legacy.db")
    }

    pub(super) fn url(&self) -> DatabaseUrl {
        DatabaseUrl::File(self.file())
    }

    pub(super) fn write(&self, path: &str, text: &str) {
        let path = self.directory().join(path);
        fs::create_dir_all(path.parent().expect("a directory")).expect("created");
        fs::write(path, text).expect("written");
    }

    /// Empties the directory of all files that match the layout.
    pub(super) fn empty(&self) {
        fs::remove_dir_all(self.directory()).expect("removed");
        self.write("notes.txt", "");
    }

    /// Whether the archive has copies of the database.
    pub(super) fn has_backups(&self) -> bool {
        self.archive().join(BACKUPS).exists()
    }

    /// Locks the archive as another run does while it stores originals.
    pub(super) fn lock_archive(&self) -> File {
        let lock = File::open(self.archive().join(".lock")).expect("opened");
        lock.lock().expect("locked");
        lock
    }

    /// The options of an import of the directory.
    pub(super) fn options(&self, wait: Duration) -> ImportOptions {
        ImportOptions {
            directory: self.directory(),
            database: self.url(),
            source: None,
            archive: self.archive(),
            parameters: BTreeMap::from([("profile".to_owned(), "a".to_owned())]),
            mode: ImportMode::Apply,
            unchanged: UnchangedPolicy::Skip,
            invalid: InvalidPolicy::Abort,
            removed: RemovalPolicy::Keep,
            deleted: Vec::new(),
            conflict: ConflictPolicy::Report,
            show: ShowValues::Masked,
            keep: Keep::Some,
            limits: Limits::default(),
            wait,
            backup: BackupPolicy::Always,
            file_mode: crate::database::PRIVATE,
        }
    }

    pub(super) fn import(
        &self,
        number: u128,
        wait: Duration,
    ) -> Result<ImportOutcome, OperationError> {
        let options = self.options(wait);
        with_context(|ctx| import(&options, &self.layout, &run(number), ctx))
    }

    /// Executes SQL like another program.
    pub(super) fn execute(&self, sql: &str) -> rusqlite::Result<()> {
        rusqlite::Connection::open(self.file())?.execute_batch(sql)
    }

    /// The single number that `sql` returns.
    pub(super) fn number(&self, sql: &str) -> i64 {
        let connection = rusqlite::Connection::open(self.file()).expect("opened");
        connection
            .query_row(sql, [], |row| row.get(0))
            .expect("a number")
    }

    pub(super) fn database(&self, path: &Path) -> Database {
        Database::open(&DatabaseUrl::File(path.to_owned()), Access::Read, WAIT).expect("opened")
    }
}

/// Reads a file of a source directory.
pub(super) fn read(directory: &Path, path: &str) -> Vec<u8> {
    fs::read(directory.join(path)).expect("read")
}

/// A run with this id.
pub(super) fn run(number: u128) -> RunContext {
    RunContext {
        id: Uuid::from_u128(number),
        actor: "tester".to_owned(),
        reason: None,
        os_user: "tester".to_owned(),
        host: "here".to_owned(),
        started_at: now(),
    }
}

pub(super) fn now() -> Timestamp {
    Timestamp::from_micros(1_714_557_600_000_000).expect("valid")
}

/// Calls `operation` with an environment that never interrupts and reports nothing.
pub(super) fn with_context<T>(operation: impl FnOnce(Context<'_>) -> T) -> T {
    operation(Context {
        interrupted: &AtomicBool::new(false),
        progress: &Silent,
        clock: &now,
        timings: &crate::operations::not_measured,
    })
}

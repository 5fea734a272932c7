//! The library: its layout, files and database.

use std::cell::Cell;
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;

use tempfile::TempDir;

use crate::layout::{self, Layout};
use crate::model::{RunContext, Timestamp};
use crate::operations::Silent;
use crate::operations::import::{
    BackupPolicy, ImportMode, ImportOptions, ImportStatus, InvalidPolicy, UnchangedPolicy, import,
};
use crate::plan::RemovalPolicy;

use super::*;

const LAYOUT: &str = r#"
name = "library"
title = "An invented library"

[parameters.shelf]
help = "shelf of readers who have none"
default = { only = "shelves.label" }

[[source]]
files = "shelves.json"
schema = "shelves.schema.json"
  [[source.records]]
  table = "shelves"
  each = "/*"
  [source.records.columns]
  label = "/label"
  opened = "/opened"
    [[source.records.records]]
    table = "books"
    each = "/books/*"
    [source.records.records.columns]
    shelf_id = "^id"
    title = "/title"
    weight = "/weight"
    copies = "/copies"
    notes = "/notes"
    added = "/added"

[[source]]
files = "readers.json"
schema = "readers.schema.json"
  [[source.records]]
  table = "readers"
  each = "/*"
  [source.records.columns]
  id = "/id"
  name = "/name"
  shelf = ["/shelf", { parameter = "shelf" }]
  shelf_id = { reference = "shelves.id", where = { label = "/shelf" } }
"#;

const TABLES: &str = "
CREATE TABLE shelves (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    label TEXT NOT NULL UNIQUE,
    opened TIMESTAMP
);
CREATE TABLE books (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    shelf_id INTEGER NOT NULL REFERENCES shelves (id) ON DELETE CASCADE,
    title TEXT NOT NULL,
    weight REAL,
    copies BIGINT,
    notes JSON,
    added TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP,
    UNIQUE (shelf_id, title)
);
CREATE TABLE readers (id TEXT PRIMARY KEY, name TEXT, shelf TEXT, shelf_id INTEGER);
";

const SHELVES_SCHEMA: &str = r#"{"type": "array", "items": {"type": "object", "properties": {
    "label": {}, "opened": {}, "books": {"type": "array", "items": {"properties": {
        "title": {}, "weight": {}, "copies": {}, "notes": {}, "added": {}}}}}}}"#;

const READERS_SCHEMA: &str = r#"{"type": "array", "items": {"type": "object", "properties": {
    "id": {}, "name": {"type": "string"}, "shelf": {}}}}"#;

/// Two shelves: one with two distinct books, one of which is repeated, and one with one book.
pub(super) const SHELVES: &str = r#"[
  {
    "label": "A",
    "opened": "2020-01-01T08:00:00+08:00",
    "books": [
    {"title": "Der Fuchs 狐", "weight": 0.30000000000000004, "copies": 9007199254740993,
     "notes": {"big": 18446744073709551617, "by": ["小\u0041", null], "pages": 120}},
     {"title": "Empty", "weight": null},
     {"title": "Empty", "weight": null}
    ]
  },
  {"label": "B", "opened": "2020-01-01T00:00:00Z", "books": [{"title": "Empty", "copies": -1, "added": "2021-02-03T04:05:06"}]}
]
"#;

const READERS: &str = r#"[{"id": "r1", "name": "Ada", "shelf": "A"}, {"id": "r2", "name": "Bo"}]"#;

/// With a different weight, one more book on the first shelf, and none on the second.
pub(super) fn edited(shelves: &str) -> String {
    let more = r#"{"title": "Empty", "weight": 2}, {"title": "New"}"#;
    let once = shelves.replacen(r#"{"title": "Empty", "weight": null},"#, "", 1);
    once.replace(r#"{"title": "Empty", "weight": null}"#, more)
}

static NEVER: AtomicBool = AtomicBool::new(false);

fn noon() -> Timestamp {
    Timestamp::from_micros(1_700_000_000_000_000).expect("a year chrono can show")
}

pub(super) fn context() -> Context<'static> {
    Context {
        interrupted: &NEVER,
        progress: &Silent,
        clock: &noon,
        timings: &crate::operations::not_measured,
    }
}

pub(super) struct Library {
    home: TempDir,
    /// Number of runs so far: each begins a second after the previous one.
    runs: Cell<i64>,
    pub(super) layout: Layout,
}

impl Library {
    /// The files, without a database.
    pub(super) fn new() -> Self {
        let home = tempfile::tempdir().expect("a temporary directory");
        let layout = home.path().join("layout");
        for directory in ["layout", "data", "out", "elsewhere"] {
            std::fs::create_dir(home.path().join(directory)).expect(directory);
        }
        for (name, text) in [
            ("layout.toml", LAYOUT),
            ("tables.sql", TABLES),
            ("shelves.schema.json", SHELVES_SCHEMA),
            ("readers.schema.json", READERS_SCHEMA),
        ] {
            std::fs::write(layout.join(name), text).expect(name);
        }
        let layout = match layout::load_directory(&layout) {
            Ok(layout) => layout,
            Err(error) => panic!("{error}"),
        };
        let library = Self {
            home,
            layout,
            runs: Cell::new(0),
        };
        library.write("shelves.json", SHELVES);
        library.write("readers.json", READERS);
        library
    }

    /// The files, imported into a database.
    pub(super) fn imported() -> Self {
        let library = Self::new();
        library.import();
        library
    }

    fn database(&self) -> PathBuf {
        self.home.path().join("out/library.db")
    }

    pub(super) fn write(&self, name: &str, text: &str) {
        std::fs::write(self.home.path().join("data").join(name), text).expect(name);
    }

    pub(super) fn remove(&self, name: &str) {
        std::fs::remove_file(self.home.path().join("data").join(name)).expect(name);
    }

    pub(super) fn import(&self) {
        self.import_directory(&self.home.path().join("data"));
    }

    /// Imports another directory of the same layout.
    pub(super) fn import_elsewhere(&self, shelves: &str, readers: &str) {
        let directory = self.home.path().join("elsewhere");
        std::fs::write(directory.join("shelves.json"), shelves).expect("shelves");
        std::fs::write(directory.join("readers.json"), readers).expect("readers");
        self.import_directory(&directory);
    }

    fn import_directory(&self, directory: &Path) {
        let VerifyOptions {
            database,
            parameters,
            ..
        } = self.options();
        let options = ImportOptions {
            directory: directory.to_owned(),
            archive: database.default_archive(),
            database,
            source: None,
            parameters,
            mode: ImportMode::Apply,
            unchanged: UnchangedPolicy::Skip,
            invalid: InvalidPolicy::Abort,
            removed: RemovalPolicy::Prune,
            deleted: Vec::new(),
            conflict: ConflictPolicy::Report,
            show: ShowValues::Masked,
            keep: Keep::Some,
            limits: Limits::default(),
            wait: Duration::ZERO,
            backup: BackupPolicy::Never,
            file_mode: crate::database::PRIVATE,
        };
        let second = self.runs.get() + 1;
        self.runs.set(second);
        let started_at = Timestamp::from_micros(noon().micros() + second * 1_000_000);
        let started_at = started_at.expect("a year chrono can show");
        let run = RunContext {
            id: uuid::Uuid::now_v7(),
            actor: "librarian".to_owned(),
            reason: None,
            os_user: "nobody".to_owned(),
            host: "nowhere".to_owned(),
            started_at,
        };
        let outcome = import(&options, &self.layout, &run, context()).expect("the import works");
        assert_eq!(outcome.status, ImportStatus::Imported, "{outcome:#?}");
    }

    pub(super) fn options(&self) -> VerifyOptions {
        VerifyOptions {
            directory: self.home.path().join("data"),
            database: DatabaseUrl::File(self.database()),
            source: None,
            parameters: BTreeMap::from([("shelf".to_owned(), "A".to_owned())]),
            show: ShowValues::Masked,
            keep: Keep::Some,
            limit: 20,
            limits: Limits::default(),
            wait: Duration::ZERO,
        }
    }

    pub(super) fn verify(&self) -> VerifyOutcome {
        self.verify_with(|_| {})
    }

    pub(super) fn verify_with(&self, change: impl FnOnce(&mut VerifyOptions)) -> VerifyOutcome {
        let mut options = self.options();
        change(&mut options);
        verify(&options, &self.layout, context()).expect("the verification works")
    }

    /// Changes the database like another program.
    pub(super) fn execute(&self, sql: &str) {
        let connection = rusqlite::Connection::open(self.database()).expect("the database opens");
        connection
            .execute_batch(&format!("PRAGMA foreign_keys = ON; {sql}"))
            .expect(sql);
    }

    /// The number that a query returns.
    pub(super) fn count(&self, sql: &str) -> i64 {
        let connection = rusqlite::Connection::open(self.database()).expect("the database opens");
        connection.query_row(sql, [], |row| row.get(0)).expect(sql)
    }

    pub(super) fn database_bytes(&self) -> Vec<u8> {
        std::fs::read(self.database()).expect("the database")
    }

    /// Names of the files in the database's directory, sorted.
    pub(super) fn files_beside_the_database(&self) -> Vec<String> {
        let entries = std::fs::read_dir(self.home.path().join("out")).expect("the directory");
        let name = |entry: std::io::Result<std::fs::DirEntry>| {
            let name = entry.expect("an entry").file_name();
            name.into_string().expect("an ASCII name")
        };
        let mut names: Vec<String> = entries.map(name).collect();
        names.sort();
        names
    }
}

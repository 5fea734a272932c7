//! The errors of the database stage.

use std::path::PathBuf;
use std::time::Duration;

use crate::model::plural;

use super::TableProblem;
use super::ledger_tables::{lost_column, lost_table};
use super::rejected_connection::RejectionReason;
use super::rejection::Rejection;
use super::tables::structure::misfits;

/// An error of the database stage. Nothing was committed.
#[derive(Debug, thiserror::Error)]
pub enum DatabaseError {
    /// The URL's scheme is not supported.
    #[error("unsupported database URL scheme in `{0}`")]
    UnknownScheme(String),
    /// The URL is malformed.
    #[error("invalid database URL `{0}`")]
    BadUrl(String),
    /// A connection string of another program, neither a path nor a URL. Not shown: it may contain a password.
    #[error("the database address is neither a path nor a URL")]
    ConnectionString,
    /// The address of a server without the slashes after its scheme. Not shown: it may contain a password.
    #[error("the database address lacks the `//` after its scheme")]
    NoSlashes,
    /// The URL of a server is malformed. It is not quoted, because it may contain a password.
    #[error("invalid `{scheme}://` URL: {problem}")]
    BadServerUrl {
        /// Its scheme.
        scheme: &'static str,
        /// The problem.
        problem: String,
    },
    /// Accession was built without the driver.
    #[error("accession was built without `{0}`")]
    NotBuiltIn(&'static str),
    /// The server is not running or not ready.
    #[error("`{address}` cannot be reached")]
    Unreachable {
        /// The address, without the password.
        address: String,
        /// Why.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// The server rejected the connection.
    #[error("`{address}` rejected the connection")]
    ConnectionRejected {
        /// The address, without the password.
        address: String,
        /// Why.
        reason: RejectionReason,
        /// Why.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// The file of certificate authorities is invalid.
    #[error("{}: {problem}", path.display())]
    Authorities {
        /// The file.
        path: PathBuf,
        /// The problem.
        problem: String,
    },
    /// There is no such schema, or none in which tables can be created.
    #[error("{}", match .0 {
        Some(name) => format!("the database has no schema `{name}`"),
        None => "none of the schemas of the `search_path` exists".to_owned(),
    })]
    NoSchema(Option<String>),
    /// The runtime of the drivers could not be started.
    #[error("cannot start the runtime of the database driver")]
    Runtime(#[source] std::io::Error),
    /// There is no such file.
    #[error("{}: no such database", .0.display())]
    Missing(PathBuf),
    /// The path is a symbolic link to a path that does not exist.
    #[error("{}: a symbolic link to `{}`, which does not exist", link.display(), target.display())]
    DanglingLink {
        /// The link.
        link: PathBuf,
        /// The target of the link.
        target: PathBuf,
    },
    /// The directory for the new file does not exist.
    #[error("{}: no such directory", .0.display())]
    NoDirectory(PathBuf),
    /// The database does not exist and cannot be created.
    #[error("{}: cannot create database", path.display())]
    NotMade {
        /// Its path.
        path: PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// The path is not a regular file.
    #[error("{}: not a regular file", .0.display())]
    NotAFile(PathBuf),
    /// The file is not a database.
    #[error("{}: not a {product} database", path.display())]
    NotADatabase {
        /// The file.
        path: PathBuf,
        /// The product whose database it should be.
        product: &'static str,
    },
    /// The database cannot be written.
    #[error("{}: the database is read-only", .0.display())]
    ReadOnly(PathBuf),
    /// A file that had to be read without locks was changed.
    #[error("{}: another program changed it while it was read", .0.display())]
    ChangedWhileRead(PathBuf),
    /// Another program holds the write lock.
    #[error("{}: another program has been writing for {}", path.display(), plural(waited.as_secs(), "second"))]
    Busy {
        /// The database.
        path: PathBuf,
        /// How long accession waited.
        waited: Duration,
    },
    /// There is no space left.
    #[error("the disk is full")]
    DiskFull,
    /// The ledger was written by a newer version.
    #[error("the ledger is newer than this version of accession: it has the migration `{0}`")]
    NewerLedger(String),
    /// Tables of an application have the names of the ledger's tables.
    #[error("other tables have the names of accession's own tables: `{}`", .0.join("`, `"))]
    NamesTaken(Vec<String>),
    /// The ledger lacks migrations, and this command does not write.
    #[error("the ledger lacks the migration `{0}`")]
    OlderLedger(String),
    /// The database has no ledger.
    #[error(
        "the database has no ledger: nothing has been imported into it, and `accession audit enable` was not run"
    )]
    NoLedger,
    /// The account cannot know whether there is a ledger.
    #[error("the database user may not read the tables of the ledger, if there are any")]
    HiddenLedger,
    /// Existing tables do not match the layout.
    #[error("{}", misfits(.0))]
    Tables(Vec<TableProblem>),
    /// The table has no primary key, so nothing identifies its rows.
    #[error("table `{0}` has no primary key: its rows cannot be identified")]
    NoKey(String),
    /// A trigger or rule on the audit log kept entries from being written.
    #[error("the audit log did not take every entry")]
    EntriesLost,
    /// Another program removed a table of the ledger that holds data.
    #[error("{}", lost_table(.0))]
    NoLedgerTable(&'static str),
    /// Another program removed a column of such a table.
    #[error("{}", lost_column(table, column))]
    NoLedgerColumn {
        /// The table.
        table: &'static str,
        /// The column.
        column: &'static str,
    },
    /// Another program removed the record of a migration that was applied.
    #[error(
        "`__diesel_schema_migrations` has no row for `{0}`, which was applied: another program deleted it"
    )]
    NoMigrationRow(String),
    /// The audit context is not empty: a program committed without emptying it.
    #[error("`audit_context` is not empty: changes by other programs would be attributed to a run")]
    LeftOverContext,
    /// A table was renamed, and another table has its former name now.
    #[error("trigger `{trigger}` belongs to table `{table}`, which had this name before")]
    TriggerOfAnotherTable {
        /// The trigger.
        trigger: String,
        /// The table it is on.
        table: String,
    },
    /// The origins of rows differ from those that runs wrote.
    #[error(
        "the ledger is damaged: `row_sources` has {}, but {sealed} according to the newest seal; records that cannot be matched would be imported twice",
        plural(*found, "row")
    )]
    DamagedLedger {
        /// The number of existing rows.
        found: u64,
        /// The number of sealed rows.
        sealed: u64,
    },
    /// A migration failed.
    #[error("the migration `{name}` failed")]
    Migration {
        /// Its name.
        name: String,
        /// Why.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// The connection failed.
    #[error("cannot open the database")]
    Connect(#[from] diesel::ConnectionError),
    /// A conflict with another program; the whole transaction can be retried.
    #[error("another program changed the same rows at the same time")]
    Retryable(#[source] diesel::result::Error),
    /// Another program holds a lock of the server.
    #[error("another program has been holding a lock for longer than the wait time")]
    Locked(#[source] diesel::result::Error),
    /// The connection was lost before commit.
    #[error("the connection to the server was lost; uncommitted changes are rolled back")]
    Lost(#[source] diesel::result::Error),
    /// The connection was lost while the server was committing.
    #[error("the connection to the server was lost while it was committing")]
    LostAtCommit(#[source] diesel::result::Error),
    /// Rows of the database that the plan did not consider prevent a change.
    #[error("a foreign key of the database prevents a change")]
    ForeignKey(#[source] diesel::result::Error),
    /// A constraint, a trigger or the type of a column rejected a row.
    #[error(transparent)]
    Rejected(Box<Rejection>),
    /// The database user lacks a privilege.
    #[error("the database user lacks a privilege")]
    Denied(#[source] diesel::result::Error),
    /// A row, or its entry in an index, is too long for the server.
    #[error("{}", match .table {
        Some(table) => format!("a row of `{table}`, or its entry in an index, is longer than the database can store"),
        None => "a row, or its entry in an index, is longer than the database can store".to_owned(),
    })]
    RowTooLong {
        /// The table, if it is known.
        table: Option<String>,
        /// What the server reported.
        #[source]
        source: diesel::result::Error,
    },
    /// The server cannot return a row as the audit triggers would write it.
    #[error(
        "a row of `{0}` is longer than the longest entry of the audit log that the server can write"
    )]
    ImageTooLong(String),
    /// Row-level security would hide rows.
    #[error("row-level security hides rows of a table from the database's user")]
    HiddenRows(#[source] diesel::result::Error),
    /// The server accepts no changes.
    #[error("the server accepts no changes: it is a replica or read-only")]
    ReadOnlyServer(#[source] diesel::result::Error),
    /// A statement failed.
    #[error("a statement failed")]
    Statement(#[source] diesel::result::Error),
    /// The interface of an embedded engine failed.
    #[error("{product} failed")]
    Engine {
        /// The engine.
        product: &'static str,
        /// The error.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// An error of the file system.
    #[error("{}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// The backup is not a valid database.
    #[error("{}: the backup is damaged: {problem}", path.display())]
    DamagedBackup {
        /// The backup.
        path: PathBuf,
        /// The error that the database reports.
        problem: String,
    },
}

/// An error with its causes. A cause that is already part of the text, as with some drivers, is not repeated.
pub(crate) fn with_causes(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        let shown = cause.to_string();
        if !text.contains(&shown) {
            text.push_str(&format!(": {shown}"));
        }
        source = cause.source();
    }
    text
}

impl DatabaseError {
    pub(super) fn file(path: impl Into<PathBuf>) -> impl FnOnce(std::io::Error) -> Self {
        let path = path.into();
        move |source| Self::File { path, source }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tables_and_problems_are_counted_separately() {
        let problem = |table: &str| TableProblem {
            table: table.to_owned(),
            message: String::new(),
        };
        let message = |tables: &[&str]| {
            let problems = tables.iter().copied().map(problem).collect();
            DatabaseError::Tables(problems).to_string()
        };
        assert_eq!(
            message(&["words", "words"]),
            "1 table of the database does not match the layout (2 problems)"
        );
        assert_eq!(
            message(&["words", "cards"]),
            "2 tables of the database do not match the layout (2 problems)"
        );
        let busy = DatabaseError::Busy {
            path: PathBuf::from("x.db"),
            waited: Duration::from_secs(1),
        };
        let expected = "x.db: another program has been writing for 1 second";
        assert_eq!(busy.to_string(), expected);
    }

    #[test]
    fn repeated_causes_of_a_driver_are_shown_once() {
        #[derive(Debug, thiserror::Error)]
        #[error("db error: no such role")]
        struct Driver(#[source] std::io::Error);
        let rejected = DatabaseError::ConnectionRejected {
            address: "db".to_owned(),
            reason: RejectionReason::Login,
            source: Box::new(Driver(std::io::Error::other("no such role"))),
        };
        let message = with_causes(&rejected);
        assert_eq!(
            message,
            "`db` rejected the connection: db error: no such role"
        );
    }
}

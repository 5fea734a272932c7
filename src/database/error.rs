//! What can go wrong with a database.

use std::path::PathBuf;
use std::time::Duration;

use diesel::result::DatabaseErrorKind;

use super::TableProblem;

/// A failure of the database stage. Nothing is committed when one is returned.
#[derive(Debug, thiserror::Error)]
pub enum DatabaseError {
    /// The URL's scheme is none we know.
    #[error("`{0}` is no database that can be opened")]
    UnknownScheme(String),
    /// The URL is malformed.
    #[error("`{0}` is no database URL")]
    BadUrl(String),
    /// There is no such file.
    #[error("{}: no such database", .0.display())]
    Missing(PathBuf),
    /// The path is no regular file.
    #[error("{}: not a regular file", .0.display())]
    NotAFile(PathBuf),
    /// The file is something else than a database.
    #[error("{}: not a SQLite database", .0.display())]
    NotSqlite(PathBuf),
    /// The database cannot be written.
    #[error("{}: the database is read-only", .0.display())]
    ReadOnly(PathBuf),
    /// Another program holds the write lock.
    #[error("{}: another program has been writing for {} seconds", path.display(), waited.as_secs())]
    Busy {
        /// The database.
        path: PathBuf,
        /// How long we waited.
        waited: Duration,
    },
    /// There is no room to write to.
    #[error("the disk is full")]
    DiskFull,
    /// The ledger was made by a newer version.
    #[error("the ledger is newer than this program: it has the migration `{0}`")]
    NewerLedger(String),
    /// The ledger lacks migrations, and this command does not write.
    #[error("the ledger lacks the migration `{0}`")]
    OlderLedger(String),
    /// The database has no ledger.
    #[error("the database has no ledger: nothing was imported into it")]
    NoLedger,
    /// Tables exist that do not fit the layout.
    #[error("{} of the database's tables do not fit the layout", .0.len())]
    Tables(Vec<TableProblem>),
    /// A context row was left over: some program committed with it in place.
    #[error(
        "`audit_context` is not empty: changes by other programs would be signed with the name of a run"
    )]
    LeftOverContext,
    /// A migration failed.
    #[error("the migration `{name}` failed")]
    Migration {
        /// Its name.
        name: String,
        /// Why.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// The connection could not be made.
    #[error("cannot open the database")]
    Connect(#[from] diesel::ConnectionError),
    /// Rows that are in the database, and that the plan did not ask for, stand in the way.
    #[error("a foreign key of the database forbids a change")]
    ForeignKey(#[source] diesel::result::Error),
    /// A statement failed.
    #[error("a statement failed")]
    Statement(#[source] diesel::result::Error),
    /// SQLite's own interface failed.
    #[error("SQLite failed")]
    Sqlite(#[source] rusqlite::Error),
    /// The file system failed.
    #[error("{}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// The backup is not a sound database.
    #[error("{}: the backup is damaged: {problem}", path.display())]
    DamagedBackup {
        /// The backup.
        path: PathBuf,
        /// What SQLite says.
        problem: String,
    },
}

impl DatabaseError {
    pub(super) fn file(path: impl Into<PathBuf>) -> impl FnOnce(std::io::Error) -> Self {
        let path = path.into();
        move |source| Self::File { path, source }
    }
}

impl From<diesel::result::Error> for DatabaseError {
    fn from(error: diesel::result::Error) -> Self {
        match &error {
            // Diesel keeps SQLite's words, not its codes.
            diesel::result::Error::DatabaseError(_, information)
                if information.message().contains("disk is full") =>
            {
                Self::DiskFull
            }
            diesel::result::Error::DatabaseError(DatabaseErrorKind::ForeignKeyViolation, _) => {
                Self::ForeignKey(error)
            }
            _ => Self::Statement(error),
        }
    }
}

impl From<rusqlite::Error> for DatabaseError {
    fn from(error: rusqlite::Error) -> Self {
        match error.sqlite_error_code() {
            Some(rusqlite::ErrorCode::DiskFull) => Self::DiskFull,
            _ => Self::Sqlite(error),
        }
    }
}

//! What can go wrong with a database.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::time::Duration;

use diesel::result::DatabaseErrorKind;

use super::TableProblem;
use super::refusal::Refusal;
use super::trouble::Trouble;

/// A failure of the database stage. Nothing is committed when one is returned.
#[derive(Debug, thiserror::Error)]
pub enum DatabaseError {
    /// The URL's scheme is none we know.
    #[error("`{0}` is no database that can be opened")]
    UnknownScheme(String),
    /// The URL is malformed.
    #[error("`{0}` is no database URL")]
    BadUrl(String),
    /// The address of a server without the slashes behind its scheme. It is not shown: it may hold a password.
    #[error("the database's address lacks the `//` behind its scheme")]
    NoSlashes,
    /// A server's URL is malformed; it is not quoted, because it may hold a password.
    #[error("the `{scheme}://` URL cannot be used: {problem}")]
    BadServerUrl {
        /// Its scheme.
        scheme: &'static str,
        /// What is wrong with it.
        problem: String,
    },
    /// This program was built without the driver.
    #[error("this program was built without `{0}`")]
    NotBuiltIn(&'static str),
    /// The server is not there, or not ready.
    #[error("`{address}` cannot be reached")]
    Unreachable {
        /// The address, without the password.
        address: String,
        /// Why.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// The server does not let us in.
    #[error("`{address}` refuses the connection")]
    Refused {
        /// The address, without the password.
        address: String,
        /// What it is about.
        refusal: Refusal,
        /// Why.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// The file of authorities to trust cannot be used.
    #[error("{}: {problem}", path.display())]
    Authorities {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        problem: String,
    },
    /// There is no such schema, or none that tables are made in.
    #[error("{}", match .0 {
        Some(name) => format!("the database has no schema `{name}`"),
        None => "none of the schemas of the `search_path` exists".to_owned(),
    })]
    NoSchema(Option<String>),
    /// The drivers' runtime could not be started.
    #[error("cannot start the runtime of the database driver")]
    Runtime(#[source] std::io::Error),
    /// There is no such file.
    #[error("{}: no such database", .0.display())]
    Missing(PathBuf),
    /// The directory that the new file should stand in is not there.
    #[error("{}: there is no such directory", .0.display())]
    NoDirectory(PathBuf),
    /// There is no database, and none can be made.
    #[error("{}: the database cannot be made", path.display())]
    NotMade {
        /// Where it was to be.
        path: PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// The path is no regular file.
    #[error("{}: not a regular file", .0.display())]
    NotAFile(PathBuf),
    /// The file is something else than a database.
    #[error("{}: not a SQLite database", .0.display())]
    NotSqlite(PathBuf),
    /// The database cannot be written.
    #[error("{}: the database is read-only", .0.display())]
    ReadOnly(PathBuf),
    /// A file that had to be read without locks.
    #[error("{}: another program wrote while it was read", .0.display())]
    ChangedWhileRead(PathBuf),
    /// Another program holds the write lock.
    #[error("{}: another program has been writing for {}", path.display(), counted(waited.as_secs(), "second"))]
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
    #[error("{}", misfits(.0))]
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
    /// Another program was in the way; the whole transaction may be tried again.
    #[error("another program changed the same rows at the same time")]
    Disturbed(#[source] diesel::result::Error),
    /// Another program holds a lock of the server.
    #[error("another program has been holding a lock for longer than we wait")]
    Locked(#[source] diesel::result::Error),
    /// The connection was lost in mid-work.
    #[error("the connection to the server was lost; it undoes what was not committed")]
    Lost(#[source] diesel::result::Error),
    /// The connection was lost while the server was committing.
    #[error("the connection to the server was lost while it was committing")]
    LostAtCommit(#[source] diesel::result::Error),
    /// Rows that are in the database, and that the plan did not ask for, stand in the way.
    #[error("a foreign key of the database forbids a change")]
    ForeignKey(#[source] diesel::result::Error),
    /// The database's user lacks a right.
    #[error("the database's user lacks a right")]
    Denied(#[source] diesel::result::Error),
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

fn counted(count: u64, thing: &str) -> String {
    let plural = if count == 1 { "" } else { "s" };
    format!("{count} {thing}{plural}")
}

/// A table can have several problems.
fn misfits(problems: &[TableProblem]) -> String {
    let tables: BTreeSet<&str> = problems.iter().map(|one| one.table.as_str()).collect();
    let do_not = if tables.len() == 1 {
        "does not"
    } else {
        "do not"
    };
    let (tables, problems) = (tables.len() as u64, problems.len() as u64);
    format!(
        "{} of the database {do_not} fit the layout ({})",
        counted(tables, "table"),
        counted(problems, "problem")
    )
}

/// An error with its causes; a cause that was told already, as drivers do, is not told again.
pub(crate) fn with_causes(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        let told = cause.to_string();
        if !text.contains(&told) {
            text.push_str(&format!(": {told}"));
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
            _ => match Trouble::of(&error) {
                Trouble::Disturbed => Self::Disturbed(error),
                Trouble::Locked => Self::Locked(error),
                Trouble::Lost => Self::Lost(error),
                Trouble::Denied => Self::Denied(error),
                Trouble::Other => Self::Statement(error),
            },
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tables_and_their_problems_are_counted_apart() {
        let problem = |table: &str| TableProblem {
            table: table.to_owned(),
            message: String::new(),
        };
        let told = |tables: &[&str]| {
            let problems = tables.iter().copied().map(problem).collect();
            DatabaseError::Tables(problems).to_string()
        };
        assert_eq!(
            told(&["words", "words"]),
            "1 table of the database does not fit the layout (2 problems)"
        );
        assert_eq!(
            told(&["words", "cards"]),
            "2 tables of the database do not fit the layout (2 problems)"
        );
        let busy = DatabaseError::Busy {
            path: PathBuf::from("x.db"),
            waited: Duration::from_secs(1),
        };
        let told = "x.db: another program has been writing for 1 second";
        assert_eq!(busy.to_string(), told);
    }

    #[test]
    fn what_a_driver_says_twice_is_told_once() {
        #[derive(Debug, thiserror::Error)]
        #[error("db error: no such role")]
        struct Driver(#[source] std::io::Error);
        let refused = DatabaseError::Refused {
            address: "db".to_owned(),
            refusal: Refusal::Login,
            source: Box::new(Driver(std::io::Error::other("no such role"))),
        };
        let told = with_causes(&refused);
        assert_eq!(told, "`db` refuses the connection: db error: no such role");
    }
}

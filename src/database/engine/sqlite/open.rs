//! Opens SQLite files for each kind of access.

use std::path::Path;
use std::time::Duration;

use super::connection::{Mode, open};
use super::immutable::{ImmutableDatabase, open_to_read};
use super::wal_keeper::WalKeeper;
use crate::database::{Access, AnyConnection, DatabaseError};

/// An open file, with its state.
pub(in crate::database) struct OpenFile {
    /// The connection.
    pub(in crate::database) connection: AnyConnection,
    /// The initial state of the file, if it is read without locks.
    pub(in crate::database) immutable: Option<ImmutableDatabase>,
    /// To be dropped after the connection.
    pub(in crate::database) keeper: Option<WalKeeper>,
}

/// Opens an existing file (an empty one for [`Access::Build`]). Waits at most `wait` for locks of other programs.
pub(in crate::database) fn open_file(
    path: &Path,
    access: Access,
    wait: Duration,
) -> Result<OpenFile, DatabaseError> {
    let (connection, immutable, keeper) = match access {
        Access::Read => {
            let (connection, immutable) = open_to_read(path, wait)?;
            (connection, immutable, WalKeeper::hold(path, wait)?)
        }
        Access::Write => (open(path, Mode::Write, wait)?, None, None),
        Access::Build => (open(path, Mode::Build, wait)?, None, None),
    };
    Ok(OpenFile {
        connection: AnyConnection::Sqlite(connection),
        immutable,
        keeper,
    })
}

/// A second connection to a file to which another connection of this process adds indexes.
pub(in crate::database) fn open_beside(
    path: &Path,
    wait: Duration,
) -> Result<AnyConnection, DatabaseError> {
    open(path, Mode::Immutable, wait).map(AnyConnection::Sqlite)
}

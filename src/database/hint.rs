//! What can be done about a failure of the database.

use super::DatabaseError;
use super::refusal::Refusal;

impl DatabaseError {
    /// What its reader can do, if that is more than to look at the causes.
    #[must_use]
    pub fn hint(&self) -> Option<&'static str> {
        match self {
            Self::UnknownScheme(_) => {
                Some("give a path, `sqlite:PATH`, `postgres://…` or `mysql://…`")
            }
            Self::NotSqlite(_) => Some("check the path; the file was not touched"),
            Self::ReadOnly(_) => Some(
                "check the permissions of the file and of its directory; changes that stand beside the file are read only where one may write",
            ),
            Self::ChangedWhileRead(_) => {
                Some("run again; who may write into the directory reads with locks")
            }
            Self::Busy { .. } => {
                Some("nothing was written; run again later, or wait longer with `--wait SECONDS`")
            }
            Self::Disturbed(_) => Some("nothing was written; run again"),
            Self::Locked(_) => {
                Some("nothing was written; run again later, or wait longer with `--wait SECONDS`")
            }
            Self::Lost(_) => Some("nothing was written; run again when the server is back"),
            Self::LostAtCommit(_) => Some(
                "whether the run was written is not known; run again: what was written is found, and not written twice",
            ),
            Self::ForeignKey(_) => Some(
                "nothing was committed; a row that new records need was deleted in the database, or `--prune` would delete one that others refer to",
            ),
            Self::DiskFull => Some(
                "nothing was committed; make room where the database, its archive and its backups are, and run again",
            ),
            Self::NewerLedger(_) => {
                Some("use the version of accession that wrote it, or a newer one")
            }
            Self::OlderLedger(_) => Some("run `accession migrate up`"),
            Self::Tables(_) => Some(
                "change the application's tables or the layout; nothing of theirs is altered by an import",
            ),
            Self::LeftOverContext => {
                Some("find the program that wrote it, then run `DELETE FROM audit_context`")
            }
            Self::Missing(_) => Some("check the path for typing errors"),
            Self::NoDirectory(_) => {
                Some("make it with `mkdir -p`, or check the path for typing errors")
            }
            Self::NotMade { .. } => Some("check that you may write in its directory"),
            Self::NoSchema(_) => {
                Some("make it with `CREATE SCHEMA`, or name another with `--schema NAME`")
            }
            Self::BadServerUrl { .. } => Some(
                "`postgres://user@host:port/database`, `mysql://user@host:port/database`; `%40` for an `@` in a name or a password",
            ),
            Self::NoSlashes => {
                Some("write `postgres://USER@HOST/DATABASE` or `mysql://USER@HOST/DATABASE`")
            }
            Self::NotBuiltIn(_) => Some("build it with that feature, or use the released one"),
            Self::Unreachable { .. } => {
                Some("check that the server runs, its address, and what stands between it and here")
            }
            Self::Refused { refusal, .. } => Some(match refusal {
                Refusal::Login => {
                    "check the user and the password: `DATABASE_PASSWORD`, or `--password-file FILE`"
                }
                Refusal::NoSuchDatabase => {
                    "make the database first, or check its name for typing errors"
                }
                Refusal::Tls => {
                    "check the certificate and its authority (`--tls-ca FILE`), or how much TLS is asked for (`--tls`)"
                }
                Refusal::Other => "check user, password, database and TLS",
            }),
            Self::Denied(_) => Some(
                "commands that only read need SELECT on all tables, the ledger's too: `GRANT SELECT ON ALL TABLES IN SCHEMA … TO …`, on MySQL `GRANT SELECT ON DATABASE.* TO …`; for those that write use the account that imports, whose rights docs/servers.md lists",
            ),
            Self::BadUrl(_)
            | Self::Authorities { .. }
            | Self::Runtime(_)
            | Self::NotAFile(_)
            | Self::NoLedger
            | Self::Migration { .. }
            | Self::Connect(_)
            | Self::Statement(_)
            | Self::Sqlite(_)
            | Self::File { .. }
            | Self::DamagedBackup { .. } => None,
        }
    }
}

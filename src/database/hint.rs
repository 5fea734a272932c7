//! Hints for errors of the database.

use std::borrow::Cow;
use std::sync::LazyLock;

use super::engine::{code_hint, embedded, products_with_schemas, servers};
use super::rejected_connection::RejectionReason;
use super::{DatabaseError, with_causes};
use crate::model::shell_word;

/// `scheme://REST` for each server, joined as alternatives.
fn urls(rest: &str) -> Vec<String> {
    servers()
        .map(|server| format!("`{}://{rest}`", server.scheme))
        .collect()
}

/// Joins alternatives with commas and `or`.
fn either(choices: &[String]) -> String {
    match choices {
        [] => String::new(),
        [one] => one.clone(),
        [some @ .., last] => format!("{} or {last}", some.join(", ")),
    }
}

static SCHEMES: LazyLock<String> = LazyLock::new(|| {
    let file = format!("`{}:PATH`", embedded::SCHEME);
    let all: Vec<_> = ["a path".to_owned(), file]
        .into_iter()
        .chain(urls("…"))
        .collect();
    format!("give {}", either(&all))
});

static EXAMPLES: LazyLock<String> = LazyLock::new(|| {
    let urls = urls("user@host:port/database").join(", ");
    format!("{urls}; `%40` for an `@` in a name or a password")
});

static ADDRESS: LazyLock<String> = LazyLock::new(|| {
    format!(
        "for a server write {}, and pass the password in `DATABASE_PASSWORD` or a `--password-file`; for a file with blanks or punctuation in its name write `./NAME`, or its whole path",
        either(&urls("USER@HOST:PORT/DATABASE")),
    )
});

static SLASHES: LazyLock<String> =
    LazyLock::new(|| format!("write {}", either(&urls("USER@HOST/DATABASE"))));

static TAKEN: LazyLock<String> = LazyLock::new(|| {
    format!(
        "nothing was written; rename these tables, or keep the ledger and the imported tables in another database or, on {}, schema",
        products_with_schemas(),
    )
});

static GRANTS: LazyLock<String> = LazyLock::new(|| {
    let grants = servers().enumerate().map(|(at, server)| match at {
        0 => format!("`{}`", server.grant),
        _ => format!("on {} `{}`", server.product, server.grant),
    });
    format!(
        "commands that only read need SELECT on all tables, the ledger's too: {}; for commands that write use the account that imports, whose privileges docs/servers.md lists; if the tables are in another schema ({}), name it with `--schema`",
        grants.collect::<Vec<_>>().join(", "),
        products_with_schemas(),
    )
});

static NO_LEDGER: LazyLock<String> = LazyLock::new(|| {
    format!(
        "check which database it is; on {}, name the schema of the tables with `--schema`",
        products_with_schemas(),
    )
});

/// The message of the cause when the database cannot enlarge a file next to the database, such as `-shm` on a full
/// disk. Diesel keeps no code that distinguishes this from a disk failure.
const IO_ERROR: &str = "disk I/O error";
const IO_FAILURE: &str = "check whether the disk is full or failing, and run again";

impl DatabaseError {
    /// Whether another program removed a table or a column of the ledger, or the row of a migration.
    #[must_use]
    pub fn is_of_damaged_schema(&self) -> bool {
        matches!(
            self,
            Self::NoLedgerTable(_) | Self::NoLedgerColumn { .. } | Self::NoMigrationRow(_)
        )
    }

    /// A suggested fix, if there is one besides reading the causes.
    #[must_use]
    pub fn hint(&self) -> Option<Cow<'static, str>> {
        let of_code = match self {
            Self::Statement(error) | Self::Lost(error) => code_hint(&error.to_string()),
            Self::Migration { source, .. } => code_hint(&with_causes(&**source)),
            _ => None,
        };
        let fixed = of_code.or_else(|| self.fixed_hint());
        fixed
            .map(Cow::from)
            .or_else(|| Some(self.named_hint()?.into()))
    }

    /// A hint with the names in the error.
    fn named_hint(&self) -> Option<String> {
        match self {
            Self::NoKey(table) => Some(format!(
                "give it a primary key, and record its rows with `accession audit enable {}`",
                shell_word(table)
            )),
            Self::TriggerOfAnotherTable { table, .. } => Some(format!(
                "run `accession audit enable {}` first: it gets triggers of its new name",
                shell_word(table)
            )),
            Self::NoDirectory(path) => Some(format!(
                "create it with `mkdir -p {}`, or check the path for typos",
                shell_word(&path.to_string_lossy())
            )),
            _ => None,
        }
    }

    /// The hint for this kind of error, whatever its code.
    fn fixed_hint(&self) -> Option<&'static str> {
        match self {
            Self::UnknownScheme(_) => Some(&SCHEMES),
            Self::NotADatabase { .. } => Some("check the path; the file was not touched"),
            Self::ReadOnly(_) => Some(
                "check the permissions of the file and its directory; changes in files next to the database can be read only with write access",
            ),
            Self::ChangedWhileRead(_) => {
                Some("run again; with write access to the directory, the file is read with locks")
            }
            Self::Busy { .. } => {
                Some("nothing was written; run again later, or wait longer with `--wait SECONDS`")
            }
            Self::Retryable(_) => Some("nothing was written; run again"),
            Self::Locked(_) => {
                Some("nothing was written; run again later, or wait longer with `--wait SECONDS`")
            }
            Self::Lost(_) => Some("nothing was written; run again when the server is back"),
            Self::LostAtCommit(_) => Some(
                "it is unknown whether the run was committed; run again: committed changes are detected and not written twice",
            ),
            Self::ForeignKey(_) => Some(
                "nothing was committed; a row that new records need was deleted in the database, or `--prune` or `revert` would delete one that others refer to",
            ),
            Self::Rejected(rejection) => Some(rejection.violation.kind.hint()),
            Self::DiskFull => Some(
                "nothing was committed; free disk space for the database, its archive and its backups, and run again",
            ),
            Self::NewerLedger(_) => {
                Some("use the version of accession that wrote it, or a newer one")
            }
            Self::NamesTaken(_) => Some(&TAKEN),
            Self::OlderLedger(_) => Some("run `accession migrate up`"),
            Self::Tables(_) => Some(
                "change the application's tables or the layout, since an import never alters existing tables; if the files belong to another layout, name it with `--layout`",
            ),
            Self::DamagedLedger { .. } => Some(
                "nothing was committed; `accession audit verify` reports the differences. Restore the database from a backup, or import into a new one",
            ),
            Self::NoLedger => Some(&NO_LEDGER),
            Self::NoLedgerTable(_) => Some(
                "nothing was written; put it back (`ALTER TABLE … SET SCHEMA …` or `RENAME TO …`, after `DROP VIEW` if a view has its name), or restore the database from a backup",
            ),
            Self::NoLedgerColumn { .. } => Some(
                "nothing was written; give the column its name back (`ALTER TABLE … RENAME COLUMN … TO …`), or restore the database from a backup",
            ),
            Self::NoMigrationRow(_) => Some(
                "nothing was written; insert the row with the `version` (the name up to `_`, without `-`), or restore the database from a backup",
            ),
            Self::LeftOverContext => {
                Some("find the program that wrote it, then run `DELETE FROM audit_context`")
            }
            Self::Missing(_) => Some("check the path for typos"),
            Self::NotMade { .. } => Some("check that its directory is writable"),
            Self::NoSchema(_) => {
                Some("create it with `CREATE SCHEMA`, or name another with `--schema NAME`")
            }
            Self::BadServerUrl { .. } => Some(&EXAMPLES),
            Self::ConnectionString => Some(&ADDRESS),
            Self::DanglingLink { .. } => Some(
                "restore the database that the link points to, mount its disk, or remove the link",
            ),
            Self::NoSlashes => Some(&SLASHES),
            Self::NotBuiltIn(_) => Some("build it with that feature, or use a released binary"),
            Self::Unreachable { .. } => Some(
                "check that the server is running, its address, and the network in between; if it has too many connections, close others or raise its limit",
            ),
            Self::ConnectionRejected { reason, .. } => Some(match reason {
                RejectionReason::Login => {
                    "check the user and the password: `DATABASE_PASSWORD`, or `--password-file FILE`"
                }
                RejectionReason::NoSuchDatabase => {
                    "create the database first, or check its name for typos"
                }
                RejectionReason::NoAccess => {
                    "check the name of the database; if it exists, an administrator must grant the user access to it: docs/servers.md lists the privileges"
                }
                RejectionReason::Tls => {
                    "check the certificate and its authority (`--tls-ca FILE`), or the required level of TLS (`--tls`)"
                }
                RejectionReason::Other => "check user, password, database and TLS",
            }),
            Self::Denied(_) | Self::HiddenLedger => Some(&GRANTS),
            Self::RowTooLong { .. } => Some(
                "no row was written; split the columns over several tables, map several properties to one JSON column, or shorten values that are part of a key or an index",
            ),
            Self::ImageTooLong(_) => Some(
                "raise the server's `max_allowed_packet`, or shorten the row: it was written while the table was not recorded",
            ),
            Self::HiddenRows(_) => Some(
                "nothing was written; accession has to see all rows: use the tables' owner, and `ALTER TABLE … NO FORCE ROW LEVEL SECURITY`, or an account with BYPASSRLS; `accession doctor` names the tables",
            ),
            Self::ReadOnlyServer(_) => {
                Some("nothing was written; connect to the server that accepts writes")
            }
            Self::Statement(error) if error.to_string().contains(IO_ERROR) => Some(IO_FAILURE),
            Self::Engine { source, .. } if source.to_string().contains(IO_ERROR) => {
                Some(IO_FAILURE)
            }
            Self::EntriesLost => Some(
                "nothing was committed; `accession doctor` names triggers, rules and policies of others on the audit log",
            ),
            Self::NoKey(_)
            | Self::TriggerOfAnotherTable { .. }
            | Self::NoDirectory(_)
            | Self::BadUrl(_)
            | Self::Authorities { .. }
            | Self::Runtime(_)
            | Self::NotAFile(_)
            | Self::Migration { .. }
            | Self::Connect(_)
            | Self::Statement(_)
            | Self::Engine { .. }
            | Self::File { .. }
            | Self::DamagedBackup { .. } => None,
        }
    }
}

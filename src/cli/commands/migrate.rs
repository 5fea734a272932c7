//! `accession migrate`.

use clap::{Args, Subcommand};

use crate::cli::command_error::CommandError;
use crate::cli::database_options::DatabaseOptions;
use crate::cli::environment::now;
use crate::cli::exit::{EXIT_CODES, Exit};
use crate::cli::options::ArchiveOptions;
use crate::cli::output::Output;
use crate::operations::{at_stake, migrate_down, migrate_up, migration_status};
use crate::report::{
    migrated_json, migrated_text, migrations_json, migrations_text, reverted_json, reverted_text,
};

/// Bring the ledger's own tables up to date, or take them away
///
/// Only the tables of the ledger and the audit trail; the application's tables are its own business. An import brings
/// the ledger up to date by itself.
#[derive(Debug, Args)]
#[command(after_help = EXIT_CODES)]
pub(in crate::cli) struct Migrate {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// List the migrations and whether the database has them
    #[command(after_help = EXIT_CODES)]
    Status {
        #[command(flatten)]
        database: DatabaseOptions,
    },
    /// Apply the pending migrations, all or none
    #[command(after_help = EXIT_CODES)]
    Up {
        #[command(flatten)]
        database: DatabaseOptions,
    },
    /// Revert the latest migration, with what the ledger keeps in its tables
    ///
    /// One at a time: first goes what runs noted for being undone, then the seals, and with the last migration the ledger
    /// and the audit trail. The application's tables and rows stay, but then nobody can tell any more where the rows came
    /// from or who changed them, and the next import takes all files for new ones: it knows rows again by their keys
    /// alone, and inserts those a second time that the database has numbered. Without `--confirm` what would be lost is
    /// told. The database is copied into the archive first.
    #[command(after_help = EXIT_CODES)]
    Down {
        #[command(flatten)]
        database: DatabaseOptions,
        #[command(flatten)]
        archive: ArchiveOptions,
        /// Do it: without this nothing is changed
        #[arg(long)]
        confirm: bool,
    },
}

impl Migrate {
    pub(in crate::cli) fn run(self, output: &Output) -> Result<Exit, CommandError> {
        match self.action {
            Action::Status { database } => {
                let states = migration_status(&database.url(output)?, database.wait())?;
                output.result(|| migrations_text(&states), || migrations_json(&states));
            }
            Action::Up { database } => {
                let url = database.url(output)?;
                let applied = migrate_up(&url, database.wait())?;
                output.result(
                    || migrated_text(&url.to_string(), &applied),
                    || migrated_json(&applied),
                );
            }
            Action::Down {
                database,
                archive,
                confirm,
            } => {
                let url = database.url(output)?;
                if !confirm && let Some(stake) = at_stake(&url, database.wait())? {
                    return Err(CommandError::NotConfirmed(stake));
                }
                let archive = archive.directory(&url)?;
                let reverted = migrate_down(&url, database.wait(), &archive, now())?;
                output.result(
                    || reverted_text(&url.to_string(), reverted.as_ref()),
                    || reverted_json(reverted.as_ref()),
                );
            }
        }
        Ok(Exit::Done)
    }
}

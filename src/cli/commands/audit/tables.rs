//! `accession audit status`, `enable`, `disable`.

use clap::{ArgGroup, Subcommand};

use crate::cli::command_error::CommandError;
use crate::cli::database_options::DatabaseOptions;
use crate::cli::environment::run_context;
use crate::cli::exit::{EXIT_CODES, Exit};
use crate::cli::options::SealOptions;
use crate::cli::output::Output;
use crate::cli::work::Work;
use crate::model::RunContext;
use crate::operations::audited_tables::{
    DisableOptions, EnableOptions, WhichTables, disable_tables, enable_tables, is_complete,
    table_states,
};
use crate::report::{
    DisabledView, EnabledView, FindingDetail, TableStatesView, disabled_text, enabled_text,
    table_states_text,
};

#[derive(Debug, Subcommand)]
pub(super) enum TableCommand {
    /// List all tables and whether their changes are recorded
    ///
    /// Exits with 4 if a recorded table is no longer recorded completely and was not disabled on purpose; if enabling
    /// or disabling it was interrupted; if it was removed, renamed or had columns changed; or if a partition was
    /// attached or detached.
    #[command(after_help = EXIT_CODES)]
    Status {
        #[command(flatten)]
        database: DatabaseOptions,
    },
    /// Record the changes of tables, including tables of other programs
    ///
    /// Rows without a matching entry get one: existing rows, and changes made while a table was disabled, while its
    /// triggers were missing, or by statements that fire no triggers. Tables without a primary key are rejected,
    /// because the audit log identifies rows by it. The command also updates triggers after ALTER TABLE. Imported
    /// tables are recorded automatically.
    ///
    /// The command takes effect completely or not at all. Where the database commits schema changes immediately
    /// (MySQL, MariaDB), the next command that writes completes an interrupted one.
    #[command(after_help = EXIT_CODES)]
    #[command(group(ArgGroup::new("which").args(["tables", "all"]).required(true)))]
    Enable {
        /// Table names
        #[arg(value_name = "TABLE")]
        tables: Vec<String>,
        /// All tables that can be recorded
        #[arg(long)]
        all: bool,
        #[command(flatten)]
        database: DatabaseOptions,
        #[command(flatten)]
        archive: SealOptions,
        /// Name of the responsible person, for the audit log [default: the operating system's user]
        #[arg(long, env = "ACCESSION_ACTOR", value_name = "NAME")]
        actor: Option<String>,
        /// Reason for the change, for the audit log
        #[arg(long, value_name = "TEXT")]
        reason: Option<String>,
    },
    /// Stop recording the changes of tables; existing entries stay
    ///
    /// The change is recorded by a run with actor and reason, so that these tables can be distinguished from tables
    /// that lost their triggers in another way. If none of the tables is recorded, nothing is done. A removed table
    /// is recorded as removed. An import starts recording the tables of its layout again.
    #[command(after_help = EXIT_CODES)]
    Disable {
        /// Table names
        #[arg(required = true, value_name = "TABLE")]
        tables: Vec<String>,
        #[command(flatten)]
        database: DatabaseOptions,
        #[command(flatten)]
        archive: SealOptions,
        /// Name of the responsible person, for the audit log [default: the operating system's user]
        #[arg(long, env = "ACCESSION_ACTOR", value_name = "NAME")]
        actor: Option<String>,
        /// Reason for the change, for the audit log
        #[arg(long, value_name = "TEXT")]
        reason: Option<String>,
    },
}

impl TableCommand {
    pub(super) fn run(self, output: &Output) -> Result<Exit, CommandError> {
        match self {
            Self::Status { database } => {
                let states = table_states(&database.url(output)?, database.wait())?;
                output.result(
                    || table_states_text(&states),
                    || TableStatesView::from(&states[..]),
                );
                Ok(if is_complete(&states) {
                    Exit::Done
                } else {
                    Exit::Difference
                })
            }
            Self::Enable {
                tables,
                all,
                database,
                archive,
                actor,
                reason,
            } => {
                let run = run_context(actor, reason)?;
                let url = database.url(output)?;
                let options = EnableOptions {
                    archive: archive.place(&url)?,
                    wait: database.wait(),
                    database: url,
                    tables: if all {
                        WhichTables::All
                    } else {
                        WhichTables::Named(tables)
                    },
                };
                enable(&options, &run, output)
            }
            Self::Disable {
                tables,
                database,
                archive,
                actor,
                reason,
            } => {
                let run = run_context(actor, reason)?;
                let url = database.url(output)?;
                let options = DisableOptions {
                    archive: archive.place(&url)?,
                    wait: database.wait(),
                    database: url,
                    tables,
                };
                disable(&options, &run, output)
            }
        }
    }
}

fn disable(
    options: &DisableOptions,
    run: &RunContext,
    output: &Output,
) -> Result<Exit, CommandError> {
    let work = Work::begin(output);
    let outcome = disable_tables(options, run, work.context())?;
    output.findings(&outcome.findings, FindingDetail::All);
    output.result(|| disabled_text(&outcome), || DisabledView::from(&outcome));
    Ok(Exit::Done)
}

fn enable(
    options: &EnableOptions,
    run: &RunContext,
    output: &Output,
) -> Result<Exit, CommandError> {
    let work = Work::begin(output);
    let outcome = enable_tables(options, run, work.context())?;
    output.findings(&outcome.findings, FindingDetail::All);
    output.result(|| enabled_text(&outcome), || EnabledView::from(&outcome));
    Ok(Exit::Done)
}

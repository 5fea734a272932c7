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
    Tell, disabled_json, disabled_text, enabled_json, enabled_text, table_states_json,
    table_states_text,
};

#[derive(Debug, Subcommand)]
pub(super) enum Tables {
    /// List all tables and whether the trail records their changes
    ///
    /// Ends with 4 if a table that was under the trail is not any more, or not wholly, and nobody disabled it on purpose.
    #[command(after_help = EXIT_CODES)]
    Status {
        #[command(flatten)]
        database: DatabaseOptions,
    },
    /// Put tables under the trail, whoever made them
    ///
    /// The rows that are there are noted once. Tables without a primary key are refused: the trail knows rows by it. Also
    /// brings triggers up to date after ALTER TABLE. Imported tables are under the trail by themselves.
    #[command(after_help = EXIT_CODES)]
    #[command(group(ArgGroup::new("which").args(["tables", "all"]).required(true)))]
    Enable {
        /// The tables
        #[arg(value_name = "TABLE")]
        tables: Vec<String>,
        /// All tables that can be
        #[arg(long)]
        all: bool,
        #[command(flatten)]
        database: DatabaseOptions,
        #[command(flatten)]
        archive: SealOptions,
        /// Who is responsible, for the audit trail [default: the operating system's user]
        #[arg(long, env = "ACCESSION_ACTOR", value_name = "NAME")]
        actor: Option<String>,
        /// Why, for the audit trail
        #[arg(long, value_name = "TEXT")]
        reason: Option<String>,
    },
    /// Take tables out of the trail; what it has of them stays
    ///
    /// A run of its own notes who did so and why, so that these tables can be told from those that lost their triggers
    /// otherwise; where nothing is under the trail, nothing is done. An import puts the tables of its layout under it again.
    #[command(after_help = EXIT_CODES)]
    Disable {
        /// The tables
        #[arg(required = true, value_name = "TABLE")]
        tables: Vec<String>,
        #[command(flatten)]
        database: DatabaseOptions,
        #[command(flatten)]
        archive: SealOptions,
        /// Who is responsible, for the audit trail [default: the operating system's user]
        #[arg(long, env = "ACCESSION_ACTOR", value_name = "NAME")]
        actor: Option<String>,
        /// Why, for the audit trail
        #[arg(long, value_name = "TEXT")]
        reason: Option<String>,
    },
}

impl Tables {
    pub(super) fn run(self, output: &Output) -> Result<Exit, CommandError> {
        match self {
            Self::Status { database } => {
                let states = table_states(&database.url(output)?, database.wait())?;
                output.result(|| table_states_text(&states), || table_states_json(&states));
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
    let outcome = disable_tables(options, run, work.surroundings())?;
    output.findings(&outcome.findings, Tell::All);
    output.result(|| disabled_text(&outcome), || disabled_json(&outcome));
    Ok(Exit::Done)
}

fn enable(
    options: &EnableOptions,
    run: &RunContext,
    output: &Output,
) -> Result<Exit, CommandError> {
    let work = Work::begin(output);
    let outcome = enable_tables(options, run, work.surroundings())?;
    output.findings(&outcome.findings, Tell::All);
    output.result(|| enabled_text(&outcome), || enabled_json(&outcome));
    Ok(Exit::Done)
}

//! `accession audit`: the audit log.

mod as_of;
mod blame;
mod export;
mod filter;
mod history;
mod log;
mod prove;
mod receipt;
mod report;
mod rows_from_file;
mod show;
mod tables;
mod why;

use clap::{Args, Subcommand};

use crate::cli::command_error::CommandError;
use crate::cli::exit::{EXIT_CODES, Exit};
use crate::cli::output::Output;

/// Query and verify the audit log, and choose the tables it records
#[derive(Debug, Args)]
#[command(after_help = EXIT_CODES)]
pub(in crate::cli) struct Audit {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    #[command(flatten)]
    Proof(prove::ProofCommand),
    Log(log::Log),
    Show(show::Show),
    History(history::History),
    AsOf(as_of::AsOf),
    Blame(blame::Blame),
    Report(report::Report),
    Export(export::Export),
    Why(why::Why),
    Where(rows_from_file::Where),
    #[command(flatten)]
    Tables(tables::TableCommand),
}

impl Audit {
    pub(in crate::cli) fn run(self, output: &Output) -> Result<Exit, CommandError> {
        match self.action {
            Action::Proof(prove) => prove.run(output),
            Action::Log(command) => command.run(output),
            Action::Show(command) => command.run(output),
            Action::History(command) => command.run(output),
            Action::AsOf(command) => command.run(output),
            Action::Blame(command) => command.run(output),
            Action::Report(command) => command.run(output),
            Action::Export(command) => command.run(output),
            Action::Why(command) => command.run(output),
            Action::Where(command) => command.run(output),
            Action::Tables(tables) => tables.run(output),
        }
    }
}

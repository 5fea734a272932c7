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
    action: AuditCommand,
}

#[derive(Debug, Subcommand)]
enum AuditCommand {
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
            AuditCommand::Proof(prove) => prove.run(output),
            AuditCommand::Log(command) => command.run(output),
            AuditCommand::Show(command) => command.run(output),
            AuditCommand::History(command) => command.run(output),
            AuditCommand::AsOf(command) => command.run(output),
            AuditCommand::Blame(command) => command.run(output),
            AuditCommand::Report(command) => command.run(output),
            AuditCommand::Export(command) => command.run(output),
            AuditCommand::Why(command) => command.run(output),
            AuditCommand::Where(command) => command.run(output),
            AuditCommand::Tables(tables) => tables.run(output),
        }
    }
}

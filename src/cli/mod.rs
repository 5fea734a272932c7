//! The command line: parses arguments, reads the environment, prints, and gives the exit code.
//!
//! The only stage that does any of these. Data goes to standard output, everything else to standard error.

#![expect(
    clippy::disallowed_methods,
    reason = "this stage reads the environment and the clock"
)]

mod command_error;
mod commands;
mod database_options;
mod environment;
mod exit;
mod form;
mod layouts;
mod options;
mod output;
mod progress;
mod server_variables;
mod terminal;
mod work;

use std::process::ExitCode;

use clap::{CommandFactory as _, Parser, Subcommand};

use command_error::CommandError;
use exit::{EXIT_CODES, Exit};
use output::Output;

/// Turns directories of legacy JSON files into a relational database that can be trusted.
///
/// Every file is checked against a JSON Schema, rows are written in one transaction, every change is recorded in an
/// audit log, the originals are archived, and a second run changes nothing.
#[derive(Debug, Parser)]
#[command(name = "accession", version, after_help = EXIT_CODES, arg_required_else_help = true)]
struct Cli {
    #[command(flatten)]
    output: options::OutputOptions,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Import(Box<commands::import::Import>),
    Validate(commands::validate::Validate),
    Verify(commands::verify::Verify),
    Rejects(commands::rejects::Rejects),
    Runs(commands::runs::Runs),
    Audit(commands::audit::Audit),
    Revert(commands::revert::Revert),
    Archive(commands::archive::Archive),
    Layout(commands::layout::Layout),
    Migrate(commands::migrate::Migrate),
    Doctor(commands::doctor::Doctor),
    Completions(commands::completions::Completions),
}

impl Command {
    /// Why this command cannot give its result in the format that was asked for.
    fn refusal(&self, output: &Output) -> Option<CommandError> {
        let finds = matches!(self, Self::Import(_) | Self::Validate(_));
        (output.is_sarif() && !finds).then(|| {
            CommandError::Usage(
                "only `import` and `validate` have findings to print with `--format sarif`"
                    .to_owned(),
            )
        })
    }

    fn run(self, output: &Output) -> Result<Exit, CommandError> {
        match self {
            Self::Import(command) => command.run(output),
            Self::Validate(command) => command.run(output),
            Self::Verify(command) => command.run(output),
            Self::Rejects(command) => command.run(output),
            Self::Runs(command) => command.run(output),
            Self::Audit(command) => command.run(output),
            Self::Revert(command) => command.run(output),
            Self::Archive(command) => command.run(output),
            Self::Layout(command) => command.run(output),
            Self::Migrate(command) => command.run(output),
            Self::Doctor(command) => command.run(output),
            Self::Completions(command) => command.run(output),
        }
    }
}

/// Runs the command that the process was started with.
#[must_use]
pub fn run() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => {
            // Help and version are not errors, and go to standard output.
            let code = if error.use_stderr() {
                Exit::Usage
            } else {
                Exit::Done
            };
            let _ = error.print();
            if code == Exit::Usage {
                output::usage_error_as_data(&error.to_string());
            }
            return code.into();
        }
    };
    let output = Output::new(&cli.output);
    let ended = match cli.command.refusal(&output) {
        Some(refusal) => Err(refusal),
        None => cli.command.run(&output),
    };
    match output.unwritten().map_or(ended, Err) {
        Ok(exit) => exit.into(),
        Err(error) => {
            output.error(&error);
            error.exit().into()
        }
    }
}

/// The command line's definition, for completions and for the test that compares it with the manual.
#[must_use]
pub fn definition() -> clap::Command {
    Cli::command()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn each_command(command: &clap::Command, visit: &mut dyn FnMut(&clap::Command)) {
        visit(command);
        command
            .get_subcommands()
            .for_each(|inner| each_command(inner, visit));
    }

    #[test]
    fn the_definition_is_sound() {
        definition().debug_assert();
    }

    #[test]
    fn every_help_says_what_it_is_about_and_ends_with_the_exit_codes() {
        each_command(&definition(), &mut |command| {
            let name = command.get_name();
            assert!(command.get_about().is_some(), "{name}");
            let end = command.get_after_help().map(ToString::to_string);
            assert_eq!(end.as_deref(), Some(EXIT_CODES), "{name}");
        });
    }
}

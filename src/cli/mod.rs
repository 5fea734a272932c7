//! The command line: parses arguments, reads the environment, prints, and returns the exit code.
//!
//! No other stage does any of this. Data goes to standard output, everything else to standard error.

#![expect(
    clippy::disallowed_methods,
    reason = "this stage reads the environment and the clock"
)]

mod command_error;
mod commands;
mod database_options;
mod environment;
mod exit;
mod format_options;
mod hint;
mod layouts;
mod log;
mod message;
mod numbers;
mod options;
mod output;
mod output_options;
mod parts;
mod passwords;
mod progress;
mod record_limit;
mod server_variables;
mod terminal;
mod variables;
mod work;

use std::process::ExitCode;

use clap::{CommandFactory as _, Parser, Subcommand};

use command_error::CommandError;
use exit::{EXIT_CODES, Exit};
use output::Output;

/// Import directories of JSON files into a SQL database, with an audit log
///
/// Every file is validated against a JSON Schema, rows are written in one transaction, every change is recorded in an
/// audit log, and the originals are archived. A second import of the same files changes nothing.
#[derive(Debug, Parser)]
#[command(name = "accession", version, after_help = EXIT_CODES, arg_required_else_help = true)]
struct Cli {
    #[command(flatten)]
    output: output_options::OutputOptions,
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
    /// Returns an error if the command does not support the selected format.
    fn unsupported_format(&self, output: &Output) -> Option<CommandError> {
        let has_findings = matches!(self, Self::Import(_) | Self::Validate(_));
        (output.is_sarif() && !has_findings).then(|| {
            CommandError::Usage(
                "`--format sarif` is supported by `import` and `validate` only".to_owned(),
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

/// Runs the command given by the arguments of the process.
#[must_use]
pub fn run() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => {
            // Help and version are not errors; they go to standard output.
            let code = if error.use_stderr() {
                Exit::Usage
            } else {
                Exit::Done
            };
            if code == Exit::Usage {
                // The message quotes the arguments, and one of them may be a misplaced URL with a password.
                message::message(&error.render().ansi().to_string());
                output::print_usage_error_as_json(&error.to_string());
            } else {
                let _ = error.print();
            }
            return code.into();
        }
    };
    let (output, started) = match log::start(cli.output.verbose, cli.output.timings) {
        Ok(timings) => (Output::new(&cli.output, timings), Ok(())),
        Err(error) => (Output::new(&cli.output, None), Err(error)),
    };
    let unsupported = cli.command.unsupported_format(&output);
    let result = started.and(unsupported.map_or(Ok(()), Err)).and_then(|()| {
        let span = tracing::info_span!("command").entered();
        let result = cli.command.run(&output);
        drop(span);
        output.timings();
        result
    });
    match output.unwritten().map_or(result, Err) {
        Ok(exit) => exit.into(),
        Err(error) => {
            output.error(&error);
            error.exit().into()
        }
    }
}

/// Returns the definition of the command line, for completions and for the test that compares it with the manual.
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
    fn the_definition_is_valid() {
        definition().debug_assert();
    }

    /// The commands that have no subcommands, as words.
    fn leaves(command: &clap::Command, words: &[String], found: &mut Vec<Vec<String>>) {
        let words = [words, &[command.get_name().to_owned()]].concat();
        let inner: Vec<_> = command.get_subcommands().collect();
        match inner.is_empty() {
            true => found.push(words),
            false => inner
                .into_iter()
                .for_each(|inner| leaves(inner, &words, found)),
        }
    }

    #[test]
    fn errors_about_values_state_what_is_expected() {
        let mut commands = Vec::new();
        leaves(&definition(), &[], &mut commands);
        assert!(commands.len() > 30, "{commands:?}");
        let mut wrong = 0;
        for words in commands {
            let definition = definition();
            let command = words[1..].iter().fold(&definition, |command, word| {
                command.find_subcommand(word).expect("a command")
            });
            for argument in command.get_arguments() {
                let given = match argument.get_long() {
                    Some(long) => vec![format!("--{long}=2x")],
                    None => vec!["2x".to_owned(); 2],
                };
                let line = words.iter().cloned().chain(given);
                let Err(error) = super::definition().try_get_matches_from(line) else {
                    continue;
                };
                if error.kind() == clap::error::ErrorKind::ValueValidation {
                    let message = error.to_string();
                    assert!(message.contains("expected "), "{words:?}: {message}");
                    wrong += 1;
                }
            }
        }
        assert!(wrong > 30, "{wrong}");
    }

    #[test]
    fn only_commands_with_sarif_list_it() {
        let mut commands = Vec::new();
        leaves(&definition(), &[], &mut commands);
        for words in commands {
            let line = words.iter().cloned().chain(["--help".to_owned()]);
            let help = super::definition().try_get_matches_from(line);
            let help = help.expect_err("help").to_string();
            let has_findings = ["import", "validate"].contains(&words[1].as_str());
            assert_eq!(help.contains("sarif:"), has_findings, "{words:?}: {help}");
        }
    }

    #[test]
    fn every_help_has_a_summary_and_ends_with_the_exit_codes() {
        each_command(&definition(), &mut |command| {
            let name = command.get_name();
            assert!(command.get_about().is_some(), "{name}");
            let end = command.get_after_help().map(ToString::to_string);
            assert_eq!(end.as_deref(), Some(EXIT_CODES), "{name}");
        });
    }
}

//! `accession completions`.

use clap::Args;
use clap_complete::Shell;

use crate::cli::command_error::CommandError;
use crate::cli::exit::{EXIT_CODES, Exit};
use crate::cli::output::Output;

/// Print a completion script for a shell
///
/// Bash: `accession completions bash > ~/.local/share/bash-completion/completions/accession`
#[derive(Debug, Args)]
#[command(after_help = EXIT_CODES)]
pub(in crate::cli) struct Completions {
    /// The shell
    shell: Shell,
}

impl Completions {
    pub(in crate::cli) fn run(self, output: &Output) -> Result<Exit, CommandError> {
        let mut command = crate::cli::definition();
        let mut script = Vec::new();
        clap_complete::generate(self.shell, &mut command, "accession", &mut script);
        output.data(&String::from_utf8_lossy(&script));
        Ok(Exit::Done)
    }
}

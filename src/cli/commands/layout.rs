//! `accession layout`.

use clap::{Args, Subcommand};

use super::layout_init::Init;
use crate::cli::command_error::CommandError;
use crate::cli::exit::{EXIT_CODES, Exit};
use crate::cli::output::Output;
use crate::layout::{self, Layout as Loaded, LayoutError};
use crate::report::{CheckedView, LayoutSummaryView, LayoutView, checked_text, layouts_text};

/// List, show, check and generate layouts
#[derive(Debug, Args)]
#[command(after_help = EXIT_CODES)]
pub(in crate::cli) struct Layout {
    #[command(subcommand)]
    action: LayoutCommand,
}

#[derive(Debug, Subcommand)]
enum LayoutCommand {
    /// List the built-in layouts and the files they read
    #[command(after_help = EXIT_CODES)]
    List,
    /// Show which files become which rows, and where each column comes from
    #[command(after_help = EXIT_CODES)]
    Show {
        /// Name of a built-in layout, or path of a layout directory
        #[arg(value_name = "NAME|PATH")]
        layout: String,
    },
    /// Check a custom layout
    ///
    /// Problems are printed as `layout.toml:12:5: …`, the format of compilers and editors.
    #[command(after_help = EXIT_CODES)]
    Check {
        /// Path of the layout directory
        #[arg(value_name = "PATH")]
        layout: String,
    },
    Init(Init),
}

impl Layout {
    pub(in crate::cli) fn run(self, output: &Output) -> Result<Exit, CommandError> {
        match self.action {
            LayoutCommand::List => {
                let layouts = Loaded::builtin_names()
                    .into_iter()
                    .map(layout::builtin)
                    .collect::<Result<Vec<_>, _>>()?;
                output.result(
                    || layouts_text(&layouts),
                    || {
                        layouts
                            .iter()
                            .map(LayoutSummaryView::from)
                            .collect::<Vec<_>>()
                    },
                );
                Ok(Exit::Done)
            }
            LayoutCommand::Show { layout } => {
                let layout = layout::find(&layout)?;
                output.result(|| layout::describe(&layout), || LayoutView::from(&layout));
                Ok(Exit::Done)
            }
            LayoutCommand::Init(init) => init.run(output),
            LayoutCommand::Check { layout: name } => {
                let checked = match layout::check(&layout::find_files(&name)?) {
                    Ok(checked) => Ok(checked),
                    Err(LayoutError::Invalid { problems }) => Err(problems),
                    Err(other) => return Err(other.into()),
                };
                let result = checked.as_ref().map_err(Vec::as_slice);
                output.result(|| checked_text(&name, result), || CheckedView::from(result));
                Ok(match result {
                    Ok(_) => Exit::Done,
                    Err(_) => Exit::Invalid,
                })
            }
        }
    }
}

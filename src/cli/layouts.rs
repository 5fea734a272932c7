//! Selects the layout of a directory.

use std::path::Path;

use crate::layout::{self, Layout};
use crate::source;

use super::command_error::CommandError;
use super::options::LayoutOptions;

impl LayoutOptions {
    /// Returns the layout given by `--layout`, or the only built-in layout whose sources match files of the
    /// directory.
    pub(super) fn load(&self, directory: &Path) -> Result<Layout, CommandError> {
        if let Some(name) = &self.layout {
            return Ok(layout::find(name)?);
        }
        let mut layouts = Layout::builtin_names()
            .into_iter()
            .map(layout::builtin)
            .collect::<Result<Vec<_>, _>>()?;
        let paths = source::list(directory)?;
        let found =
            layout::detect(&layouts, paths.iter().map(String::as_str)).map_err(|ambiguity| {
                CommandError::Ambiguous {
                    directory: directory.to_owned(),
                    ambiguity,
                }
            })?;
        Ok(layouts.swap_remove(found))
    }
}

//! Environment variables, and the settings file that has their values otherwise.

use std::collections::BTreeMap;
use std::path::Path;

use crate::model::{SMALL, read_regular};

use super::command_error::CommandError;

/// Name of the settings file in the current directory.
pub(super) const SETTINGS: &str = ".env";

/// Environment variables, with `.env` as a fallback.
pub(super) struct Variables {
    settings: BTreeMap<String, String>,
}

impl Variables {
    /// Reads `.env` in the current directory, if it exists.
    pub(super) fn read() -> Result<Self, CommandError> {
        let mut settings = BTreeMap::new();
        let path = Path::new(SETTINGS);
        // A directory with this name (a Python virtual environment, for example) is ignored.
        if path.exists() && !path.is_dir() {
            let unusable = || CommandError::Usage(format!("`{SETTINGS}` cannot be read"));
            let text = read_regular(path, SMALL).map_err(|_| unusable())?;
            for variable in dotenvy::from_read_iter(text.as_slice()) {
                // The cause is omitted: it could quote a password.
                let (name, value) = variable.map_err(|_| unusable())?;
                settings.insert(name, value);
            }
        }
        Ok(Self { settings })
    }

    /// Returns a variable that is set and not empty.
    pub(super) fn find(&self, name: &str) -> Option<String> {
        let set = std::env::var(name).ok().filter(|value| !value.is_empty());
        set.or_else(|| {
            let value = self.settings.get(name).filter(|value| !value.is_empty());
            value.cloned()
        })
    }

    /// Whether the value of a variable comes from `.env`.
    pub(super) fn is_from_file(&self, name: &str) -> bool {
        std::env::var_os(name).is_none_or(|value| value.is_empty())
            && self.settings.contains_key(name)
    }
}

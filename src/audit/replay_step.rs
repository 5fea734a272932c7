//! Parses one entry of the audit log: the change of a row.
//!
//! Column types are not needed: values are JSON, and numbers keep their text.

use super::image::Image;
use super::key::Key;
use super::replay_error::ReplayError;
use crate::model::RecordId;

/// The kind of change to a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Action {
    /// The row was inserted.
    Insert,
    /// Some of its columns changed.
    Update,
    /// The row was deleted.
    Delete,
}

impl Action {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Insert, Self::Update, Self::Delete];

    /// The value in the column `action`.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Insert => "INSERT",
            Self::Update => "UPDATE",
            Self::Delete => "DELETE",
        }
    }

    /// The action with this [`Self::name`].
    #[must_use]
    pub fn of_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|action| action.name() == name)
    }
}

/// A parsed entry, with exactly the images that its action requires.
#[derive(Debug, Clone, PartialEq)]
pub enum ReplayStep {
    /// The row was inserted.
    Insert {
        /// All columns.
        new: Image,
    },
    /// Some columns changed.
    Update {
        /// The key and the changed columns, before.
        old: Image,
        /// The same columns, after.
        new: Image,
    },
    /// The row was deleted.
    Delete {
        /// All columns.
        old: Image,
    },
}

impl ReplayStep {
    /// Parses the columns `action`, `old_value` and `new_value` of an entry.
    ///
    /// # Errors
    /// [`ReplayError::Malformed`] when no trigger could have written them.
    pub fn read(action: &str, old: Option<&str>, new: Option<&str>) -> Result<Self, ReplayError> {
        Self::take(action, old, new)
    }

    /// Like [`read`](Self::read), but drops the strings as soon as they are parsed: a value may be large.
    ///
    /// # Errors
    /// As [`read`](Self::read).
    pub fn take(
        action: &str,
        old: Option<impl AsRef<str>>,
        new: Option<impl AsRef<str>>,
    ) -> Result<Self, ReplayError> {
        let action =
            Action::of_name(action).ok_or(ReplayError::Malformed("it has an unknown action"))?;
        match (action, old, new) {
            (Action::Insert, None, Some(new)) => Ok(Self::Insert { new: image(new)? }),
            (Action::Delete, Some(old), None) => Ok(Self::Delete { old: image(old)? }),
            (Action::Update, Some(old), Some(new)) => {
                let old = image(old)?;
                let new = image(new)?;
                let same_columns =
                    old.len() == new.len() && old.keys().all(|column| new.contains_key(column));
                if same_columns {
                    Ok(Self::Update { old, new })
                } else {
                    let what = "the columns before and after differ";
                    Err(ReplayError::Malformed(what))
                }
            }
            (Action::Insert | Action::Delete | Action::Update, _, _) => {
                Err(ReplayError::Malformed("a value is missing or unexpected"))
            }
        }
    }

    /// Whether an entry has exactly the images that its action requires.
    #[must_use]
    pub fn has_images(action: &str, old: bool, new: bool) -> bool {
        Action::of_name(action).is_some_and(|action| {
            (old, new)
                == match action {
                    Action::Insert => (false, true),
                    Action::Update => (true, true),
                    Action::Delete => (true, false),
                }
        })
    }

    /// The row before the change, or after its insertion, as far as the entry has it.
    #[must_use]
    pub fn row(&self) -> &Image {
        match self {
            Self::Insert { new: image }
            | Self::Update { old: image, .. }
            | Self::Delete { old: image } => image,
        }
    }

    /// The row after the change, or before its deletion, as far as the entry has it.
    #[must_use]
    pub fn row_after(&self) -> &Image {
        match self {
            Self::Insert { new: image }
            | Self::Update { new: image, .. }
            | Self::Delete { old: image } => image,
        }
    }

    /// The record id of the row `record_id` afterwards; `None` if the row keeps its id or was deleted.
    #[must_use]
    pub fn new_record_id(&self, record_id: &str, key: &Key<'_>) -> Option<RecordId> {
        match self {
            Self::Insert { .. } | Self::Delete { .. } => None,
            Self::Update { old, new } => key.moved(record_id, old, new),
        }
    }
}

fn image(text: impl AsRef<str>) -> Result<Image, ReplayError> {
    serde_json::from_str(text.as_ref())
        .map_err(|_| ReplayError::Malformed("a value is not a JSON object"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn malformed_entries_are_rejected() {
        let whole = Some(r#"{"id":1}"#);
        for (action, old, new) in [
            ("INSERT", None, None),
            ("INSERT", whole, whole),
            ("DELETE", None, whole),
            ("UPDATE", whole, None),
            ("UPDATE", whole, Some(r#"{"id":1,"a":2}"#)),
            ("UPDATE", whole, Some(r#"{"a":2}"#)),
            ("INSERT", None, Some("[1]")),
            ("INSERT", None, Some("{")),
            ("TRUNCATE", None, None),
        ] {
            let read = ReplayStep::read(action, old, new);
            assert!(
                matches!(read, Err(ReplayError::Malformed(_))),
                "{action} {old:?}"
            );
        }
    }
}

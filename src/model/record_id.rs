//! The id of a row, as the audit log has it.

use std::borrow::Borrow;

use serde::Serialize;

use super::text_id::text_id;

/// The id of a row in its table: the primary key as text; of several columns, a JSON array of strings.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(inline, description = ""))]
#[serde(transparent)]
pub struct RecordId(String);

text_id!(RecordId);

impl Borrow<str> for RecordId {
    fn borrow(&self) -> &str {
        &self.0
    }
}

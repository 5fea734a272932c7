//! The id of a run, as the ledger has it.

use serde::Serialize;
use uuid::Uuid;

use super::text_id::text_id;

/// The id of a run: a UUIDv7 as text, unless the ledger was tampered with. The text sorts by time.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(inline))]
#[serde(transparent)]
pub struct RunId(String);

text_id!(RunId);

impl From<Uuid> for RunId {
    fn from(id: Uuid) -> Self {
        Self(id.to_string())
    }
}

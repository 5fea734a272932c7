//! A trigger as text, with what tells whether the database still has it as it should be.

use crate::model::Sha256;

/// The beginning of the name of every trigger and every function made here.
pub const TRIGGER_PREFIX: &str = "accession_";

/// Whom triggers name where no run says who makes the change: any other program.
pub const EXTERNAL: &str = "external";

/// One trigger, with the function it calls where the database wants one.
///
/// To find out whether a database's trigger is up to date, run the dialect's `STORED` query and compare what it says of
/// the trigger called [`name`](Self::name) with [`definition`](Self::definition): the whole text is compared, not a
/// version or a digest that somebody could leave behind.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trigger {
    /// Its name; on PostgreSQL another table may have one of the same name.
    pub name: String,
    /// Statements that make it, also in place of an older one.
    pub create: String,
    /// Statements that take it away, whether it is there or not.
    pub drop: String,
    /// What `STORED` gives for it.
    pub definition: String,
}

/// `name`, or its beginning and a digest if it has more than `longest` bytes: databases would cut it off, and make one
/// name of two.
pub(crate) fn bounded(name: &str, longest: usize) -> String {
    if name.len() <= longest {
        return name.to_owned();
    }
    let digest = Sha256::of(name.as_bytes()).to_string();
    let mut kept = longest - 9;
    while !name.is_char_boundary(kept) {
        kept -= 1;
    }
    format!("{}_{}", &name[..kept], &digest[..8])
}

/// The name of a member of a JSON object, with the colon that follows it.
pub(super) fn member_name(column: &str) -> String {
    format!("{}:", serde_json::Value::from(column))
}

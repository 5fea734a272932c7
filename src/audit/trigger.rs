//! A trigger as text, with the definition to compare with the database's.

/// The prefix of the names of all triggers and functions created here.
pub const TRIGGER_PREFIX: &str = "accession_";

/// The actor of changes made outside runs: any other program.
pub const EXTERNAL: &str = "external";

/// One trigger, with the function it calls if the database requires one.
///
/// A database's trigger is up to date if the text that the database stores for the trigger called [`name`](Self::name)
/// is the [`definition`](Self::definition). The whole text is compared, because a version or a digest could stay in
/// place while the rest is changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trigger {
    /// Its name; another table may have a trigger with the same name.
    pub name: String,
    /// Statements that create it, replacing an older one, also with what the engine's `replace_trigger` does.
    pub create: String,
    /// Statements that drop it, if it exists.
    pub drop: String,
    /// The text that the database stores for it.
    pub definition: String,
}

/// The name of a member of a JSON object, followed by a colon.
pub(crate) fn member_name(column: &str) -> String {
    format!("{}:", serde_json::Value::from(column))
}

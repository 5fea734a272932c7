//! What a run knows of itself: who, why, when and where. Handed in, so that tests are repeatable.

use uuid::Uuid;

use super::Timestamp;

/// The circumstances of one run.
#[derive(Debug, Clone)]
pub struct RunContext {
    /// UUIDv7 (RFC 9562 §5.7): sorts by time.
    pub id: Uuid,
    /// Who is declared to be responsible; stored in `changed_by`.
    pub actor: String,
    /// Why, in the actor's words.
    pub reason: Option<String>,
    /// The operating system's user.
    pub os_user: String,
    /// The machine's host name.
    pub host: String,
    /// When the run began; also the `changed_at` of its audit entries.
    pub started_at: Timestamp,
}

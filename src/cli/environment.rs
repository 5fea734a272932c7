//! What a run knows of its surroundings: user, host, clock, interrupts.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use chrono::Utc;
use uuid::Uuid;

use crate::audit::EXTERNAL;
use crate::model::{RunContext, Timestamp};

use super::command_error::CommandError;
use super::output::{is_watched, message_over_progress};

/// The time.
pub(super) fn now() -> Timestamp {
    Timestamp::new(Utc::now())
}

/// The circumstances of a run that begins now. The actor is the operating system's user unless declared.
///
/// # Errors
/// When the actor that is declared is empty, or the one that stands for other programs.
pub(super) fn run_context(
    actor: Option<String>,
    reason: Option<String>,
) -> Result<RunContext, CommandError> {
    let unusable = match actor.as_deref().map(str::trim) {
        Some("") => Some("the actor must not be empty: see `--actor` and `ACCESSION_ACTOR`"),
        Some(EXTERNAL) => Some(
            "the actor `external` stands for programs that are no runs; choose another with `--actor`",
        ),
        Some(_) | None => None,
    };
    if let Some(message) = unusable {
        return Err(CommandError::Usage(message.to_owned()));
    }
    let os_user = whoami::username().unwrap_or_else(|_| "unknown".to_owned());
    Ok(RunContext {
        id: Uuid::now_v7(),
        actor: actor.unwrap_or_else(|| os_user.clone()),
        reason,
        os_user,
        host: whoami::hostname().unwrap_or_else(|_| "unknown".to_owned()),
        started_at: now(),
    })
}

/// A flag that Ctrl-C and SIGTERM raise. At the second signal the process ends at once, which the database survives.
///
/// Some steps do not look at the flag before they are done (building an index), so somebody who watches is told.
pub(super) fn interrupt_flag() -> Arc<AtomicBool> {
    let flag = Arc::new(AtomicBool::new(false));
    let raised = flag.clone();
    let handler = ctrlc::set_handler(move || {
        if raised.swap(true, Ordering::Relaxed) {
            std::process::exit(130);
        }
        if is_watched() {
            message_over_progress("stopping; press Ctrl-C again to end at once\n");
        }
    });
    // Without a handler the process ends at the first signal, which is safe too.
    drop(handler);
    flag
}

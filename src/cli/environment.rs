//! The environment of a run: user, host, clock, interrupts.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, SystemTime};

use uuid::{NoContext, Uuid};

use crate::audit::EXTERNAL;
use crate::model::{RunContext, Timestamp};

use super::command_error::CommandError;
use super::message::{is_interactive, message_over_progress};

/// 9999-12-31T23:59:59Z.
const LAST_SECOND: u64 = 253_402_300_799;

/// Returns the current time.
pub(super) fn now() -> Timestamp {
    Timestamp::of_system(SystemTime::now())
}

/// Returns the current time, for timestamps that are stored and compared later.
///
/// # Errors
/// If the clock is out of range: UUIDs cannot represent times before 1970, and timestamps after 9999 do not sort as
/// text.
pub(super) fn checked_now() -> Result<Timestamp, CommandError> {
    check_clock(SystemTime::now())
}

fn check_clock(now: SystemTime) -> Result<Timestamp, CommandError> {
    let now = Timestamp::of_system(now);
    let last = Timestamp::of_system(SystemTime::UNIX_EPOCH + Duration::from_secs(LAST_SECOND));
    match now.micros() >= 0 && now < last {
        true => Ok(now),
        false => Err(CommandError::Clock(now)),
    }
}

/// Creates the context of a run that starts now. The actor defaults to the operating system's user.
///
/// # Errors
/// If the given actor is empty, or reserved for other programs.
pub(super) fn run_context(
    actor: Option<String>,
    reason: Option<String>,
) -> Result<RunContext, CommandError> {
    let unusable = match actor.as_deref().map(str::trim) {
        Some("") => Some("the actor must not be empty: see `--actor` and `ACCESSION_ACTOR`"),
        Some(EXTERNAL) => Some(
            "the actor `external` is reserved for changes by other programs; choose another with `--actor`",
        ),
        Some(_) | None => None,
    };
    if let Some(message) = unusable {
        return Err(CommandError::Usage(message.to_owned()));
    }
    let os_user = whoami::username().unwrap_or_else(|_| "unknown".to_owned());
    let started_at = checked_now()?;
    let micros = started_at.micros().unsigned_abs();
    let nanos = u32::try_from(micros % 1_000_000 * 1_000).unwrap_or(0);
    let timestamp = uuid::Timestamp::from_unix(NoContext, micros / 1_000_000, nanos);
    Ok(RunContext {
        id: Uuid::new_v7(timestamp),
        actor: actor.unwrap_or_else(|| os_user.clone()),
        reason,
        os_user,
        host: whoami::hostname().unwrap_or_else(|_| "unknown".to_owned()),
        started_at,
    })
}

/// Returns a flag that SIGINT (Ctrl-C) and SIGTERM set. A second signal ends the process immediately, which is safe
/// for the database.
///
/// Some steps check the flag only when they are done (building an index), so a message is printed on terminals.
pub(super) fn interrupt_flag() -> Arc<AtomicBool> {
    let flag = Arc::new(AtomicBool::new(false));
    let raised = flag.clone();
    let handler = ctrlc::set_handler(move || {
        if raised.swap(true, Ordering::Relaxed) {
            std::process::exit(130);
        }
        if is_interactive() {
            message_over_progress("stopping; press Ctrl-C again to exit immediately\n");
        }
    });
    // Without a handler, the first signal ends the process, which is safe too.
    drop(handler);
    flag
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clock_out_of_range_is_an_error_that_contains_the_time() {
        let at = |seconds| SystemTime::UNIX_EPOCH + Duration::from_secs(seconds);
        for right in [at(0), at(1_700_000_000), at(LAST_SECOND - 1)] {
            assert!(check_clock(right).is_ok());
        }
        let before = SystemTime::UNIX_EPOCH - Duration::from_secs(86_400);
        for (wrong, year) in [(before, "1969"), (at(LAST_SECOND + 1), "9999")] {
            let error = check_clock(wrong).expect_err("wrong");
            assert!(error.to_string().contains(year), "{error}");
            assert!(error.hint().is_some());
        }
    }
}

//! Retries: connecting while a server starts or restarts, and repeating a transaction after a deadlock or a
//! serialization failure. Exponential pauses with jitter, a bounded number of attempts, each of which is reported.

use std::error::Error;
use std::time::Duration;

use backon::{BackoffBuilder as _, ExponentialBuilder};

use super::{RetryPolicy, ServerAddress};
use crate::database::{AnyConnection, DatabaseError, DatabaseUrl, with_causes};

/// The pause before the second attempt. It doubles with each attempt, and a random part of up to its length is added.
const FIRST_PAUSE: Duration = Duration::from_millis(200);
const LONGEST_PAUSE: Duration = Duration::from_secs(5);

/// Connects to the server; retries while it is not running or not ready, as often as the address allows.
pub(in crate::database) fn connect(
    address: &ServerAddress,
) -> Result<AnyConnection, DatabaseError> {
    let not_there = |error: &DatabaseError| matches!(error, DatabaseError::Unreachable { .. });
    attempt(address.retry, not_there, || (address.server.open)(address))
}

/// Repeats `work` while its failure `is_passing`, as often as the address of the database allows. A failed attempt must
/// have no effect.
///
/// # Errors
/// The last failure.
pub fn repeat<T, E: Error + 'static>(
    place: &DatabaseUrl,
    is_passing: impl Fn(&E) -> bool,
    work: impl FnMut() -> Result<T, E>,
) -> Result<T, E> {
    let policy = match place {
        DatabaseUrl::File(_) => RetryPolicy::default(),
        DatabaseUrl::Server(address) => address.retry,
    };
    attempt(policy, is_passing, work)
}

fn attempt<T, E: Error + 'static>(
    policy: RetryPolicy,
    is_passing: impl Fn(&E) -> bool,
    mut work: impl FnMut() -> Result<T, E>,
) -> Result<T, E> {
    let pauses = ExponentialBuilder::default()
        .with_min_delay(FIRST_PAUSE)
        .with_max_delay(LONGEST_PAUSE)
        .with_max_times(policy.attempts.saturating_sub(1) as usize)
        .with_jitter()
        .build();
    for (done, pause) in pauses.enumerate() {
        match work() {
            Err(error) if is_passing(&error) => {
                let failure = with_causes(&error);
                (policy.observer.0)(&format!(
                    "{failure}; attempt {} of {} in {:.1} s",
                    done + 2,
                    policy.attempts,
                    pause.as_secs_f32()
                ));
                std::thread::sleep(pause);
            }
            ended => return ended,
        }
    }
    work()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::database::connect::RetryObserver;

    #[derive(Debug, PartialEq, thiserror::Error)]
    #[error("number {0}")]
    struct Failure(u32);

    fn attempts(fails: u32, attempts: u32) -> (Result<u32, Failure>, u32) {
        let policy = RetryPolicy {
            attempts,
            observer: RetryObserver(|text| assert!(text.contains("; attempt 2 of "), "{text}")),
            ..RetryPolicy::default()
        };
        let mut done = 0;
        let ended = attempt(
            policy,
            |failure| *failure == Failure(1),
            || {
                done += 1;
                if done <= fails {
                    Err(Failure(done))
                } else {
                    Ok(done)
                }
            },
        );
        (ended, done)
    }

    #[test]
    fn what_passes_is_tried_again_and_nothing_else_nor_for_ever() {
        assert_eq!(attempts(0, 5), (Ok(1), 1));
        assert_eq!(attempts(1, 5), (Ok(2), 2));
        // The second failure cannot be retried.
        assert_eq!(attempts(3, 5), (Err(Failure(2)), 2));
        assert_eq!(attempts(1, 1), (Err(Failure(1)), 1));
    }
}

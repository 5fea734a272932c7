//! Trying again: to connect while a server starts or restarts, and to write what other programs disturbed. Exponential
//! pauses with jitter, a bounded number of attempts, each told to whoever watches.

use std::error::Error;
use std::time::Duration;

use backon::{BackoffBuilder as _, ExponentialBuilder};

#[cfg(feature = "servers")]
use super::ServerKind;
use super::{Patience, ServerAddress};
use crate::database::{AnyConnection, DatabaseError, DatabaseUrl, with_causes};

/// The pause before the second attempt; each further one doubles it, and up to as much again is added by chance.
const FIRST_PAUSE: Duration = Duration::from_millis(200);
const LONGEST_PAUSE: Duration = Duration::from_secs(5);

/// Connects to the server, as often as the address allows while it is not there or not ready.
pub(in crate::database) fn connect(
    address: &ServerAddress,
) -> Result<AnyConnection, DatabaseError> {
    let not_there = |error: &DatabaseError| matches!(error, DatabaseError::Unreachable { .. });
    attempt(address.patience, not_there, || open(address))
}

/// Does `work` again as long as its failure `is_passing`, as often as the address of the database allows; each time it
/// must begin anew and leave nothing behind when it fails.
///
/// # Errors
/// The last failure.
pub fn repeat<T, E: Error + 'static>(
    place: &DatabaseUrl,
    is_passing: impl Fn(&E) -> bool,
    work: impl FnMut() -> Result<T, E>,
) -> Result<T, E> {
    let patience = match place {
        DatabaseUrl::Sqlite(_) => Patience::default(),
        DatabaseUrl::Server(address) => address.patience,
    };
    attempt(patience, is_passing, work)
}

fn attempt<T, E: Error + 'static>(
    patience: Patience,
    is_passing: impl Fn(&E) -> bool,
    mut work: impl FnMut() -> Result<T, E>,
) -> Result<T, E> {
    let pauses = ExponentialBuilder::default()
        .with_min_delay(FIRST_PAUSE)
        .with_max_delay(LONGEST_PAUSE)
        .with_max_times(patience.attempts.saturating_sub(1) as usize)
        .with_jitter()
        .build();
    for (done, pause) in pauses.enumerate() {
        match work() {
            Err(error) if is_passing(&error) => {
                let told = with_causes(&error);
                (patience.announce.0)(&format!(
                    "{told}; attempt {} of {} in {:.1} s",
                    done + 2,
                    patience.attempts,
                    pause.as_secs_f32()
                ));
                std::thread::sleep(pause);
            }
            ended => return ended,
        }
    }
    work()
}

fn open(address: &ServerAddress) -> Result<AnyConnection, DatabaseError> {
    match address.kind {
        #[cfg(feature = "postgres")]
        ServerKind::Postgres => {
            crate::database::postgres::open(address).map(AnyConnection::Postgres)
        }
        #[cfg(feature = "mysql")]
        ServerKind::Mysql => crate::database::mysql::open(address).map(AnyConnection::Mysql),
        #[cfg(not(all(feature = "postgres", feature = "mysql")))]
        other => Err(DatabaseError::NotBuiltIn(other.scheme())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::database::connect::Announce;

    #[derive(Debug, PartialEq, thiserror::Error)]
    #[error("number {0}")]
    struct Failure(u32);

    fn attempts(fails: u32, attempts: u32) -> (Result<u32, Failure>, u32) {
        let patience = Patience {
            attempts,
            announce: Announce(|text| assert!(text.contains("; attempt 2 of "), "{text}")),
            ..Patience::default()
        };
        let mut done = 0;
        let ended = attempt(
            patience,
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
        // The second failure is of another kind.
        assert_eq!(attempts(3, 5), (Err(Failure(2)), 2));
        assert_eq!(attempts(1, 1), (Err(Failure(1)), 1));
    }
}

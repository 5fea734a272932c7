//! The context of a run: actor, reason, time and host. It is passed in, so that tests are reproducible.

use uuid::Uuid;

use super::Timestamp;

/// The context of one run.
#[derive(Debug, Clone)]
pub struct RunContext {
    /// UUIDv7 (RFC 9562 §5.7), which sorts by time.
    pub id: Uuid,
    /// The person or program responsible; stored in `changed_by`.
    pub actor: String,
    /// The reason given by the actor.
    pub reason: Option<String>,
    /// The operating-system user.
    pub os_user: String,
    /// The host name of the machine.
    pub host: String,
    /// When the run started; also the `changed_at` of its audit entries.
    pub started_at: Timestamp,
}

impl RunContext {
    /// Returns the same run with an ID that sorts after `latest`, the last run of the database. IDs define the order in
    /// which runs were written, even if the clock was set back since that run.
    #[must_use]
    pub fn after(&self, latest: Option<Uuid>) -> Self {
        // The first 48 bits are milliseconds; the others are version, variant and random bits.
        const RANDOM_BITS: u32 = 80;
        let mut run = self.clone();
        if let Some(latest) = latest.filter(|latest| *latest >= self.id) {
            let next = (latest.as_u128() >> RANDOM_BITS) + 1;
            let random = self.id.as_u128() & ((1 << RANDOM_BITS) - 1);
            run.id = Uuid::from_u128((next << RANDOM_BITS) | random);
        }
        run
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_sort_in_the_order_of_the_runs_even_if_the_clock_is_set_back() {
        let now = Uuid::now_v7();
        let run = RunContext {
            id: now,
            actor: "a".to_owned(),
            reason: None,
            os_user: "u".to_owned(),
            host: "h".to_owned(),
            started_at: Timestamp::from_micros(0).expect("valid"),
        };
        assert_eq!(run.after(None).id, now);
        let before = Uuid::from_u128(now.as_u128() - (1 << 80));
        assert_eq!(run.after(Some(before)).id, now);
        let later = Uuid::from_u128(now.as_u128() + (1_000_000 << 80));
        for latest in [later, now] {
            let id = run.after(Some(latest)).id;
            assert!(id > latest);
            assert!(id.to_string() > latest.to_string());
            assert_eq!(id.get_version_num(), 7);
        }
    }
}

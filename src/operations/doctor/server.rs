//! Checks of the database itself: version, privileges, encoding, time.

use crate::database::{DatabaseError, MigrationStatus, ReadTransaction};
use crate::model::plural;

use super::{Check, DoctorContext};

/// The largest accepted difference of clocks, in microseconds.
const CLOCKS_APART: u64 = 5_000_000;

pub(super) fn version(
    _: &mut ReadTransaction,
    ctx: &DoctorContext<'_>,
) -> Result<Check, DatabaseError> {
    let facts = &ctx.facts;
    let product = facts.product;
    let text = format!("{product} {}", facts.version);
    Ok(match facts.oldest_version {
        Some(oldest) if numbers(&facts.version) < oldest => {
            let [major, minor, patch] = oldest;
            let hint = format!("{product} {major}.{minor}.{patch} or newer is needed");
            Check::broken("version", text, hint)
        }
        Some(_) | None => Check::sound("version", text),
    })
}

/// The first three numbers of a version; missing ones are 0.
fn numbers(version: &str) -> [u32; 3] {
    let mut numbers = [0; 3];
    let parts = version.split(|c: char| !c.is_ascii_digit());
    for (number, part) in numbers.iter_mut().zip(parts) {
        *number = part.parse().unwrap_or(0);
    }
    numbers
}

/// Privileges that are needed only to create something; writing rows does not need them. TRIGGER is not included:
/// without it a server may not show whether the audit triggers are correct.
const MAKING: [&str; 5] = ["CREATE", "INDEX", "REFERENCES", "DROP", "ALTER"];

pub(super) fn rights(
    database: &mut ReadTransaction,
    _: &DoctorContext<'_>,
) -> Result<Check, DatabaseError> {
    let missing = database.missing_rights()?;
    if missing.is_empty() {
        return Ok(Check::sound("rights", "sufficient for imports"));
    }
    let message = format!("missing: {}", missing.join(", "));
    let only_makes = |right: &String| {
        let word = right.split(' ').next().unwrap_or_default();
        MAKING.contains(&word)
    };
    let states = database.migration_states();
    let all_made = states.is_ok_and(|states| {
        let mut states = states.iter();
        states.all(|state| state.status != MigrationStatus::Pending)
    });
    let hint = match database.place().file() {
        Some(_) => "change the permissions, if you need to import",
        None => "ask for them to be granted to the database user",
    };
    Ok(if all_made && missing.iter().all(only_makes) {
        let message = format!("{message}; imports into existing tables do not need them");
        Check::warning("rights", message, hint)
    } else {
        Check::broken("rights", message, hint)
    })
}

pub(super) fn encoding(
    _: &mut ReadTransaction,
    ctx: &DoctorContext<'_>,
) -> Result<Check, DatabaseError> {
    let encoding = &ctx.facts.encoding;
    let wanted = ctx.facts.wanted_encoding;
    let holds_everything = wanted.is_none_or(|wanted| wanted == encoding);
    Ok(if holds_everything {
        Check::sound("encoding", encoding.as_str())
    } else {
        let hint = "create a database whose encoding is UTF-8 (`ENCODING 'UTF8'`, `utf8mb4`)";
        Check::broken(
            "encoding",
            format!("{encoding} cannot represent all strings"),
            hint,
        )
    })
}

pub(super) fn time_zone(
    _: &mut ReadTransaction,
    ctx: &DoctorContext<'_>,
) -> Result<Check, DatabaseError> {
    let zone = ctx.facts.time_zone.as_str();
    Ok(if matches!(zone, "UTC" | "Etc/UTC" | "+00:00") {
        Check::sound("time zone", zone)
    } else {
        let message = format!("the session uses {zone}, although UTC was requested");
        let hint = "check for a pooler, or settings of the user, that change it";
        Check::broken("time zone", message, hint)
    })
}

pub(super) fn clock(
    _: &mut ReadTransaction,
    ctx: &DoctorContext<'_>,
) -> Result<Check, DatabaseError> {
    let Some(theirs) = ctx.facts.now else {
        let hint = "check the server's date";
        return Ok(Check::broken(
            "clock",
            "the database returned no valid time",
            hint,
        ));
    };
    let apart = theirs.micros().abs_diff(ctx.now.micros());
    Ok(if apart <= CLOCKS_APART {
        Check::sound("clock", "in sync")
    } else {
        let message = format!(
            "{} from the local clock",
            plural(apart / 1_000_000, "second")
        );
        let hint = "synchronize the clocks of both machines (NTP): the audit log has times of both";
        Check::warning("clock", message, hint)
    })
}

pub(super) fn entry_times(
    database: &mut ReadTransaction,
    _: &DoctorContext<'_>,
) -> Result<Option<Check>, DatabaseError> {
    let settable = database.has_settable_clock()?;
    Ok(settable.map(|is_settable| match is_settable {
        false => Check::sound("entry times", "no session can choose them"),
        true => Check::warning(
            "entry times",
            "the server runs with `--sysdate-is-now`: a session that sets its `timestamp` chooses the time of its entries",
            "start the server without `--sysdate-is-now`",
        ),
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_compared_by_number() {
        assert_eq!(numbers("15.18 (Debian 15.18-0+deb12u1)"), [15, 18, 0]);
        assert_eq!(numbers("10.11.19-MariaDB-0+deb12u1"), [10, 11, 19]);
        assert!(numbers("8.0.9") < [8, 0, 17]);
        assert!(numbers("10.11.19-MariaDB") >= [10, 3, 0]);
    }
}

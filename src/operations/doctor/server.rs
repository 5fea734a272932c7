//! The database itself: version, rights, texts, time.

use crate::database::{DatabaseError, DatabaseUrl, MigrationStatus, ServerKind};

use super::{Check, Patient};

/// A clock that is off by more is told, in microseconds.
const CLOCKS_APART: u64 = 5_000_000;

/// The oldest versions that have what the ledger and the triggers need.
const POSTGRES: [u32; 3] = [11, 0, 0];
const MYSQL: [u32; 3] = [8, 0, 17];
const MARIADB: [u32; 3] = [10, 3, 0];

pub(super) fn version(patient: &mut Patient<'_>) -> Result<Check, DatabaseError> {
    let version = &patient.facts.version;
    let (product, oldest) = match patient.database.place() {
        DatabaseUrl::Sqlite(_) => return Ok(Check::sound("version", format!("SQLite {version}"))),
        DatabaseUrl::Server(address) => match address.kind {
            ServerKind::Postgres => ("PostgreSQL", POSTGRES),
            ServerKind::Mysql if version.contains("MariaDB") => ("MariaDB", MARIADB),
            ServerKind::Mysql => ("MySQL", MYSQL),
        },
    };
    let told = format!("{product} {version}");
    if numbers(version) >= oldest {
        return Ok(Check::sound("version", told));
    }
    let [major, minor, patch] = oldest;
    let remedy = format!("{product} {major}.{minor}.{patch} or newer is needed");
    Ok(Check::broken("version", told, remedy))
}

/// The first three numbers of a version; 0 where there are fewer.
fn numbers(version: &str) -> [u32; 3] {
    let mut numbers = [0; 3];
    let parts = version.split(|c: char| !c.is_ascii_digit());
    for (number, part) in numbers.iter_mut().zip(parts) {
        *number = part.parse().unwrap_or(0);
    }
    numbers
}

/// Rights that are needed where something is still to be made; rows are written without them. TRIGGER is none of them:
/// without it MySQL does not show whether the triggers of the trail are as they should be.
const MAKING: [&str; 5] = ["CREATE", "INDEX", "REFERENCES", "DROP", "ALTER"];

pub(super) fn rights(patient: &mut Patient<'_>) -> Result<Check, DatabaseError> {
    let missing = patient.database.missing_rights()?;
    if missing.is_empty() {
        return Ok(Check::sound("rights", "an import may do all it has to"));
    }
    let message = format!("missing: {}", missing.join(", "));
    let only_makes = |right: &String| {
        let word = right.split(' ').next().unwrap_or_default();
        MAKING.contains(&word)
    };
    let states = patient.database.migration_states();
    let all_made = states.is_ok_and(|states| {
        let mut states = states.iter();
        states.all(|state| state.status != MigrationStatus::Pending)
    });
    let remedy = match patient.database.place() {
        DatabaseUrl::Sqlite(_) => "change the permissions, if you are to import",
        DatabaseUrl::Server(_) => "have them granted to the database's user",
    };
    Ok(if all_made && missing.iter().all(only_makes) {
        let message =
            format!("{message}; imports into the tables that are there need none of them");
        Check::warning("rights", message, remedy)
    } else {
        Check::broken("rights", message, remedy)
    })
}

pub(super) fn encoding(patient: &mut Patient<'_>) -> Result<Check, DatabaseError> {
    let encoding = &patient.facts.encoding;
    let holds_everything = match patient.database.place() {
        DatabaseUrl::Sqlite(_) => true,
        DatabaseUrl::Server(address) => match address.kind {
            ServerKind::Postgres => encoding == "UTF8",
            ServerKind::Mysql => encoding == "utf8mb4",
        },
    };
    Ok(if holds_everything {
        Check::sound("encoding", encoding.as_str())
    } else {
        let remedy = "make a database whose encoding is UTF-8 (`ENCODING 'UTF8'`, `utf8mb4`)";
        Check::broken(
            "encoding",
            format!("{encoding} cannot hold all texts"),
            remedy,
        )
    })
}

pub(super) fn time_zone(patient: &mut Patient<'_>) -> Result<Check, DatabaseError> {
    let zone = patient.facts.time_zone.as_str();
    Ok(if matches!(zone, "UTC" | "Etc/UTC" | "+00:00") {
        Check::sound("time zone", zone)
    } else {
        let message = format!("the session's is {zone}, although UTC was asked for");
        let remedy = "look for a pooler, or settings of the user, that change it";
        Check::broken("time zone", message, remedy)
    })
}

pub(super) fn clock(patient: &mut Patient<'_>) -> Result<Check, DatabaseError> {
    let Some(theirs) = patient.facts.now else {
        let remedy = "look at the server's date";
        return Ok(Check::broken("clock", "it shows no time", remedy));
    };
    let apart = theirs.micros().abs_diff(patient.now.micros());
    Ok(if apart <= CLOCKS_APART {
        Check::sound("clock", "as ours")
    } else {
        let message = format!("{} seconds from ours", apart / 1_000_000);
        let remedy = "let both machines keep their time (NTP): the trail has the times of both";
        Check::warning("clock", message, remedy)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_compared_by_number() {
        assert_eq!(numbers("15.18 (Debian 15.18-0+deb12u1)"), [15, 18, 0]);
        assert_eq!(numbers("10.11.19-MariaDB-0+deb12u1"), [10, 11, 19]);
        assert!(numbers("8.0.9") < MYSQL);
        assert!(numbers("10.11.19-MariaDB") >= MARIADB);
    }
}

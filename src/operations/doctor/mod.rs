//! Is this database fit for imports, and is its trail whole? A list of checks, each by itself; nothing is written.
//!
//! How to add a check: a function of `Patient` in the file of its kind, and a line in `CHECKS`.

mod ledger;
mod server;
mod tables;
mod trail;

use std::time::Duration;

use crate::database::{Access, Database, DatabaseError, DatabaseUrl, Facts, with_causes};
use crate::layout::Layout;
use crate::model::Timestamp;

use super::OperationError;

/// What all checks gave.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Health {
    /// The database, without its password.
    pub database: String,
    /// The checks in their order.
    pub checks: Vec<Check>,
}

/// What one check gave.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Check {
    /// What was looked at.
    pub name: &'static str,
    /// How it is.
    pub verdict: Verdict,
    /// What was found.
    pub message: String,
    /// What to do about it.
    pub remedy: Option<String>,
}

/// How something is; the worst is the greatest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Verdict {
    /// As it should be.
    Sound,
    /// Imports work, but somebody should look at it.
    Warning,
    /// Imports fail, or the trail misses changes.
    Broken,
}

impl Health {
    /// The worst verdict.
    #[must_use]
    pub fn verdict(&self) -> Verdict {
        let verdicts = self.checks.iter().map(|check| check.verdict);
        verdicts.max().unwrap_or(Verdict::Sound)
    }
}

impl Check {
    fn sound(name: &'static str, message: impl Into<String>) -> Self {
        Self {
            name,
            verdict: Verdict::Sound,
            message: message.into(),
            remedy: None,
        }
    }

    fn warning(name: &'static str, message: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self {
            verdict: Verdict::Warning,
            remedy: Some(remedy.into()),
            ..Self::sound(name, message)
        }
    }

    fn broken(name: &'static str, message: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self {
            verdict: Verdict::Broken,
            remedy: Some(remedy.into()),
            ..Self::sound(name, message)
        }
    }
}

/// What the checks look at.
struct Patient<'a> {
    database: Database,
    facts: Facts,
    /// The layouts that were imported, as far as they are known.
    layouts: &'a [Layout],
    /// Our clock, when the database showed its own.
    now: Timestamp,
}

type CheckOf = fn(&mut Patient<'_>) -> Result<Check, DatabaseError>;

/// The checks, from what everything rests on to what rests on it.
const CHECKS: [CheckOf; 11] = [
    server::version,
    server::rights,
    server::encoding,
    server::time_zone,
    server::clock,
    ledger::migrations,
    ledger::guards,
    ledger::context,
    tables::tables,
    trail::triggers,
    trail::cascades,
];

/// Looks at a database. `layouts` gives those of which the names are in the ledger.
///
/// # Errors
/// When a layout cannot be used; what is wrong with the database is in the checks.
pub fn doctor(
    url: &DatabaseUrl,
    wait: Duration,
    layouts: impl FnOnce(&[String]) -> Result<Vec<Layout>, OperationError>,
    clock: &dyn Fn() -> Timestamp,
) -> Result<Health, OperationError> {
    let reached = Database::open(url, Access::Read, wait).and_then(|mut database| {
        let facts = database.facts()?;
        let names = database.imported_layouts()?;
        Ok((database, facts, clock(), names))
    });
    let mut checks = Vec::new();
    match reached {
        Err(error) => checks.push(unreached(&error)),
        Ok((database, facts, now, names)) => {
            checks.push(Check::sound("connection", "reached"));
            let layouts = layouts(&names)?;
            let mut patient = Patient {
                database,
                facts,
                layouts: &layouts,
                now,
            };
            for check in CHECKS {
                let check = check(&mut patient).unwrap_or_else(|error| failed(&error));
                checks.push(check);
            }
        }
    }
    Ok(Health {
        database: url.to_string(),
        checks,
    })
}

fn unreached(error: &DatabaseError) -> Check {
    let remedy = match error {
        DatabaseError::Missing(_) => {
            Some("check the path; an import makes a database that is not there")
        }
        other => other.hint(),
    };
    Check {
        remedy: remedy.map(str::to_owned),
        ..Check::broken("connection", with_causes(error), "")
    }
}

fn failed(error: &DatabaseError) -> Check {
    Check::broken(
        "check",
        format!("a check failed: {}", with_causes(error)),
        "look at the rights of the user",
    )
}

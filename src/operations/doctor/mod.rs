//! Checks whether a database is ready for imports and whether its audit log is complete. The checks are independent;
//! nothing is written.
//!
//! To add a check, add a function of `DoctorContext` to the file of its kind, and a line to `CHECKS`.

mod audit_log;
mod ledger;
mod server;
mod tables;

use std::time::Duration;

use serde::Serialize;

use crate::database::{
    Access, Database, DatabaseError, DatabaseUrl, Facts, ReadTransaction, with_causes,
};
use crate::layout::Layout;
use crate::model::Timestamp;

use super::OperationError;

/// The results of all checks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Health {
    /// The database, without its password.
    pub database: String,
    /// The checks in their order.
    pub checks: Vec<Check>,
}

/// The result of one check.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Check {
    /// The subject of the check.
    pub name: &'static str,
    /// The verdict.
    #[serde(rename = "status")]
    pub verdict: Verdict,
    /// Description of the result.
    pub message: String,
    /// Suggested fix.
    #[serde(rename = "remedy")]
    pub hint: Option<String>,
}

/// The verdict of a check; the worst is the greatest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// There was nothing to check.
    Skipped,
    /// No problem was found.
    Sound,
    /// Imports work, but the problem should be fixed.
    Warning,
    /// Imports fail, or the audit log misses changes.
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
            hint: None,
        }
    }

    fn skipped(name: &'static str, message: impl Into<String>) -> Self {
        Self {
            verdict: Verdict::Skipped,
            ..Self::sound(name, message)
        }
    }

    fn warning(name: &'static str, message: impl Into<String>, hint: impl Into<String>) -> Self {
        Self {
            verdict: Verdict::Warning,
            hint: Some(hint.into()),
            ..Self::sound(name, message)
        }
    }

    fn broken(name: &'static str, message: impl Into<String>, hint: impl Into<String>) -> Self {
        Self {
            verdict: Verdict::Broken,
            hint: Some(hint.into()),
            ..Self::sound(name, message)
        }
    }
}

/// What the checks need besides the database.
struct DoctorContext<'a> {
    facts: Facts,
    /// The layouts that were imported, as far as they are available.
    layouts: &'a [Layout],
    /// The local clock, at the time when the database returned its own.
    now: Timestamp,
}

type CheckOf = fn(&mut ReadTransaction, &DoctorContext<'_>) -> Result<Check, DatabaseError>;

/// The checks, the most fundamental first.
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
    audit_log::triggers,
    audit_log::cascades,
];

type CheckIfAny =
    fn(&mut ReadTransaction, &DoctorContext<'_>) -> Result<Option<Check>, DatabaseError>;

/// Checks for problems that not every database can have.
const CHECKS_OF_SOME: [CheckIfAny; 8] = [
    ledger::entry_numbers,
    tables::actions,
    audit_log::hidden_rows,
    audit_log::order,
    audit_log::engines,
    audit_log::crash_safety,
    audit_log::temporary_tables,
    server::entry_times,
];

/// Checks a database; each check sees one state of it. `layouts` finds layouts by the names in the ledger.
///
/// # Errors
/// When a layout is invalid; problems of the database are in the checks.
pub fn doctor(
    url: &DatabaseUrl,
    wait: Duration,
    layouts: impl FnOnce(&[String]) -> Result<Vec<Layout>, OperationError>,
    clock: &dyn Fn() -> Timestamp,
) -> Result<Health, OperationError> {
    let reached = Database::open(url, Access::Read, wait).and_then(|mut database| {
        let facts = database.snapshot(ReadTransaction::facts)?;
        let names = match database.snapshot(ReadTransaction::imported_layouts) {
            // A check reports it.
            Err(error) if error.is_of_damaged_schema() => Vec::new(),
            names => names?,
        };
        Ok((database, facts, clock(), names))
    });
    let mut checks = Vec::new();
    match reached {
        Err(error) => checks.push(unreached(&error)),
        Ok((mut database, facts, now, names)) => {
            checks.push(Check::sound("connection", "reached"));
            let layouts = layouts(&names)?;
            let ctx = DoctorContext {
                facts,
                layouts: &layouts,
                now,
            };
            for check in CHECKS {
                let result = database.snapshot(|database| check(database, &ctx));
                checks.extend(result.map_or_else(|error| failed(&error), Some));
            }
            for check in CHECKS_OF_SOME {
                let result = database.snapshot(|database| check(database, &ctx));
                checks.extend(result.unwrap_or_else(|error| failed(&error)));
            }
        }
    }
    Ok(Health {
        database: url.to_string(),
        checks,
    })
}

fn unreached(error: &DatabaseError) -> Check {
    let hint = match error {
        DatabaseError::Missing(_) => {
            Some("check the path; an import creates a database that does not exist".into())
        }
        other => other.hint(),
    };
    Check {
        hint: hint.map(String::from),
        ..Check::broken("connection", with_causes(error), "")
    }
}

/// The result of a check that could not be made; none if the check of the migrations reports why.
fn failed(error: &DatabaseError) -> Option<Check> {
    (!error.is_of_damaged_schema()).then(|| {
        Check::broken(
            "check",
            format!("a check failed: {}", with_causes(error)),
            "check the privileges of the database user",
        )
    })
}

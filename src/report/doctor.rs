//! Report of `doctor`: the health of a database.

use serde::Serialize;

use crate::operations::doctor::{Check, Health, Verdict};

use super::Style;

/// One line per check, and a hint below every problem.
#[must_use]
pub fn health_text(health: &Health) -> String {
    let mut out = format!("{}\n", health.database);
    let width = health.checks.iter().map(|check| check.name.len()).max();
    for check in &health.checks {
        out.push_str(&format!(
            "  {} {:width$}  {}\n",
            mark(check.verdict),
            check.name,
            check.message,
            width = width.unwrap_or(0)
        ));
        if let Some(hint) = &check.hint {
            out.push_str(&format!(
                "    {} {hint}\n",
                Style::paint(Style::NOTICE, "hint:")
            ));
        }
    }
    out
}

fn mark(verdict: Verdict) -> String {
    match verdict {
        Verdict::Skipped => Style::paint(Style::DIM, "skipped").to_string(),
        Verdict::Sound => Style::paint(Style::SUCCESS, "ok     ").to_string(),
        Verdict::Warning => Style::paint(Style::WARNING, "warning").to_string(),
        Verdict::Broken => Style::paint(Style::ERROR, "broken ").to_string(),
    }
}

/// All checks as a document.
#[derive(Debug, Clone, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct HealthView<'o> {
    /// The worst of the checks.
    status: Verdict,
    /// Address of the database, without the password.
    database: &'o str,
    /// The checks; if the database cannot be reached, only `connection`.
    checks: &'o [Check],
}

impl<'o> From<&'o Health> for HealthView<'o> {
    fn from(health: &'o Health) -> Self {
        Self {
            status: health.verdict(),
            database: &health.database,
            checks: &health.checks,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{assert_lines, json};
    use super::*;

    #[test]
    fn a_failed_check_is_reported_with_a_hint() {
        let health = Health {
            database: "legacy.db".to_owned(),
            checks: vec![
                Check {
                    name: "version",
                    verdict: Verdict::Sound,
                    message: "SQLite 3.53.2".to_owned(),
                    hint: None,
                },
                Check {
                    name: "context",
                    verdict: Verdict::Broken,
                    message: "left over".to_owned(),
                    hint: Some("delete it".to_owned()),
                },
            ],
        };
        assert_lines(
            &health_text(&health),
            &[
                "legacy.db",
                "  ok      version  SQLite 3.53.2",
                "  broken  context  left over",
                "    hint: delete it",
            ],
        );
        let json = json(HealthView::from(&health));
        assert_eq!(json["status"], "broken");
    }
}

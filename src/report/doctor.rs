//! What is wrong with a database, or that nothing is.

use serde_json::{Value, json};

use crate::operations::doctor::{Check, Health, Verdict};

use super::Style;

/// One line per check, and what to do below those that are not sound.
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
        if let Some(remedy) = &check.remedy {
            out.push_str(&format!(
                "    {} {remedy}\n",
                Style::paint(Style::NOTICE, "hint:")
            ));
        }
    }
    out
}

fn mark(verdict: Verdict) -> String {
    match verdict {
        Verdict::Sound => Style::paint(Style::SUCCESS, "ok     ").to_string(),
        Verdict::Warning => Style::paint(Style::WARNING, "warning").to_string(),
        Verdict::Broken => Style::paint(Style::ERROR, "broken ").to_string(),
    }
}

/// All checks as one JSON object; `docs/json.md` describes it.
#[must_use]
pub fn health_json(health: &Health) -> Value {
    let check = |check: &Check| {
        json!({
            "name": check.name,
            "status": status(check.verdict),
            "message": check.message,
            "remedy": check.remedy,
        })
    };
    json!({
        "status": status(health.verdict()),
        "database": health.database,
        "checks": health.checks.iter().map(check).collect::<Vec<_>>(),
    })
}

fn status(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Sound => "sound",
        Verdict::Warning => "warning",
        Verdict::Broken => "broken",
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{assert_documented, assert_lines};
    use super::*;

    #[test]
    fn what_is_broken_is_told_with_what_to_do() {
        let health = Health {
            database: "legacy.db".to_owned(),
            checks: vec![
                Check {
                    name: "version",
                    verdict: Verdict::Sound,
                    message: "SQLite 3.53.2".to_owned(),
                    remedy: None,
                },
                Check {
                    name: "context",
                    verdict: Verdict::Broken,
                    message: "left over".to_owned(),
                    remedy: Some("delete it".to_owned()),
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
        let json = health_json(&health);
        assert_eq!(json["status"], "broken");
        assert_documented(&json);
    }
}

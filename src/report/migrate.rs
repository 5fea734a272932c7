//! The ledger's migrations.

use serde_json::{Value, json};

use crate::database::ledger::Holding;
use crate::database::{MigrationState, MigrationStatus};
use crate::operations::{AtStake, Reverted};

use super::Style;
use super::counts::{Align, aligned, counted, plural};

/// One line per migration.
#[must_use]
pub fn migrations_text(states: &[MigrationState]) -> String {
    let rows: Vec<Vec<String>> = states
        .iter()
        .map(|state| vec![state.name.clone(), status(state.status).to_owned()])
        .collect();
    aligned(
        &[("migration", Align::Left), ("status", Align::Left)],
        &rows,
    )
}

/// All migrations as a JSON array; `docs/json.md` describes it.
#[must_use]
pub fn migrations_json(states: &[MigrationState]) -> Value {
    states
        .iter()
        .map(|state| json!({"name": state.name, "status": status(state.status)}))
        .collect()
}

fn status(status: MigrationStatus) -> &'static str {
    match status {
        MigrationStatus::Applied => "applied",
        MigrationStatus::Pending => "pending",
    }
}

/// What would be lost with a migration: `… would drop the ledger and the audit trail: 3 runs, 1 234 audit entries`.
#[must_use]
pub fn stake_text(stake: &AtStake) -> String {
    let what = match stake.holding {
        Holding::Ledger {
            runs,
            audit_entries,
        } => format!(
            "the ledger and the audit trail: {}, {}",
            plural(counted(runs), "run"),
            plural(counted(audit_entries), "audit entry")
        ),
        Holding::Seals(seals) => {
            format!(
                "the seals of the audit trail: {}",
                plural(counted(seals), "seal")
            )
        }
        Holding::Origins(rows) => format!(
            "what runs noted for being undone: earlier origins of {}",
            plural(counted(rows), "row")
        ),
    };
    format!("reverting `{}` would drop {what}", stake.migration)
}

/// What that means, line by line.
#[must_use]
pub fn stake_details(stake: &AtStake) -> Vec<String> {
    let lines: &[&str] = match stake.holding {
        Holding::Ledger { .. } => &[
            "nobody could tell any more where the rows came from, or who changed them",
            "the next import would insert rows a second time that have no key but their number",
        ],
        Holding::Seals(_) => &[
            "nobody could prove any more that the trail is what the runs wrote",
            "ledger and trail stay",
        ],
        Holding::Origins(_) => &[
            "a revert could not give these rows their earlier origins back",
            "ledger, trail and seals stay",
        ],
    };
    lines.iter().map(|&line| line.to_owned()).collect()
}

/// The migrations that were applied to `database`.
#[must_use]
pub fn migrated_text(database: &str, applied: &[String]) -> String {
    if applied.is_empty() {
        let verdict = Style::paint(Style::SUCCESS, "nothing to do");
        return format!("{verdict}: the ledger of `{database}` is up to date\n");
    }
    let verdict = Style::paint(Style::SUCCESS, "applied");
    let lines = applied.iter().map(|name| format!("{verdict} {name}\n"));
    lines.collect()
}

/// The migrations that were applied; `docs/json.md` describes it.
#[must_use]
pub fn migrated_json(applied: &[String]) -> Value {
    json!({ "applied": applied })
}

/// The migration that was reverted, if there was one.
#[must_use]
pub fn reverted_text(database: &str, reverted: Option<&Reverted>) -> String {
    let Some(reverted) = reverted else {
        let verdict = Style::paint(Style::SUCCESS, "nothing to do");
        return format!("{verdict}: `{database}` has no ledger\n");
    };
    let verdict = Style::paint(Style::SUCCESS, "reverted");
    let mut out = format!("{verdict} {}\n", reverted.migration);
    if !reverted.triggers.is_empty() {
        let triggers = plural(reverted.triggers.len() as u64, "audit trigger");
        out.push_str(&format!(
            "  {triggers} dropped: changes are not recorded until the next import\n"
        ));
    }
    if let Some(backup) = &reverted.backup {
        out.push_str(&format!("  backup  {}\n", backup.display()));
    }
    out
}

/// The migration that was reverted; `docs/json.md` describes it.
#[must_use]
pub fn reverted_json(reverted: Option<&Reverted>) -> Value {
    json!({
        "reverted": reverted.map(|one| &one.migration),
        "backup": reverted.and_then(|one| Some(one.backup.as_ref()?.display().to_string())),
        "triggers_dropped": reverted.map_or(&[][..], |one| &one.triggers),
    })
}

#[cfg(test)]
mod tests {
    use super::super::testing::{assert_documented, assert_lines};
    use super::*;

    fn plain(text: &str) -> String {
        anstream::adapter::strip_str(text).to_string()
    }

    fn reverted() -> Reverted {
        Reverted {
            migration: "accession-0001_ledger".to_owned(),
            backup: Some("/a/backups/migrate-down.sqlite".into()),
            triggers: vec!["accession_words_insert".to_owned()],
        }
    }

    #[test]
    fn status_is_told_of_every_migration() {
        let state = |name: &str, status| MigrationState {
            name: name.to_owned(),
            status,
        };
        let states = [
            state("accession-0001_ledger", MigrationStatus::Applied),
            state("accession-0002_seals", MigrationStatus::Pending),
        ];
        assert_lines(
            &migrations_text(&states),
            &[
                "  migration              status",
                "  accession-0001_ledger  applied",
                "  accession-0002_seals   pending",
            ],
        );
        assert_eq!(migrations_json(&states)[1]["status"], "pending");
    }

    #[test]
    fn what_would_be_lost_is_what_the_migration_holds() {
        let told = |migration: &str, holding| {
            let migration = migration.to_owned();
            stake_text(&AtStake { migration, holding })
        };
        assert_eq!(
            told("accession-0003_reverts", Holding::Origins(1)),
            "reverting `accession-0003_reverts` would drop what runs noted for being undone: earlier origins of 1 row"
        );
        let ledger = Holding::Ledger {
            runs: 2,
            audit_entries: 5,
        };
        assert_eq!(
            told("accession-0001_ledger", ledger),
            "reverting `accession-0001_ledger` would drop the ledger and the audit trail: 2 runs, 5 audit entries"
        );
    }

    #[test]
    fn applied_and_reverted_migrations_are_named() {
        let applied = ["accession-0001_ledger".to_owned()];
        let text = plain(&migrated_text("x.db", &applied));
        assert_eq!(text, "applied accession-0001_ledger\n");
        assert_eq!(
            plain(&migrated_text("x.db", &[])),
            "nothing to do: the ledger of `x.db` is up to date\n"
        );
        assert_lines(
            &reverted_text("x.db", Some(&reverted())),
            &[
                "reverted accession-0001_ledger",
                "  1 audit trigger dropped: changes are not recorded until the next import",
                "  backup  /a/backups/migrate-down.sqlite",
            ],
        );
        let json = reverted_json(Some(&reverted()));
        assert_documented(&json);
        assert_documented(&migrated_json(&applied));
        assert_eq!(json["backup"], "/a/backups/migrate-down.sqlite");
        assert_eq!(reverted_json(None)["reverted"], Value::Null);
    }
}

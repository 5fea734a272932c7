//! The statements that record a change, and find out who made it, and when.

use super::key::record_id;
use super::values::FORMAT;
use crate::audit::{AuditedTable, EXTERNAL};
use crate::database::engine::mysql::quote::literal;

/// The name of the lock that a run holds from before its first row until after its commit, one per database; names have
/// at most 64 characters.
pub(in crate::database) const RUN_LOCK: &str = "CONCAT('accession ', MD5(DATABASE()))";

/// Sets `accession_utc` to the time now, in UTC. SYSDATE() is converted with the offset that the session's time zone
/// had when the statement began, or else, if the clock shows another time with it, by the zone. The first distinguishes
/// between the two hours that a zone calls the same; a session that sets its timestamp can choose between them, and
/// nothing else.
const TIME: &str = "SET accession_now = SYSDATE(6), \
     accession_utc = TIMESTAMPADD(MICROSECOND, TIMESTAMPDIFF(MICROSECOND, NOW(6), UTC_TIMESTAMP(6)), accession_now);\n  \
     IF NOT (CONVERT_TZ(accession_utc, '+00:00', @@session.time_zone) <=> accession_now) THEN\n    \
     SET accession_utc = CONVERT_TZ(accession_now, @@session.time_zone, '+00:00');\n  \
     END IF;";

/// Takes a context away that is not a run's: without a run, no other variable counts. [`RUN_LOCK`] is held by the
/// connection of a run; a run that enables or disables tables writes its entries without triggers, and may be left
/// unfinished for others to name.
fn check_context() -> String {
    let name = |account: &str| {
        format!("LEFT({account}, CHAR_LENGTH({account}) - LOCATE('@', REVERSE({account})))")
    };
    let host = |account: &str| format!("SUBSTRING_INDEX({account}, '@', -1)");
    format!(
        "IF @accession_run_id IS NOT NULL\n  \
         AND ({} <> {} OR {} NOT LIKE {}) THEN\n  \
         SET @accession_changed_by = NULL, @accession_changed_at = NULL;\n  \
         IF IS_USED_LOCK({RUN_LOCK}) = CONNECTION_ID() THEN\n    \
         SELECT run.actor, run.started_at INTO @accession_changed_by, @accession_changed_at\n    \
         FROM import_runs AS run WHERE run.id = @accession_run_id AND run.status = 'running' AND run.kind NOT IN ('enable', 'disable');\n  \
         END IF;\n  \
         IF @accession_changed_by IS NULL THEN SET @accession_run_id = NULL, @accession_source_file_id = NULL; END IF;\n\
         END IF;\n",
        name("USER()"),
        name("CURRENT_USER()"),
        host("USER()"),
        host("CURRENT_USER()"),
    )
}

/// The statements that record a change, with the declarations that they begin with.
pub(super) fn entry(
    table: &AuditedTable,
    action: &str,
    side: &str,
    old: &str,
    new: &str,
) -> String {
    format!(
        "DECLARE accession_id BIGINT; DECLARE accession_now, accession_utc DATETIME(6);\n\
         {}IF @accession_run_id IS NULL THEN\n  {TIME}\nEND IF;\n\
         IF @@session.insert_id <> 0 THEN SET accession_id = (SELECT COALESCE(MAX(known.id), 0) + 1 FROM audit_log AS known FOR UPDATE); END IF;\n\
         INSERT INTO audit_log (table_name, record_id, action, old_value, new_value, changed_at, changed_by, run_id, source_file_id, db_user, id)\n\
         VALUES ({}, {}, '{action}',\n  {old},\n  {new},\n  \
         IF(@accession_run_id IS NULL, DATE_FORMAT(accession_utc, {FORMAT}), @accession_changed_at), IF(@accession_run_id IS NULL, '{EXTERNAL}', @accession_changed_by), \
         @accession_run_id, IF(@accession_run_id IS NULL, NULL, @accession_source_file_id), USER(), accession_id);",
        check_context(),
        literal(&table.name),
        record_id(table, side),
    )
}

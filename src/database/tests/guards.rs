//! The audit log cannot be changed, and writes that would bypass it are rejected.

use super::client::{self, Kind};
use super::entries;
use super::everything::{family, make};

const APPEND_ONLY: &str = "append-only";

const FORGED: &str =
    "audit_log (id, table_name, record_id, action, new_value, changed_at, changed_by)
                      VALUES (1, 't', '1', 'INSERT', '{}', 'now', 'mallory')";

#[test]
#[ignore = "needs servers: scripts/test"]
fn entries_can_be_neither_changed_nor_deleted_nor_replaced() {
    for client in client::all() {
        make(&client, &family());
        client.execute("INSERT INTO parents VALUES ('a', 'A')");
        let before = client.rows(&["id", "changed_by", "new_value"], "audit_log");
        let mut rejected = vec![
            (
                "UPDATE audit_log SET changed_by = 'mallory'".to_owned(),
                APPEND_ONLY,
            ),
            ("DELETE FROM audit_log WHERE id = 1".to_owned(), APPEND_ONLY),
            ("DELETE FROM audit_log".to_owned(), APPEND_ONLY),
        ];
        match client.kind {
            Kind::Sqlite => rejected.push((format!("REPLACE INTO {FORGED}"), APPEND_ONLY)),
            Kind::Postgres => {
                let upsert = format!(
                    "INSERT INTO {FORGED} ON CONFLICT (id) DO UPDATE SET changed_by = 'mallory'"
                );
                rejected.push((upsert, APPEND_ONLY));
                rejected.push(("TRUNCATE audit_log".to_owned(), APPEND_ONLY));
                rejected.push((
                    "SET session_replication_role = replica; DELETE FROM audit_log".to_owned(),
                    APPEND_ONLY,
                ));
                rejected.push(("TRUNCATE import_runs CASCADE".to_owned(), "never deleted"));
            }
            Kind::Mysql => {
                let upsert =
                    format!("INSERT INTO {FORGED} ON DUPLICATE KEY UPDATE changed_by = 'mallory'");
                rejected.push((upsert, APPEND_ONLY));
                rejected.push((format!("REPLACE INTO {FORGED}"), APPEND_ONLY));
                rejected.push(("UPDATE IGNORE audit_log SET id = 7".to_owned(), APPEND_ONLY));
                rejected.push(("TRUNCATE audit_log".to_owned(), "audit_log_guard"));
                // A foreign key: MariaDB's number and MySQL's.
                rejected.push(("DROP TABLE audit_log".to_owned(), "1451|3730"));
                rejected.push((
                    "INSERT INTO audit_log_guard VALUES (1)".to_owned(),
                    "4025|3819",
                ));
            }
        }
        for (sql, why) in rejected {
            let error = client.rejection(&sql);
            let error = error.to_lowercase();
            let matches = why.split('|').any(|why| error.contains(why));
            assert!(matches, "{:?}: {sql}: {error}", client.kind);
        }
        assert_eq!(
            client.rows(&["id", "changed_by", "new_value"], "audit_log"),
            before
        );
    }
}

#[test]
#[ignore = "needs servers: scripts/test"]
fn an_entry_without_its_image_is_rejected() {
    for kind in [Kind::Postgres, Kind::Mysql] {
        let client = client::of(kind);
        for (action, image) in [
            ("INSERT", "old_value"),
            ("DELETE", "new_value"),
            ("UPDATE", "old_value"),
            ("UPDATE", "new_value"),
        ] {
            let error = client.rejection(&format!(
                "INSERT INTO audit_log (table_name, record_id, action, {image}, changed_at, changed_by)
                 VALUES ('t', '1', '{action}', '{{}}', 'now', 'x')"
            ));
            assert!(error.to_lowercase().contains("constraint"), "{error}");
        }
    }
}

#[test]
#[ignore = "needs servers: scripts/test"]
fn complete_runs_can_be_neither_changed_nor_deleted() {
    for client in client::all() {
        client.execute(
            "INSERT INTO import_runs (id, kind, status, layout, layout_digest, source, actor, os_user, host, tool_version, started_at)
             VALUES ('1', 'import', 'running', 'l', 'd', 's', 'a', 'u', 'h', '1', 'now');
             UPDATE import_runs SET status = 'complete';",
        );
        for (sql, why) in [
            ("UPDATE import_runs SET actor = 'mallory'", "never edited"),
            ("UPDATE import_runs SET status = 'running'", "never edited"),
            ("DELETE FROM import_runs", "never deleted"),
        ] {
            let error = client.rejection(sql);
            assert!(error.contains(why), "{:?}: {sql}: {error}", client.kind);
        }
    }
}

#[test]
#[ignore = "needs servers: scripts/test"]
fn truncate_is_recorded_row_by_row() {
    let client = client::of(Kind::Postgres);
    make(&client, &family());
    client.execute(
        "INSERT INTO parents VALUES ('a', 'A'); INSERT INTO children VALUES (1, 'a'), (2, NULL);
         TRUNCATE parents CASCADE;",
    );
    let mut found = entries::summaries(&client).split_off(3);
    found.sort();
    assert_eq!(
        found,
        ["DELETE children 1", "DELETE children 2", "DELETE parents a"]
    );
    let last = &entries::of(&client)[3..];
    assert!(
        last.iter()
            .all(|entry| entry.old.is_some() && entry.new.is_none())
    );
}

/// MySQL fires nothing on TRUNCATE; a table with children cannot be truncated at all.
#[test]
#[ignore = "needs servers: scripts/test"]
fn a_table_that_others_refer_to_is_not_truncated() {
    let client = client::of(Kind::Mysql);
    make(&client, &family());
    let error = client.rejection("TRUNCATE parents");
    assert!(error.contains("foreign key"), "{error}");
}

#[test]
#[ignore = "needs servers: scripts/test"]
fn upserts_and_replacements_are_recorded_as_what_they_did() {
    for client in client::all() {
        make(&client, &family());
        client.execute("INSERT INTO parents VALUES ('a', 'A')");
        let (upsert, ignore) = match client.kind {
            Kind::Sqlite | Kind::Postgres => (
                "INSERT INTO parents VALUES ('a', 'AA'), ('b', 'B') ON CONFLICT (id) DO UPDATE SET name = excluded.name",
                "INSERT INTO parents VALUES ('a', 'X') ON CONFLICT DO NOTHING",
            ),
            Kind::Mysql => (
                "INSERT INTO parents VALUES ('a', 'AA'), ('b', 'B') ON DUPLICATE KEY UPDATE name = VALUES(name)",
                "INSERT IGNORE INTO parents VALUES ('a', 'X')",
            ),
        };
        client.execute(upsert);
        client.execute(ignore);
        let mut found = entries::summaries(&client).split_off(1);
        found.sort();
        assert_eq!(
            found,
            ["INSERT parents b", "UPDATE parents a"],
            "{:?}",
            client.kind
        );
        if client.kind != Kind::Postgres {
            client.execute("REPLACE INTO parents VALUES ('b', 'BB')");
            let found = entries::summaries(&client).split_off(3);
            assert_eq!(
                found,
                ["DELETE parents b", "INSERT parents b"],
                "{:?}",
                client.kind
            );
        }
    }
}

#[test]
#[ignore = "needs servers: scripts/test"]
fn a_rolled_back_change_leaves_no_entry() {
    for client in client::all() {
        make(&client, &family());
        client.execute(
            "BEGIN; INSERT INTO parents VALUES ('a', 'A'); ROLLBACK;
             BEGIN; SAVEPOINT s; INSERT INTO parents VALUES ('b', 'B'); ROLLBACK TO SAVEPOINT s; COMMIT;",
        );
        assert_eq!(entries::of(&client), [], "{:?}", client.kind);
    }
}

/// The triggers write with the rights of whoever made them.
#[test]
#[ignore = "needs servers: scripts/test"]
fn a_writer_needs_no_right_on_the_audit_log_and_has_none() {
    let client = client::of(Kind::Postgres);
    make(&client, &family());
    let role = format!("accession_writer_{}", std::process::id());
    client.execute(&format!("CREATE ROLE {role}; GRANT {role} TO CURRENT_USER; GRANT SELECT, INSERT, UPDATE, DELETE ON parents TO {role}"));
    let as_writer = |sql: &str| client.attempt(&format!("SET ROLE {role}; {sql}"));
    let wrote = as_writer(
        "INSERT INTO parents VALUES ('a', 'A'); UPDATE parents SET name = 'B'; DELETE FROM parents",
    );
    let attacks = [
        format!("INSERT INTO {FORGED}"),
        "SELECT * FROM audit_log".to_owned(),
        "ALTER TABLE parents DISABLE TRIGGER accession_insert".to_owned(),
        "DROP TRIGGER accession_insert ON parents".to_owned(),
        "DROP TABLE audit_log".to_owned(),
        // The audit log's trigger function on a user's own table would forge entries.
        "CREATE TEMPORARY TABLE parents (id text, name text);
         CREATE TRIGGER t AFTER INSERT ON parents REFERENCING NEW TABLE AS accession_rows
         FOR EACH STATEMENT EXECUTE FUNCTION public.accession_parents_insert()"
            .to_owned(),
    ];
    let answers: Vec<_> = attacks.iter().map(|sql| as_writer(sql)).collect();
    client.execute(&format!("DROP OWNED BY {role}; DROP ROLE {role}"));
    assert_eq!(wrote, Ok(String::new()));
    for (sql, answer) in attacks.iter().zip(answers) {
        let error = answer.expect_err(sql);
        assert!(error.contains("42501"), "{sql}: {error}");
    }
    assert_eq!(
        entries::summaries(&client),
        ["INSERT parents a", "UPDATE parents a", "DELETE parents a"]
    );
}

/// The same on MySQL, where the writer is an account of its own, without TRIGGER and DROP.
#[test]
#[ignore = "needs servers: scripts/test"]
fn an_account_without_rights_on_the_audit_log_can_only_write_rows() {
    let client = client::of(Kind::Mysql);
    make(&client, &family());
    let account = format!("accession_{}", std::process::id());
    let database = client.name();
    client.execute(&format!(
        "CREATE USER {account} IDENTIFIED BY 'writer-password';
         GRANT SELECT, INSERT, UPDATE, DELETE ON {database}.parents TO {account}"
    ));
    let as_writer = |sql: &str| client.attempt_as(&account, "writer-password", sql);
    let wrote = as_writer(
        "INSERT INTO parents VALUES ('a', 'A'); UPDATE parents SET name = 'B'; DELETE FROM parents",
    );
    let attacks = [
        format!("INSERT INTO {FORGED}"),
        "SELECT * FROM audit_log".to_owned(),
        "TRUNCATE audit_log".to_owned(),
        "TRUNCATE parents".to_owned(),
        "DROP TRIGGER accession_parents_insert".to_owned(),
        "DROP TABLE parents".to_owned(),
    ];
    let answers: Vec<_> = attacks.iter().map(|sql| as_writer(sql)).collect();
    client.execute(&format!("DROP USER {account}"));
    assert_eq!(wrote, Ok(String::new()));
    for (sql, answer) in attacks.iter().zip(answers) {
        let error = answer.expect_err(sql);
        assert!(error.contains("1142"), "{sql}: {error}");
    }
    let users = client.rows(&["action", "db_user"], "audit_log");
    assert_eq!(users.len(), 3);
    for user in users {
        let user = user[1].clone().expect("who was logged in");
        assert!(user.starts_with(&format!("{account}@")), "{user}");
    }
}

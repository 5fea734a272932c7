//! The exported audit log: complete, exact, and safe to open in a spreadsheet.

use std::process::Command;

use serde_json::Value;

use crate::audit_look::{look, reviewed};
use crate::json;
use crate::rows::{self, of};
use crate::workspace::Workspace;

fn exported(workspace: &Workspace, arguments: &[&str]) -> String {
    look(workspace, &[&["export"], arguments].concat())
}

#[test]
fn json_contains_every_entry_unchanged() {
    let workspace = reviewed();
    let lines: Vec<Value> = exported(&workspace, &[]).lines().map(json::parse).collect();
    let entries = rows::query(
        &workspace.connection(),
        "SELECT * FROM audit_log ORDER BY id",
    );
    assert_eq!(lines.len(), entries.len());
    for (line, entry) in lines.iter().zip(&entries) {
        assert_eq!(line["record_id"], rows::text(of(entry, "record_id")));
        assert_eq!(line["changed_at"], rows::text(of(entry, "changed_at")));
        for (member, column) in [("old", "old_value"), ("new", "new_value")] {
            match of(entry, column) {
                rusqlite::types::Value::Text(image) => {
                    // Numbers keep every digit and members their order.
                    assert_eq!(line[member].to_string(), json::parse(image).to_string());
                }
                _ => assert_eq!(line[member], Value::Null),
            }
        }
    }
    let array = json::parse(&exported(&workspace, &["--format", "json"]));
    assert_eq!(array, Value::from(lines));
    let filtered = exported(&workspace, &["--actor", "external", "--table", "profiles"]);
    assert_eq!(filtered.lines().count(), 2);
    assert_eq!(
        json::parse(&exported(
            &workspace,
            &["--format", "json", "--table", "none"]
        )),
        serde_json::json!([])
    );
}

#[test]
fn numbers_can_be_exported_as_strings() {
    let workspace = reviewed();
    let sql = "UPDATE profiles SET mental_age = 9007199254740993 WHERE id = 'child_0001'";
    workspace.connection().execute_batch(sql).expect("edited");
    let last = |arguments: &[&str]| {
        let text = exported(&workspace, arguments);
        json::parse(text.lines().last().expect("an entry"))
    };
    assert!(last(&[])["new"]["mental_age"].is_number());
    let texts = last(&["--numbers-as-strings"]);
    assert!(
        texts["new"]["mental_age"].is_string() && texts["entry"].is_string(),
        "{texts}"
    );
}

#[test]
fn csv_contains_no_spreadsheet_formulas() {
    let workspace = reviewed();
    for id in ["=1+1", "+1", "-1", "@SUM(1)", "\t=1", "\r=1"] {
        let insert = "INSERT INTO profiles (id, name) VALUES (?1, ?1)";
        workspace
            .connection()
            .execute(insert, [id])
            .expect("inserted");
    }
    for text in [
        exported(&workspace, &["--format", "csv"]),
        look(&workspace, &["log", "--entries", "--format", "csv"]),
        look(
            &workspace,
            &["as-of", "profiles", "--at", "now", "--format", "csv"],
        ),
        look(
            &workspace,
            &["history", "profiles", "=1+1", "--format", "csv"],
        ),
        look(
            &workspace,
            &["blame", "profiles", "@SUM(1)", "--format", "csv"],
        ),
    ] {
        let mut reader = csv::ReaderBuilder::new()
            .has_headers(false)
            .from_reader(text.as_bytes());
        let mut cells = 0;
        for record in reader.records() {
            for cell in &record.expect("CSV") {
                cells += 1;
                assert!(
                    !cell.starts_with(['=', '+', '-', '@', '\t', '\r']),
                    "{cell:?}"
                );
            }
        }
        assert!(cells > 20, "{text}");
    }
    let rows = look(
        &workspace,
        &["as-of", "profiles", "--at", "now", "--format", "csv"],
    );
    assert!(rows.contains("'=1+1,true,'=1+1"), "{rows}");
}

/// Returns the names of the elements in order, after checking that every element is closed correctly.
fn elements(html: &str) -> Vec<String> {
    let attributes = [
        " class=",
        " lang=",
        " charset=",
        " name=",
        " http-equiv=",
        " content=",
        " scope=",
    ];
    let mut open: Vec<&str> = Vec::new();
    let mut seen = Vec::new();
    let mut rest = html.strip_prefix("<!DOCTYPE html>").expect("a doctype");
    while let Some(at) = rest.find('<') {
        let end = at + rest[at..].find('>').expect("a tag ends");
        let tag = &rest[at + 1..end];
        rest = &rest[end + 1..];
        if let Some(name) = tag.strip_prefix('/') {
            assert_eq!(
                open.pop(),
                Some(name),
                "closed in another order than opened"
            );
            continue;
        }
        let name = tag.split(' ').next().expect("a name");
        let known: usize = attributes
            .iter()
            .map(|attribute| tag.matches(attribute).count())
            .sum();
        assert_eq!(
            tag.matches('=').count()
                - tag.matches("width=").count()
                - tag.matches("scale=").count(),
            known,
            "{tag}"
        );
        seen.push(name.to_owned());
        if !matches!(name, "meta" | "br") {
            open.push(name);
        }
        if name == "style" {
            rest = &rest[rest.find("</style>").expect("an end")..];
        }
    }
    assert!(open.is_empty(), "{open:?}");
    seen
}

#[test]
fn html_contains_every_entry_and_escapes_markup() {
    let workspace = reviewed();
    let hostile = "</td><script>alert(1)</script><img src=x onerror=\"alert('1')\">&amp;";
    let update = "UPDATE profiles SET name = ?1, address = 'javascript:' WHERE id = 'child_0001'";
    workspace
        .connection()
        .execute(update, [hostile])
        .expect("edited");
    let html = exported(&workspace, &["--format", "html"]);
    let elements = elements(&html);
    let count = |name: &str| elements.iter().filter(|element| *element == name).count();
    assert_eq!(count("tr"), 1 + 30);
    assert_eq!(
        (count("script"), count("img"), count("link"), count("a")),
        (0, 0, 0, 0)
    );
    assert!(html.contains("&lt;script&gt;alert(1)&lt;/script&gt;&lt;img src=x onerror=&quot;alert(&#39;1&#39;)&quot;&gt;&amp;amp;"));
    assert!(html.contains("default-src 'none'"));
    assert!(html.contains("30 entries; the export is complete."));
    assert!(html.contains("Hill &lt;School&gt; &amp; &quot;Co&quot;"));
    assert!(html.contains("<del>Lakeside Primary</del> → <ins>Hill &lt;"));
}

/// Opens the page in the headless Chromium that `scripts/test` provides.
fn shown(workspace: &Workspace, page: &str, arguments: &[&str]) -> String {
    let browser = std::env::var_os("TEST_BROWSER");
    let mut browser = Command::new(browser.expect("TEST_BROWSER is set by `scripts/test`"));
    browser
        .args([
            "--headless",
            "--no-sandbox",
            "--disable-gpu",
            "--disable-quic",
        ])
        .args([
            "--no-first-run",
            "--disable-sync",
            "--disable-component-update",
        ])
        .args(["--disable-background-networking", "--disable-dev-shm-usage"])
        .arg(format!(
            "--user-data-dir={}",
            workspace.root().join("browser").display()
        ))
        .args(arguments)
        .arg(format!("file://{}", workspace.root().join(page).display()));
    let output = browser.output().expect("the browser starts");
    assert!(output.status.success(), "{output:?}");
    String::from_utf8(output.stdout).expect("UTF-8")
}

#[test]
#[ignore = "needs a browser: scripts/test"]
fn a_browser_shows_and_prints_the_page_without_running_scripts() {
    let workspace = reviewed();
    let hostile = "</td><script>document.title = 'run'</script><img src=x onerror=\"document.title = 'run'\">";
    let update = "UPDATE profiles SET name = ?1 WHERE id = 'child_0001'";
    let connection = workspace.connection();
    connection.execute(update, [hostile]).expect("edited");
    let html = exported(&workspace, &["--format", "html"]);
    std::fs::write(workspace.root().join("audit-log.html"), html).expect("written");
    let page = shown(&workspace, "audit-log.html", &["--dump-dom"]);
    assert!(!page.contains("<title>run</title>"), "{page}");
    assert_eq!(page.matches("</tr>").count(), 1 + 30, "{page}");
    assert!(
        page.contains("30 entries; the export is complete."),
        "{page}"
    );
    let pdf = format!(
        "--print-to-pdf={}",
        workspace.root().join("audit-log.pdf").display()
    );
    shown(&workspace, "audit-log.html", &[&pdf]);
    let printed = std::fs::read(workspace.root().join("audit-log.pdf")).expect("a PDF");
    assert!(
        printed.starts_with(b"%PDF") && printed.len() > 10_000,
        "{}",
        printed.len()
    );
}

#[test]
fn a_closed_pipe_ends_the_export() {
    let workspace = reviewed();
    let many = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 20000)
        INSERT INTO mastered_words (profile_id, word, language) SELECT 'child_0001', 'word ' || i, 'en' FROM n";
    workspace
        .connection()
        .execute_batch(many)
        .expect("inserted");
    let mut shell = Command::new("sh");
    shell.current_dir(workspace.root()).arg("-c").arg(format!(
        "{} audit export --database target/legacy.db | head -n 1; exit \"${{PIPESTATUS:-0}}\"",
        env!("CARGO_BIN_EXE_accession")
    ));
    let ended = shell.output().expect("a shell");
    assert_eq!(String::from_utf8_lossy(&ended.stdout).lines().count(), 1);
    assert_eq!(String::from_utf8_lossy(&ended.stderr), "");
    // Pages of entries follow each other without gaps.
    assert_eq!(exported(&workspace, &[]).lines().count(), 29 + 20_000);
}

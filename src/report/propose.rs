//! Report of `layout init`.

use serde::Serialize;

use crate::infer::{ProposedCluster, ProposedTable};
use crate::model::shell_word;
use crate::operations::propose::ProposeOutcome;

use super::Style;
use super::counts::{Align, aligned, grouped, plural};
use super::findings::{FindingView, finding_views};

/// The generated layout and the next steps. `path` is the directory of the layout, in the form that `--layout`
/// accepts.
#[must_use]
pub fn proposed_text(outcome: &ProposeOutcome, path: &str, directory: &str) -> String {
    let proposal = &outcome.proposal;
    let mut out = format!(
        "{} a layout for {} of `{}` into `{path}`\n",
        Style::paint(Style::SUCCESS, "wrote"),
        plural((outcome.files - outcome.unread.len()) as u64, "file"),
        outcome.directory,
    );
    let kinds: Vec<Vec<String>> = proposal
        .clusters
        .iter()
        .map(|cluster| {
            let tables = cluster.tables.join(", ");
            vec![
                cluster.patterns.join(", "),
                grouped(cluster.files as u64),
                tables,
            ]
        })
        .collect();
    let header = [
        ("kind of file", Align::Left),
        ("files", Align::Right),
        ("tables", Align::Left),
    ];
    out.push_str(&aligned(&header, &kinds));
    let tables: Vec<Vec<String>> = proposal
        .tables
        .iter()
        .map(|table| {
            let key = match &table.key[..] {
                [] => "location in the file".to_owned(),
                key => key.join(", "),
            };
            let references = table.references.join(", ");
            vec![table.name.clone(), grouped(table.records), key, references]
        })
        .collect();
    out.push('\n');
    let header = [
        ("table", Align::Left),
        ("records", Align::Right),
        ("identified by", Align::Left),
        ("refers to", Align::Left),
    ];
    out.push_str(&aligned(&header, &tables));
    if !outcome.unread.is_empty() {
        let files = plural(outcome.unread.len() as u64, "file");
        out.push_str(&format!("  {files} ignored: could not be read\n"));
    }
    let database = format!("{}.db", outcome.name);
    let database = shell_word(&database);
    let (path, directory) = (shell_word(path), shell_word(directory));
    out.push_str(&format!(
        "\nreview and edit the layout; then\n  check:     accession layout check {path}\n  validate:  accession validate {directory} --layout {path}\n  import:    accession import {directory} --layout {path} --database {database}\n"
    ));
    out
}

/// The outcome of the command.
#[derive(Debug, Clone, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct ProposedView<'o> {
    /// Always the same: a command that proposes no layout fails.
    #[cfg_attr(test, schemars(extend("enum" = ["proposed"])))]
    status: &'static str,
    /// Name of the new layout.
    layout: &'o str,
    /// Absolute path of the directory.
    directory: &'o str,
    /// Where the layout was written, as `--layout` takes it.
    path: &'o str,
    /// Number of JSON files found.
    files: usize,
    /// Those that could not be read and were ignored.
    unread: &'o [String],
    /// The kinds of files.
    kinds: &'o [ProposedCluster],
    /// The tables.
    tables: &'o [ProposedTable],
    /// The findings, sorted by level and place.
    findings: Vec<FindingView<'o>>,
    /// Number of places that were counted but are not in `findings`.
    findings_not_listed: u64,
}

impl<'o> ProposedView<'o> {
    pub(crate) fn new(outcome: &'o ProposeOutcome, path: &'o str) -> Self {
        Self {
            status: "proposed",
            layout: &outcome.name,
            directory: &outcome.directory,
            path,
            files: outcome.files,
            unread: &outcome.unread,
            kinds: &outcome.proposal.clusters,
            tables: &outcome.proposal.tables,
            findings: finding_views(&outcome.findings),
            findings_not_listed: outcome.findings.not_listed(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{assert_lines, json};
    use super::*;
    use crate::infer::Proposal;
    use crate::layout::LayoutFiles;
    use crate::model::FindingList;

    fn outcome() -> ProposeOutcome {
        let table = |name: &str, key: &[&str], references: &[&str]| ProposedTable {
            name: name.to_owned(),
            records: 1200,
            columns: vec!["id".to_owned()],
            key: key.iter().map(|&name| name.to_owned()).collect(),
            references: references.iter().map(|&name| name.to_owned()).collect(),
        };
        ProposeOutcome {
            directory: "/data/shop".to_owned(),
            name: "shop".to_owned(),
            proposal: Proposal {
                files: LayoutFiles::default(),
                clusters: vec![ProposedCluster {
                    patterns: vec!["users/{id}.json".to_owned()],
                    schema: "users.schema.json".to_owned(),
                    files: 1200,
                    tables: vec!["users".to_owned(), "pets".to_owned()],
                }],
                tables: vec![table("users", &["id"], &[]), table("pets", &[], &["users"])],
            },
            files: 1201,
            unread: vec!["users/x.json".to_owned()],
            findings: FindingList::default(),
        }
    }

    #[test]
    fn text_lists_kinds_tables_and_next_steps() {
        assert_lines(
            &proposed_text(&outcome(), "./shop-layout", "/data/my shop"),
            &[
                "wrote a layout for 1 200 files of `/data/shop` into `./shop-layout`",
                "  kind of file     files  tables",
                "  users/{id}.json  1 200  users, pets",
                "",
                "  table  records  identified by         refers to",
                "  users    1 200  id",
                "  pets     1 200  location in the file  users",
                "  1 file ignored: could not be read",
                "",
                "review and edit the layout; then",
                "  check:     accession layout check ./shop-layout",
                "  validate:  accession validate '/data/my shop' --layout ./shop-layout",
                "  import:    accession import '/data/my shop' --layout ./shop-layout --database shop.db",
            ],
        );
    }

    #[test]
    fn json_has_the_tables() {
        let outcome = outcome();
        let json = json(ProposedView::new(&outcome, "./shop-layout"));
        assert_eq!(json["tables"][1]["references"][0], "users");
    }
}

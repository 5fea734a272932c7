//! Reports on archives of originals: listing, verification, restore.

mod view;

use std::error::Error;
use std::path::Path;

use crate::archive::{Listing, Restored};
use crate::model::RunId;
use crate::operations::VerifiedArchive;

use super::Style;
use super::counts::{Align, aligned, grouped, plural, short_timestamp};

pub use view::{ArchiveView, RestoredView, VerifiedArchiveView};

/// One line per run, then the unusable manifests.
#[must_use]
pub fn archive_text(listing: &Listing) -> String {
    let mut out = String::new();
    if listing.runs.is_empty() {
        out.push_str("no runs\n");
    } else {
        let header = [
            ("run", Align::Left),
            ("when", Align::Left),
            ("files", Align::Right),
            ("bytes", Align::Right),
            ("layout", Align::Left),
            ("directory", Align::Left),
        ];
        let rows: Vec<Vec<String>> = listing
            .runs
            .iter()
            .map(|run| {
                vec![
                    run.header.run.to_string(),
                    short_timestamp(&run.header.created_at.to_string()),
                    grouped(run.files),
                    grouped(run.bytes),
                    run.header.layout.clone(),
                    run.header.root.clone(),
                ]
            })
            .collect();
        out.push_str(&aligned(&header, &rows));
    }
    for error in &listing.unusable {
        let level = Style::paint(Style::WARNING, "warning:");
        out.push_str(&format!("{level} {}\n", with_causes(error)));
    }
    out
}

/// The problems, then the verdict.
#[must_use]
pub fn verified_text(directory: &Path, verified: &VerifiedArchive) -> String {
    let report = &verified.report;
    let mut out = String::new();
    for problem in &report.problems {
        let level = Style::paint(Style::ERROR, "error:");
        out.push_str(&format!("{level} {}\n", with_causes(problem)));
    }
    let directory = directory.display();
    out.push_str(&match report.problems.len() as u64 {
        0 => format!("{}: `{directory}`\n", Style::paint(Style::SUCCESS, "sound")),
        count => {
            let problems = plural(count, "problem");
            let verdict = Style::paint(Style::ERROR, "damaged");
            format!("{verdict}: `{directory}`, {problems}\n")
        }
    });
    out.push_str(&format!(
        "  {} of {}, {} read ({})\n",
        plural(report.files, "file"),
        plural(report.runs, "run"),
        plural(report.objects, "object"),
        plural(report.bytes, "byte")
    ));
    if let Some(count) = report.unreferenced.filter(|count| *count > 0) {
        let objects = plural(count, "object");
        out.push_str(&format!("  {objects} not used by any run\n"));
    }
    if let Some(ledger) = &verified.ledger {
        let database = &ledger.database;
        out.push_str(&match &ledger.unavailable {
            None => {
                let manifests = plural(ledger.runs, "manifest");
                let elsewhere = match ledger.elsewhere {
                    0 => String::new(),
                    runs => format!("  {} archived elsewhere, and not compared\n", plural(runs, "run")),
                };
                format!("  {manifests} compared with the ledger of `{database}`\n{elsewhere}")
            }
            Some(reason) => format!(
                "  not compared with the ledger of `{database}`: {reason}\n  if the database is lost, give `--archive` alone\n"
            ),
        });
    }
    out
}

/// The number of restored files, and their directory.
#[must_use]
pub fn restored_text(run: &RunId, target: &Path, restored: Restored) -> String {
    format!(
        "{} {} of run {run} into `{}` ({})\n",
        Style::paint(Style::SUCCESS, "restored"),
        plural(restored.files, "file"),
        target.display(),
        plural(restored.bytes, "byte")
    )
}

/// An error with its causes, on one line.
fn with_causes(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        text.push_str(&format!(": {cause}"));
        source = cause.source();
    }
    text
}

#[cfg(test)]
mod tests {
    use super::super::testing::{assert_lines, json};
    use super::*;
    use crate::archive::{
        ArchiveError, ArchiveProblem, ManifestFault, ManifestHeader, ManifestSummary, ObjectFault,
        RelativePath, VerifyReport,
    };
    use crate::model::{Sha256, Timestamp};
    use crate::operations::ComparedLedger;
    use uuid::Uuid;

    fn plain(text: &str) -> String {
        anstream::adapter::strip_str(text).to_string()
    }

    fn unusable() -> ArchiveError {
        ArchiveError::BadManifest {
            path: "/a/runs/1.json".into(),
            source: ManifestFault::Format(3),
        }
    }

    #[test]
    fn runs_and_unusable_manifests_are_listed() {
        let header = ManifestHeader {
            run: Uuid::from_u128(7),
            layout: "sample".to_owned(),
            root: "/data".to_owned(),
            created_at: Timestamp::from_micros(1_714_557_600_000_000).expect("valid"),
        };
        let listing = Listing {
            runs: vec![ManifestSummary {
                header,
                files: 3,
                bytes: 1_700,
            }],
            unusable: vec![unusable()],
        };
        assert_lines(
            &archive_text(&listing),
            &[
                "  run                                   when                  files  bytes  layout  directory",
                "  00000000-0000-0000-0000-000000000007  2024-05-01 10:00:00Z      3  1 700  sample  /data",
                "warning: /a/runs/1.json: not a valid manifest: unsupported format 3; supported are 1 and 2",
            ],
        );
        let json = json(ArchiveView::new(Path::new("/a"), &listing));
        assert_eq!(json["runs"][0]["bytes"], 1_700);
        assert_eq!(json["unusable"].as_array().map(Vec::len), Some(1));
    }

    #[test]
    fn a_verification_lists_problems_and_a_verdict() {
        let report = VerifyReport {
            runs: 2,
            files: 6,
            objects: 4,
            bytes: 12_345,
            problems: Vec::new(),
            unreferenced: Some(1),
        };
        let mut verified = VerifiedArchive {
            report,
            ledger: None,
        };
        assert_lines(
            &verified_text(Path::new("/a"), &verified),
            &[
                "sound: `/a`",
                "  6 files of 2 runs, 4 objects read (12 345 bytes)",
                "  1 object not used by any run",
            ],
        );
        verified.ledger = Some(ComparedLedger {
            database: "a.db".to_owned(),
            runs: 2,
            elsewhere: 1,
            unavailable: None,
        });
        verified.report.problems = vec![
            ArchiveProblem::Manifest(unusable()),
            ArchiveProblem::Object {
                sha256: Sha256([0; 32]),
                object: "/a/objects/00/0.zst".into(),
                run: Uuid::from_u128(7),
                path: RelativePath::parse("people.json").expect("valid"),
                files: 2,
                fault: ObjectFault::Missing,
            },
            ArchiveProblem::Ledger {
                run: "01a1".into(),
                message: "its manifest is missing".to_owned(),
            },
        ];
        assert_lines(
            &verified_text(Path::new("/a"), &verified),
            &[
                "error: a manifest cannot be used: /a/runs/1.json: not a valid manifest: unsupported format 3; supported are 1 and 2",
                "error: people.json: cannot be restored from run `00000000-0000-0000-0000-000000000007` (2 files need this object): the object is missing",
                "error: run `01a1`: its manifest is missing",
                "damaged: `/a`, 3 problems",
                "  6 files of 2 runs, 4 objects read (12 345 bytes)",
                "  1 object not used by any run",
                "  2 manifests compared with the ledger of `a.db`",
                "  1 run archived elsewhere, and not compared",
            ],
        );
        let json = json(VerifiedArchiveView::new(Path::new("/a"), &verified));
        assert_eq!(json["status"], "damaged");
        assert_eq!(json["problems"][1]["path"], "people.json");
    }

    #[test]
    fn a_restore_report_names_run_and_directory() {
        let restored = Restored {
            files: 3,
            bytes: 1_700,
        };
        assert_eq!(
            plain(&restored_text(&"01a1".into(), Path::new("out"), restored)),
            "restored 3 files of run 01a1 into `out` (1 700 bytes)\n"
        );
        let json = json(RestoredView::new(
            &"01a1".into(),
            Path::new("out"),
            restored,
        ));
        assert_eq!(json["files"], 3);
    }
}

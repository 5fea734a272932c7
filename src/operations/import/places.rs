//! Places of findings that were made after mapping: the file is searched again for the record's pointer.

use std::collections::BTreeMap;

use crate::model::{FileId, Finding, Level, Origin, Place, Rule};
use crate::parse::{Framing, position_in_file};
use crate::plan::Problem;
use crate::source;

use super::Import;

impl Import<'_> {
    /// The place of a record, without line and column.
    pub(super) fn place_of(&self, origin: &Origin) -> Place {
        Place {
            pointer: Some(origin.pointer.to_string()),
            ..Place::file(&self.survey.files[origin.file.0 as usize].path)
        }
    }

    /// Problems as findings with line and column; one more pass over each file that has any.
    pub(super) fn placed(
        &self,
        problems: &[Problem],
        level: impl Fn(Rule) -> Level,
    ) -> Vec<Finding> {
        let mut by_file: BTreeMap<FileId, Vec<&Problem>> = BTreeMap::new();
        for problem in problems {
            by_file
                .entry(problem.origin.file)
                .or_default()
                .push(problem);
        }
        let mut findings = Vec::new();
        for (id, problems) in by_file {
            let file = &self.survey.files[id.0 as usize];
            let pointers: Vec<&str> = problems
                .iter()
                .map(|problem| &*problem.origin.pointer)
                .collect();
            let framing = Framing::of(&self.layout.sources[file.source], &file.path);
            let positions = match source::open(&self.survey.root, file) {
                Ok(reader) => position_in_file(reader, &pointers, framing),
                Err(_) => vec![None; pointers.len()],
            };
            for (problem, position) in problems.into_iter().zip(positions) {
                let mut place = self.place_of(&problem.origin);
                if let Some(position) = position {
                    place.line = Some(position.line);
                    place.column = Some(position.column);
                }
                let finding = Finding::new(
                    level(problem.rule),
                    problem.rule,
                    Some(place),
                    problem.message.clone(),
                );
                findings.push(finding.remedy(problem.remedy.clone()));
            }
        }
        findings
    }
}

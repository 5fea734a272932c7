//! Compares seals that were stored elsewhere with those of the database.

use std::collections::{HashMap, HashSet};

use crate::audit::seal::Anchor;
use crate::model::Sha256;

use super::super::outcome::{AnchorOf, AnchorSource, AuditLogDifferenceKind, CheckedAnchor};
use super::AuditLogCheck;

impl AuditLogCheck<'_> {
    /// An archive, and thus a `seals.log`, may contain seals of several databases. A line belongs to this database if
    /// it has its name, or if a line with the same name has one of its seals: a database can be reached under several
    /// names, and be moved. If a file has no such line, all its lines count, because the whole audit log may have been
    /// replaced.
    pub(super) fn anchors(&self, anchors: &[(AnchorSource, Anchor)]) -> Vec<CheckedAnchor> {
        let seals = self.seals.iter();
        let seals: HashMap<Sha256, u64> =
            seals.map(|seal| (seal.hash, seal.header.number)).collect();
        let seal_of = |anchor: &Anchor| {
            let number = seals.get(&anchor.hash).copied();
            number.filter(|number| anchor.number.is_none_or(|named| named == *number))
        };
        let mut names: HashSet<&str> = anchors
            .iter()
            .filter(|(_, anchor)| seal_of(anchor).is_some())
            .filter_map(|(_, anchor)| anchor.database.as_deref())
            .collect();
        let own = self.database.place().log_name(self.database.schema());
        names.insert(&own);
        let is_ours = |anchor: &Anchor| {
            let name = anchor.database.as_deref();
            name.is_none_or(|name| names.contains(name)) || seal_of(anchor).is_some()
        };
        let ours = anchors.iter().filter(|(_, anchor)| is_ours(anchor));
        let known: HashSet<&AnchorSource> = ours.map(|(source, _)| source).collect();
        let mut checked = Vec::new();
        for (source, anchor) in anchors {
            let seal = seal_of(anchor);
            let of = match (source, is_ours(anchor)) {
                (AnchorSource::File(_), false) if known.contains(source) => AnchorOf::Another,
                (AnchorSource::File(_) | AnchorSource::Given, _) => AnchorOf::This,
            };
            checked.push(CheckedAnchor {
                source: source.clone(),
                anchor: anchor.clone(),
                seal,
                of,
            });
        }
        checked
    }

    /// Reports the anchors of this database that match none of its seals.
    pub(super) fn lost_anchors(&mut self, checked: &[CheckedAnchor]) {
        let own = self.database.place().log_name(self.database.schema());
        for CheckedAnchor {
            anchor, seal, of, ..
        } in checked
        {
            if seal.is_none() && *of == AnchorOf::This {
                let last = self.seals.last().map_or(0, |seal| seal.header.number);
                let what = match anchor.number {
                    Some(number) if number > last => {
                        "was cut off: it comes after the last seal of the database"
                    }
                    Some(_) | None => "is missing from the database: it was replaced or cut off",
                };
                let whose = match &anchor.database {
                    Some(name) if *name == own => String::new(),
                    Some(name) => {
                        format!(", or it belongs to another database: its line names `{name}`")
                    }
                    None => ", or it belongs to another database".to_owned(),
                };
                let message = format!("the anchored {anchor} {what}{whose}");
                self.report(AuditLogDifferenceKind::Anchor, None, message);
            }
        }
    }
}

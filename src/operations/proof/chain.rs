//! Checks the chain of seals without the entries they cover: each header must match its hash, name the previous seal,
//! and agree with the searchable columns of its row.

use crate::audit::seal::Header;
use crate::database::seals::SealRecord;
use crate::model::Sha256;

use super::outcome::{AuditLogDifference, AuditLogDifferenceKind};

/// A seal with a readable header.
#[derive(Debug, Clone)]
pub(super) struct ReadSeal {
    pub(super) header: Header,
    /// The hash of the stored header.
    pub(super) hash: Sha256,
}

/// Reads the headers and reports where the chain is broken.
pub(super) fn read_chain(records: &[SealRecord]) -> (Vec<ReadSeal>, Vec<AuditLogDifference>) {
    let mut seals = Vec::with_capacity(records.len());
    let mut differences = Vec::new();
    let (mut next, mut previous) = (1, Sha256([0; 32]));
    for record in records {
        let number = u64::try_from(record.number).unwrap_or(0);
        let mut report = |kind, message: String| {
            differences.push(AuditLogDifference {
                kind,
                seal: Some(number),
                run: record.run_id.clone(),
                entry: None,
                row: None,
                message,
            });
        };
        if number > next {
            let missing = match number - next {
                1 => format!("seal {next} is missing"),
                _ => format!("seals {next} to {} are missing", number - 1),
            };
            report(AuditLogDifferenceKind::Chain, missing);
        }
        let hash = Sha256::of(record.header.as_bytes());
        if hash.to_string() != record.hash {
            let message = "its header was changed: its hash differs from the seal's".to_owned();
            report(AuditLogDifferenceKind::Seal, message);
        }
        match Header::parse(&record.header) {
            Err(error) => report(
                AuditLogDifferenceKind::Seal,
                format!("its header cannot be read: {error}"),
            ),
            Ok(header) => {
                if !agrees(record, &header) {
                    let message = "its columns differ from its header".to_owned();
                    report(AuditLogDifferenceKind::Seal, message);
                }
                if number <= next && header.previous != previous {
                    let message = "it does not continue the previous seal".to_owned();
                    report(AuditLogDifferenceKind::Chain, message);
                }
                seals.push(ReadSeal { header, hash });
            }
        }
        (next, previous) = (number + 1, hash);
    }
    (seals, differences)
}

fn agrees(record: &SealRecord, header: &Header) -> bool {
    u64::try_from(record.number) == Ok(header.number)
        && record.run_id == header.run_id()
        && record.first_entry_id == header.entries.ids.first()
        && record.last_entry_id == header.entries.ids.last()
        && record.sealed_at == header.sealed_at
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::audit::seal::EntriesHeader;

    fn chain(length: u64) -> Vec<SealRecord> {
        let mut previous = Sha256([0; 32]);
        (1..=length)
            .map(|number| {
                let header = Header {
                    number,
                    previous,
                    sealed_at: format!("day {number}"),
                    tool: "test".to_owned(),
                    run: None,
                    entries: EntriesHeader {
                        ids: format!("{number}").parse().expect("an id"),
                        count: 1,
                        root: Sha256::of(b"root"),
                        tables: BTreeMap::new(),
                    },
                    files: None,
                    rows: BTreeMap::new(),
                    conversions: Vec::new(),
                    schema: Sha256::of(b"schema"),
                    manifest: None,
                    ledger: None,
                };
                let seal = header.seal();
                previous = seal.hash;
                let number = i64::try_from(number).expect("small");
                SealRecord {
                    number,
                    hash: seal.hash.to_string(),
                    run_id: None,
                    first_entry_id: Some(number.into()),
                    last_entry_id: Some(number.into()),
                    sealed_at: header.sealed_at,
                    header: seal.text,
                }
            })
            .collect()
    }

    /// The kinds of differences, with the seals for which they are reported.
    fn reported(change: impl FnOnce(&mut Vec<SealRecord>)) -> Vec<(&'static str, u64)> {
        let mut records = chain(4);
        change(&mut records);
        let (_, differences) = read_chain(&records);
        let reported = differences.into_iter();
        reported
            .map(|one| (one.kind.name(), one.seal.expect("a seal")))
            .collect()
    }

    #[test]
    fn unchanged_chain_and_its_prefixes_are_valid() {
        assert_eq!(reported(|_| {}), []);
        assert_eq!(reported(|records| records.truncate(2)), []);
        assert_eq!(read_chain(&chain(4)).0.len(), 4);
    }

    #[test]
    fn changes_are_reported_for_the_changed_seal() {
        assert_eq!(reported(|records| drop(records.remove(1))), [("chain", 3)]);
        assert_eq!(reported(|records| drop(records.remove(0))), [("chain", 2)]);
        let edit = |text: &str| text.replace("day 2", "day 9");
        let edited = reported(|records| records[1].header = edit(&records[1].header));
        assert_eq!(edited, [("seal", 2), ("seal", 2), ("chain", 3)]);
        let hashed = reported(|records| {
            records[1].header = edit(&records[1].header);
            records[1].sealed_at = "day 9".to_owned();
            records[1].hash = Sha256::of(records[1].header.as_bytes()).to_string();
        });
        assert_eq!(hashed, [("chain", 3)]);
        assert_eq!(
            reported(|records| records[2].first_entry_id = None),
            [("seal", 3)]
        );
        assert_eq!(
            reported(|records| records[3].header = "{".to_owned()),
            [("seal", 4), ("seal", 4)]
        );
        assert_eq!(reported(|records| records.swap(1, 2)).len(), 3);
    }
}

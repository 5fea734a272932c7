//! Anchors: hashes of seals stored outside the database, so that removing the last seals is evident too.
//!
//! `seals.log` has a line per seal, `accession-seal/1 NUMBER HASH TIME RUN DATABASE` with `-` for no run, modelled on
//! the checkpoints of C2SP (<https://c2sp.org/tlog-checkpoint>).

use std::fmt;
use std::str::FromStr;

use crate::model::{RunId, Sha256};

/// Evidence that a seal with this hash existed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Anchor {
    /// The seal's number, if known.
    pub number: Option<u64>,
    /// Its hash.
    pub hash: Sha256,
    /// The database named in the log line: one word.
    pub database: Option<String>,
}

/// A text that is not an anchor.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is neither a line of `seals.log` nor the 64 hexadecimal digits of a seal")]
pub struct AnchorError(String);

const WORD: &str = "accession-seal/1";

impl Anchor {
    /// The line of the seal in `seals.log`, without line end.
    #[must_use]
    pub fn line(&self, sealed_at: &str, run: Option<&RunId>) -> String {
        let Self {
            number,
            hash,
            database,
        } = self;
        let number = number.unwrap_or(0);
        let run = run.map_or("-", RunId::as_str);
        let database = database.as_deref().unwrap_or("-");
        format!("{WORD} {number} {hash} {sealed_at} {run} {database}")
    }
}

/// A line of `seals.log`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LogLine {
    /// As it was appended.
    Whole(Anchor),
    /// A part of a line, because the disk was full or the machine stopped, with the line that an earlier version
    /// appended to it.
    Torn(Option<Anchor>),
}

impl FromStr for LogLine {
    type Err = AnchorError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let last = text.rfind(WORD).unwrap_or(0);
        let begin = if last == 0 { text } else { &text[..last] };
        let is_begun = begin.starts_with(WORD) || WORD.starts_with(begin.trim_end());
        match (text[last..].parse(), last) {
            (Ok(anchor), 0) => Ok(Self::Whole(anchor)),
            (Ok(anchor), _) if is_begun => Ok(Self::Torn(Some(anchor))),
            (Err(_), _) if is_begun => Ok(Self::Torn(None)),
            (Ok(_), _) => Err(AnchorError(text.to_owned())),
            (Err(error), _) => Err(error),
        }
    }
}

impl fmt::Display for Anchor {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.number {
            Some(number) => write!(out, "seal {number}, {}", self.hash),
            None => write!(out, "{}", self.hash),
        }
    }
}

impl FromStr for Anchor {
    type Err = AnchorError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let wrong = || AnchorError(text.to_owned());
        let words: Vec<&str> = text.split_whitespace().collect();
        let (number, hash) = match words[..] {
            [hash] => (None, hash),
            [WORD, number, hash, ..] => (Some(number.parse().map_err(|_| wrong())?), hash),
            _ => return Err(wrong()),
        };
        let hash = Sha256::from_hex(&hash.to_ascii_lowercase()).ok_or_else(wrong)?;
        let database = words.get(5).filter(|name| **name != "-");
        Ok(Self {
            number,
            hash,
            database: database.map(|name| (*name).to_owned()),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn anchor() -> Anchor {
        Anchor {
            number: Some(7),
            hash: Sha256::of(b"seal"),
            database: Some("sqlite:/x.db".to_owned()),
        }
    }

    #[test]
    fn lines_that_were_not_completed_are_recognized() {
        let anchor = anchor();
        let line = anchor.line("2024-05-01T10:00:00.000000Z", None);
        assert_eq!(line.parse(), Ok(LogLine::Whole(anchor.clone())));
        for end in [1, 10, 16, 17, 19, 50] {
            assert_eq!(line[..end].parse(), Ok(LogLine::Torn(None)), "{end}");
            let appended = format!("{}{line}", &line[..end]);
            assert_eq!(
                appended.parse(),
                Ok(LogLine::Torn(Some(anchor.clone()))),
                "{end}"
            );
        }
        for text in ["another file", "x accession-seal/1"] {
            assert!(text.parse::<LogLine>().is_err(), "{text}");
        }
    }

    #[test]
    fn log_lines_and_bare_hashes_are_anchors() {
        let anchor = anchor();
        let hash = anchor.hash;
        let line = anchor.line("2024-05-01T10:00:00.000000Z", None);
        assert!(line.ends_with("Z - sqlite:/x.db"), "{line}");
        assert_eq!(line.parse(), Ok(anchor));
        let bare = Anchor {
            number: None,
            hash,
            database: None,
        };
        let upper = hash.to_string().to_uppercase();
        assert_eq!(upper.parse(), Ok(bare));
        // Lines of the first version have no database.
        let old = format!("accession-seal/1 7 {hash} 2024-05-01T10:00:00.000000Z -");
        assert_eq!(
            old.parse::<Anchor>().map(|anchor| anchor.database),
            Ok(None)
        );
        for text in ["", "ab12", "accession-seal/2 7 ab", "accession-seal/1 x ab"] {
            assert!(text.parse::<Anchor>().is_err(), "{text}");
        }
    }
}

//! `--max-record`: the maximum size of a record.

use std::str::FromStr;

use clap::Args;

use crate::parse::Limits;

/// Options that limit how much of a file is held in memory.
#[derive(Debug, Args)]
pub(super) struct RecordLimit {
    /// Maximum size of a record, or of a document that is read as a whole: bytes, or with `KiB`, `MiB`, `GiB`, `KB`,
    /// `MB` or `GB`
    #[arg(long, value_name = "SIZE", default_value = "64MiB")]
    max_record: Size,
}

impl RecordLimit {
    pub(super) fn limits(&self) -> Limits {
        Limits::default().with_max_record(self.max_record.0)
    }
}

/// A number of bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Size(usize);

impl FromStr for Size {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let expected = "expected a size such as `64MiB`, `1GB` or `1000000`";
        let digits = text.find(|c: char| !c.is_ascii_digit());
        let (number, unit) = text.split_at(digits.unwrap_or(text.len()));
        let unit = match unit.trim_start().to_ascii_lowercase().as_str() {
            "" | "b" => 1,
            "kb" => 1_000,
            "kib" | "k" => 1 << 10,
            "mb" => 1_000_000,
            "mib" | "m" => 1 << 20,
            "gb" => 1_000_000_000,
            "gib" | "g" => 1 << 30,
            _ => return Err(expected),
        };
        let number: usize = number.parse().map_err(|_| expected)?;
        match number.checked_mul(unit) {
            None => Err("the size is too large"),
            Some(0) => Err(expected),
            Some(bytes) => Ok(Self(bytes)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_accept_decimal_and_binary_units() {
        let size = |text: &str| text.parse::<Size>().map(|size| size.0);
        assert_eq!(size("64MiB"), Ok(64 << 20));
        assert_eq!(size("1GB"), Ok(1_000_000_000));
        assert_eq!(size("7 kb"), Ok(7_000));
        assert_eq!(size("1000000"), Ok(1_000_000));
        for wrong in [
            "",
            "MiB",
            "-1",
            "0",
            "0GB",
            "1.5GB",
            "1TB",
            "99999999999999999999",
            "99999999999GiB",
        ] {
            assert!(size(wrong).is_err(), "{wrong}");
        }
    }
}

//! Where the canonical form of JSON is written to: a string, a hash, or a count of its bytes.

use super::Hasher;

/// Where a canonical form is written to.
pub(super) trait Output {
    fn push_str(&mut self, text: &str);
}

impl Output for String {
    fn push_str(&mut self, text: &str) {
        self.push_str(text);
    }
}

/// Counts bytes.
pub(super) struct Length(pub(super) usize);

impl Output for Length {
    fn push_str(&mut self, text: &str) {
        self.0 += text.len();
    }
}

/// Hashes; short pieces are collected first.
pub(super) struct Hashed<'h> {
    hasher: &'h mut Hasher,
    pending: String,
}

impl<'h> Hashed<'h> {
    const FULL: usize = 16 * 1024;

    pub(super) fn new(hasher: &'h mut Hasher) -> Self {
        Self {
            hasher,
            pending: String::new(),
        }
    }

    /// Hashes what is pending; to be called at the end.
    pub(super) fn flush(&mut self) {
        self.hasher.fixed(self.pending.as_bytes());
        self.pending.clear();
    }
}

impl Output for Hashed<'_> {
    fn push_str(&mut self, text: &str) {
        if self.pending.len() + text.len() > Self::FULL {
            self.flush();
        }
        if text.len() > Self::FULL {
            self.hasher.fixed(text.as_bytes());
        } else {
            self.pending.push_str(text);
        }
    }
}

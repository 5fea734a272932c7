//! Selection of a layout by the names of the files in a directory.

use super::rules::{Layout, Source};
use crate::model::SourceIndex;

/// The reason why no layout was selected.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Ambiguity {
    /// No file matches any source.
    #[error("no layout matches any of the files; available layouts: {}", listed(.layouts))]
    None {
        /// Names of the layouts that were tried.
        layouts: Vec<String>,
    },
    /// Files match sources of several layouts.
    #[error("the files match several layouts: {}", listed(.layouts))]
    Several {
        /// Names of the layouts that match.
        layouts: Vec<String>,
    },
}

fn listed(layouts: &[String]) -> String {
    super::problem::quoted(layouts.iter().map(String::as_str))
}

const GZIP: &str = ".gz";

/// Removes the extension `.gz` of a compressed file.
#[must_use]
pub fn unpacked(path: &str) -> &str {
    let stem = path.len().saturating_sub(GZIP.len());
    match path.get(stem..) {
        Some(ending) if ending.eq_ignore_ascii_case(GZIP) => &path[..stem],
        _ => path,
    }
}

/// Returns the index of the first source that matches `path`, with its captures. A compressed file is matched without
/// `.gz` first, then with it.
#[must_use]
pub fn source_of(sources: &[Source], path: &str) -> Option<(SourceIndex, Vec<String>)> {
    let matching = |path: &str| {
        let mut sources = sources.iter().enumerate();
        sources.find_map(|(index, source)| Some((index.into(), source.files.matches(path)?)))
    };
    let plain = unpacked(path);
    let packed = || (plain != path).then(|| matching(path)).flatten();
    matching(plain).or_else(packed)
}

/// Returns the index of the only layout whose sources match any of `paths` (relative, with `/`, `.gz` ignored).
///
/// # Errors
/// If no layout or several layouts match.
pub fn detect<'p>(
    layouts: &[Layout],
    paths: impl Iterator<Item = &'p str>,
) -> Result<usize, Ambiguity> {
    let mut matching = vec![false; layouts.len()];
    for path in paths {
        for (layout, matching) in layouts.iter().zip(&mut matching) {
            *matching = *matching || source_of(&layout.sources, path).is_some();
        }
    }
    let names = |wanted: bool| {
        let layouts = layouts.iter().zip(&matching);
        layouts
            .filter(|(_, matching)| **matching == wanted)
            .map(|(layout, _)| layout.name.clone())
            .collect::<Vec<_>>()
    };
    let found: Vec<usize> = (0..layouts.len())
        .filter(|&index| matching[index])
        .collect();
    match found[..] {
        [one] => Ok(one),
        [] => Err(Ambiguity::None {
            layouts: names(false),
        }),
        _ => Err(Ambiguity::Several {
            layouts: names(true),
        }),
    }
}

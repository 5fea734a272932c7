//! Which layout a directory is of, judged by the names of its files.

use super::rules::Layout;

/// Why no layout could be chosen.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Ambiguity {
    /// No file matches any source.
    #[error("no layout has a source for any of the files; there are {}", listed(.layouts))]
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

/// The index of the one layout whose sources match any of `paths` (relative, with `/`; `.gz` is looked through).
///
/// # Errors
/// When none or several match.
pub fn detect<'p>(
    layouts: &[Layout],
    paths: impl Iterator<Item = &'p str>,
) -> Result<usize, Ambiguity> {
    let mut matching = vec![false; layouts.len()];
    for path in paths {
        let path = path.strip_suffix(".gz").unwrap_or(path);
        for (layout, matching) in layouts.iter().zip(&mut matching) {
            let mut sources = layout.sources.iter();
            *matching = *matching || sources.any(|source| source.files.matches(path).is_some());
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

//! Parameters: `[parameters.name]`.

use std::collections::BTreeSet;

use crate::layout::rules::{Parameter, ParameterDefault};
use crate::layout::written::{WrittenDefault, WrittenParameter};

use super::Compiler;

impl Compiler<'_> {
    /// Resolves the parameters. Parameters with an invalid default are kept, so that their uses are not reported.
    pub(super) fn parameters(&mut self, written: &[WrittenParameter]) {
        for parameter in written {
            let name = parameter.name.get_ref();
            let word = |c: char| c.is_alphanumeric() || matches!(c, '_' | '-');
            if name.is_empty() || !name.chars().all(word) {
                self.error(
                    parameter.name.span().start,
                    format!("`{name}` cannot be used in `--set name=value`"),
                    "use letters, digits, `-` and `_`",
                );
            }
            let default = match &parameter.default {
                None => None,
                Some(WrittenDefault::Text(text)) => Some(ParameterDefault::Text(text.clone())),
                Some(WrittenDefault::Only(target)) => self
                    .qualified(target)
                    .map(|(table, column)| ParameterDefault::Only { table, column }),
            };
            self.parameters.push(Parameter {
                name: name.clone(),
                help: parameter.help.clone(),
                default,
            });
        }
    }

    /// Warns about parameters that no column uses.
    pub(super) fn unused_parameters(
        &mut self,
        written: &[WrittenParameter],
        used: &BTreeSet<usize>,
    ) {
        for (index, parameter) in written.iter().enumerate() {
            if !used.contains(&index) {
                self.warning(
                    parameter.name.span().start,
                    format!("the parameter `{}` is not used", parameter.name.get_ref()),
                    "use it as `{ parameter = … }`, or remove it",
                );
            }
        }
    }
}

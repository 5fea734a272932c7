//! Damaged layouts result in problems with a place, never in a panic.

use super::*;

#[test]
fn a_layout_without_any_line_loads_or_has_problems_with_a_line() {
    let files = LayoutFiles::built_in("srs4autism").expect("built in");
    let names: Vec<String> = files.names().map(str::to_owned).collect();
    for damaged in &names {
        let text = std::str::from_utf8(files.get(damaged).expect("a file")).expect("UTF-8");
        let lines: Vec<&str> = text.lines().collect();
        for missing in 0..lines.len() {
            let rest = [&lines[..missing], &lines[missing + 1..]]
                .concat()
                .join("\n");
            let with_damage: LayoutFiles = names
                .iter()
                .map(|name| match name == damaged {
                    true => (name.clone(), rest.clone().into_bytes()),
                    false => (name.clone(), files.get(name).expect("a file").to_vec()),
                })
                .collect();
            for problem in problems(&with_damage) {
                assert!(
                    problem.place.line.is_some(),
                    "{damaged} without line {missing}: {problem}"
                );
            }
        }
    }
}

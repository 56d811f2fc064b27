//! Files of a folder that are named like one of them: its channel is all of them.

use std::path::Path;

/// The files of a channel that was made from one file.
#[derive(Debug, PartialEq, Eq)]
pub struct SimilarFiles {
    /// The last part of a pattern that matches them and no other file of the folder.
    pub pattern: String,
    /// Their names, sorted.
    pub names: Vec<String>,
}

/// Finds the files beside one that `is_alike` takes for the same dataset's. `None` if there is no other, or if no pattern
/// tells them from the other files of the folder.
pub fn find_similar_files(file: &Path, is_alike: impl Fn(&str, &str) -> bool) -> Option<SimilarFiles> {
    let own = file.file_name()?.to_str()?;
    let folder = file.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let entries = std::fs::read_dir(folder).ok()?.filter_map(Result::ok);
    let files = entries.filter(|entry| entry.path().is_file()).filter_map(|entry| entry.file_name().into_string().ok());
    let all: Vec<String> = files.filter(|name| !name.starts_with('.')).collect();
    choose_pattern(own, &all, is_alike)
}

fn choose_pattern(own: &str, all: &[String], is_alike: impl Fn(&str, &str) -> bool) -> Option<SimilarFiles> {
    let ending = ending(own)?;
    let of_ending = || all.iter().filter(|name| name.ends_with(ending));
    let mut names: Vec<String> =
        of_ending().filter(|name| self::ending(name) == Some(ending) && is_alike(own, name)).cloned().collect();
    if names.len() < 2 {
        return None;
    }
    names.sort_unstable();
    // As few characters as tell them apart: of a prefix, none of a number that the next file may not have.
    let common: String = names.iter().skip(1).fold(names[0].clone(), |common, name| {
        common.chars().zip(name.chars()).take_while(|(a, b)| a == b).map(|(a, _)| a).collect()
    });
    let words: String = common.chars().take_while(|c| !c.is_ascii_digit() && *c != '.').collect();
    let matched = |prefix: &str| of_ending().filter(|name| name.starts_with(prefix)).count();
    let prefix = ["", words.as_str()].into_iter().find(|prefix| matched(prefix) == names.len())?;
    let is_special = |c: char| "*?[]{}".contains(c);
    if prefix.contains(is_special) || ending.contains(is_special) {
        return None;
    }
    Some(SimilarFiles { pattern: format!("{prefix}*{ending}"), names })
}

/// From the first dot of a name on.
fn ending(name: &str) -> Option<&str> {
    name.find('.').map(|at| &name[at..])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chosen(own: &str, all: &[&str]) -> Option<(String, usize)> {
        let all: Vec<String> = all.iter().map(|name| (*name).to_owned()).collect();
        let words = |name: &str| name.split('_').next().map(str::to_owned);
        choose_pattern(own, &all, |a, b| words(a) == words(b)).map(|found| (found.pattern, found.names.len()))
    }

    #[test]
    fn a_pattern_matches_the_similar_files_and_no_other() {
        let two = ["pos_2026-09.csv", "pos_2026-10.csv"];
        assert_eq!(chosen("pos_2026-09.csv", &two), Some(("*.csv".to_owned(), 2)));
        let with_readme = ["pos_2026-09.csv", "pos_2026-10.csv", "README.md"];
        assert_eq!(chosen("pos_2026-09.csv", &with_readme), Some(("*.csv".to_owned(), 2)));
        let with_other = ["pos_2026-09.csv", "pos_2026-10.csv", "crm_2026-10.csv"];
        assert_eq!(chosen("pos_2026-09.csv", &with_other), Some(("pos_*.csv".to_owned(), 2)));
        assert_eq!(chosen("crm_2026-10.csv", &with_other), None, "it is alone");
        let packed = ["pos_2026-09.csv.gz", "pos_2026-10.csv.gz", "pos_2026-11.csv"];
        assert_eq!(chosen("pos_2026-09.csv.gz", &packed), Some(("*.csv.gz".to_owned(), 2)));
        let odd = ["p*_1.csv", "p*_2.csv", "q_1.csv"];
        assert_eq!(chosen("p*_1.csv", &odd), None, "a star would match more");
        assert_eq!(chosen("pos", &["pos", "pos_2"]), None);
    }
}

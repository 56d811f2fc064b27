//! Whose the rows of a relation's files are, known beforehand by where the rows stand.

use crate::relation::DataFile;
use crate::subjects::NOBODY;
use foldhash::fast::RandomState;
use hashbrown::HashMap;
use std::collections::BTreeMap;

/// What one pseudonym of a row names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RowName {
    /// A customer, by number.
    Customer(u32),
    /// No customer: a pseudonym that makes none, with its number if a statement names it or several people share it.
    Apart(Option<u32>),
    /// A customer that is not known.
    Unknown,
}

/// A pseudonym that makes no customer and that no statement names.
pub(crate) const SILENT: u32 = NOBODY - 1;

/// For each row of some files whom its pseudonyms name: four bytes a row. What one step resolved for all the rows at
/// hand need not be looked up again by every scan.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RowSubjects {
    /// Number of each file, by path.
    files: BTreeMap<String, usize>,
    /// Where the rows of each file are in `people`.
    ranges: Vec<(usize, usize)>,
    /// By row: [`NOBODY`], the number of a customer, or that of a group, counted on from the last customer's.
    people: Vec<u32>,
    /// How many customers there are.
    customers: u32,
    /// Rows that name more than one, or one that is no customer: by strength of the pseudonym the numbers of customers and
    /// of pseudonyms without one; [`SILENT`]; [`NOBODY`] for a customer that is not known.
    groups: Vec<Vec<u32>>,
}

impl RowSubjects {
    /// The number under which a file's rows are found.
    pub(crate) fn file(&self, path: &str) -> Option<usize> {
        self.files.get(path).copied()
    }

    /// Whether it knows the rows of all these files.
    pub(crate) fn covers(&self, files: &[DataFile]) -> bool {
        files.iter().all(|f| self.files.contains_key(&f.path))
    }

    /// Whom a row names: [`NOBODY`], a customer, or a group. `None` if the file has no such row.
    #[inline]
    pub(crate) fn of(&self, file: i64, row: i64) -> Option<u32> {
        let (first, rows) = *self.ranges.get(usize::try_from(file).ok()?)?;
        let row = usize::try_from(row).ok().filter(|row| *row < rows)?;
        self.people.get(first + row).copied()
    }

    /// Whom rows name that follow one another in a file, as [`RowSubjects::of`] says.
    pub(crate) fn of_run(&self, file: i64, first: i64, count: usize) -> Option<&[u32]> {
        let (from, rows) = *self.ranges.get(usize::try_from(file).ok()?)?;
        let first = usize::try_from(first).ok()?;
        let within = first.checked_add(count)? <= rows;
        within.then(|| self.people.get(from + first..from + first + count))?
    }

    /// How many customers there are; groups are numbered after them.
    pub(crate) fn customers(&self) -> u32 {
        self.customers
    }

    /// Marks the customers that any of the rows names, by their numbers.
    pub fn mark_named(&self, named: &mut [bool]) {
        let mut mark = |customer: u32| {
            if let Some(named) = named.get_mut(customer as usize) {
                *named = true;
            }
        };
        for person in self.people.iter().filter(|p| **p != NOBODY) {
            match person.checked_sub(self.customers) {
                None => mark(*person),
                Some(group) => self.groups.get(group as usize).into_iter().flatten().for_each(|c| mark(*c)),
            }
        }
    }

    /// The groups in the order of their numbers.
    pub(crate) fn groups(&self) -> &[Vec<u32>] {
        &self.groups
    }
}

/// Takes rows in the order in which they stand in their files.
#[derive(Debug)]
pub struct RowSubjectsBuilder {
    people: Vec<u32>,
    customers: u32,
    apart: u32,
    groups: Vec<Vec<u32>>,
    numbers: HashMap<Vec<u32>, u32, RandomState>,
    named: Vec<u32>,
}

impl RowSubjectsBuilder {
    /// For rows about these customers, numbered from 0, and after them so many pseudonyms that belong to none. `None` if
    /// there are too many to count.
    pub fn new(customers: usize, apart: usize) -> Option<Self> {
        let all = customers.checked_add(apart)?;
        u32::try_from(all).ok().filter(|all| *all < NOBODY / 2)?;
        let (customers, apart) = (u32::try_from(customers).ok()?, u32::try_from(apart).ok()?);
        let numbers = HashMap::with_hasher(RandomState::default());
        Some(Self { people: Vec::new(), customers, apart, groups: Vec::new(), numbers, named: Vec::new() })
    }

    /// Adds a row: what its pseudonyms name, strongest first.
    /// `false` if it names a customer that there is not, or there is no room for more.
    #[must_use]
    pub fn row(&mut self, names: impl Iterator<Item = RowName>) -> bool {
        let mut named = std::mem::take(&mut self.named);
        named.clear();
        let mut known = true;
        for name in names {
            let name = match name {
                RowName::Customer(customer) => {
                    known &= customer < self.customers;
                    customer
                }
                RowName::Apart(Some(number)) => {
                    known &= (self.customers..self.customers + self.apart).contains(&number);
                    number
                }
                RowName::Apart(None) => SILENT,
                RowName::Unknown => NOBODY,
            };
            if !named.contains(&name) {
                named.push(name);
            }
        }
        let people = match named[..] {
            [] => Some(NOBODY),
            [one] if one < self.customers => Some(one),
            _ => self.group(&named),
        };
        self.named = named;
        self.people.extend(people);
        known && people.is_some()
    }

    fn group(&mut self, named: &[u32]) -> Option<u32> {
        if let Some(known) = self.numbers.get(named) {
            return Some(*known);
        }
        let number = u32::try_from(self.groups.len()).ok()?.checked_add(self.customers)?;
        if number == NOBODY {
            return None;
        }
        self.groups.push(named.to_vec());
        self.numbers.insert(named.to_vec(), number);
        Some(number)
    }

    /// Says in which files the rows stand: paths and rows, in order. `None` if they have another number of rows.
    pub fn finish<'f>(self, files: impl Iterator<Item = (&'f str, u64)>) -> Option<RowSubjects> {
        let (mut by_path, mut ranges, mut first) = (BTreeMap::new(), Vec::new(), 0usize);
        for (path, rows) in files {
            let rows = usize::try_from(rows).ok()?;
            by_path.insert(path.to_owned(), ranges.len());
            ranges.push((first, rows));
            first = first.checked_add(rows)?;
        }
        let Self { people, customers, groups, .. } = self;
        let fits = first == people.len() && by_path.len() == ranges.len();
        fits.then_some(RowSubjects { files: by_path, ranges, people, customers, groups })
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn rows_are_found_by_file_and_number() {
        let mut builder = RowSubjectsBuilder::new(3, 2).unwrap();
        let customers = |all: &[u32]| all.iter().map(|c| RowName::Customer(*c)).collect::<Vec<_>>();
        let (one, both, none, unknown) = (customers(&[2, 2]), customers(&[1, 0]), vec![], vec![RowName::Unknown]);
        for row in [&one, &none, &both, &unknown, &both] {
            assert!(builder.row(row.iter().copied()));
        }
        let rows = builder.finish([("a", 2), ("empty", 0), ("b", 3)].into_iter()).unwrap();
        let of = |path: &str, row| rows.of(rows.file(path).unwrap() as i64, row);
        assert_eq!([of("a", 0), of("a", 1), of("a", 2)], [Some(2), Some(NOBODY), None]);
        assert_eq!([of("b", 0), of("b", 1), of("b", 2)], [Some(3), Some(4), Some(3)]);
        assert_eq!((of("empty", 0), of("b", -1), rows.of(3, 0), rows.of(-1, 0)), (None, None, None, None));
        assert_eq!(rows.groups(), [vec![1, 0], vec![NOBODY]]);
        assert_eq!(rows.file("c"), None);
    }

    #[test]
    fn a_pseudonym_without_a_customer_makes_a_group() {
        let mut builder = RowSubjectsBuilder::new(2, 2).unwrap();
        let rows = [vec![RowName::Apart(None)], vec![RowName::Customer(1), RowName::Apart(Some(3))]];
        assert!(rows.iter().all(|row| builder.row(row.iter().copied())));
        let rows = builder.finish([("a", 2)].into_iter()).unwrap();
        assert_eq!([rows.of(0, 0), rows.of(0, 1)], [Some(2), Some(3)]);
        assert_eq!(rows.groups(), [vec![SILENT], vec![1, 3]]);
        for number in [1, 4] {
            let mut builder = RowSubjectsBuilder::new(2, 2).unwrap();
            assert!(!builder.row([RowName::Apart(Some(number))].into_iter()), "{number} is no such pseudonym");
        }
    }

    #[test]
    fn everyone_whom_a_row_names_is_marked() {
        let mut builder = RowSubjectsBuilder::new(4, 1).unwrap();
        let (one, two, three) = (RowName::Customer(2), RowName::Customer(1), RowName::Customer(0));
        for row in [vec![one], vec![], vec![two, three], vec![RowName::Apart(None)], vec![RowName::Apart(Some(4))]] {
            assert!(builder.row(row.into_iter()));
        }
        let rows = builder.finish([("a", 5)].into_iter()).unwrap();
        let mut named = [false; 4];
        rows.mark_named(&mut named);
        assert_eq!(named, [true, true, true, false]);
    }

    #[test]
    fn what_does_not_fit_is_no_answer() {
        let mut builder = RowSubjectsBuilder::new(1, 0).unwrap();
        assert!(!builder.row([RowName::Customer(1)].into_iter()), "there is no second customer");
        let mut builder = RowSubjectsBuilder::new(1, 0).unwrap();
        assert!(builder.row([RowName::Customer(0)].into_iter()));
        assert_eq!(builder.finish([("a", 2)].into_iter()), None);
        let mut builder = RowSubjectsBuilder::new(1, 0).unwrap();
        assert!(builder.row([RowName::Customer(0)].into_iter()) && builder.row([RowName::Customer(0)].into_iter()));
        assert_eq!(builder.finish([("a", 1), ("a", 1)].into_iter()), None, "one file twice");
    }
}

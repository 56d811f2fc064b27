//! Earth Mover's Distance between a class's sensitive values and the table's, in whole numbers.
//!
//! With c rows in the class, n in the table, q(i) and p(i) the rows of each that hold value i, both sums below have the
//! denominator c·n, so that all but the last division is exact, and no order of summation changes the result.

use super::sensitive::Count;

/// The values of a whole table.
pub(super) struct Table {
    rows: u128,
    /// Rows that hold each value.
    of: Vec<u128>,
    /// Rows that hold each value or one before it.
    up_to: Vec<u128>,
    /// Sums of `up_to` from the first to each, with a zero before.
    summed: Vec<u128>,
}

impl Table {
    pub(super) fn new(counts: &[Count], values: usize) -> Self {
        let mut of = vec![0u128; values];
        for count in counts {
            of[count.value as usize] += u128::from(count.rows);
        }
        let mut up_to = Vec::with_capacity(values);
        let mut summed = vec![0];
        let (mut so_far, mut sum) = (0, 0);
        for rows in &of {
            so_far += rows;
            sum += so_far;
            up_to.push(so_far);
            summed.push(sum);
        }
        Self { rows: so_far, of, up_to, summed }
    }

    /// Equal distance: half the sum of |q(i)/c - p(i)/n|.
    pub(super) fn equal(&self, class: &[Count]) -> f64 {
        let rows = sum(class);
        let (mut apart, mut held) = (0u128, 0u128);
        for count in class {
            let of = self.of[count.value as usize];
            apart += (u128::from(count.rows) * self.rows).abs_diff(of * rows);
            held += of;
        }
        // The values that the class does not hold at all.
        apart += (self.rows - held) * rows;
        apart as f64 / (2 * rows * self.rows) as f64
    }

    /// Ordered distance over m values: the sum of |(q(1)/c - p(1)/n) + … + (q(i)/c - p(i)/n)| for i from 1 to m,
    /// divided by m - 1; 0 for a single value. The sums of values between two that the class holds are taken at once.
    pub(super) fn ordered(&self, class: &[Count]) -> f64 {
        let values = self.of.len();
        if values < 2 {
            return 0.0;
        }
        let rows = sum(class);
        let (mut apart, mut held, mut from) = (0u128, 0u128, 0usize);
        for count in class {
            let at = count.value as usize;
            apart += self.stretch(from, at, held, rows);
            held += u128::from(count.rows);
            from = at;
        }
        apart += self.stretch(from, values, held, rows);
        apart as f64 / (rows * self.rows * (values as u128 - 1)) as f64
    }

    /// The sum of |held·n - up_to(i)·c| for i in `from..to`, where the class holds nothing new after `from`.
    fn stretch(&self, from: usize, to: usize, held: u128, rows: u128) -> u128 {
        let level = held * self.rows;
        let split = from + self.up_to[from..to].partition_point(|up_to| up_to * rows <= level);
        let below = level * (split - from) as u128 - (self.summed[split] - self.summed[from]) * rows;
        let above = (self.summed[to] - self.summed[split]) * rows - level * (to - split) as u128;
        below + above
    }
}

fn sum(class: &[Count]) -> u128 {
    class.iter().map(|c| u128::from(c.rows)).sum()
}

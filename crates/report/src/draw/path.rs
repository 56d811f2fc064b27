//! Path data.

/// Writes a coordinate with at most one decimal; what is not finite becomes 0.
pub(crate) fn n(x: f64) -> String {
    if !x.is_finite() {
        return "0".to_owned();
    }
    let tenths = (x * 10.0).round() as i64;
    if tenths % 10 == 0 { (tenths / 10).to_string() } else { format!("{:.1}", tenths as f64 / 10.0) }
}

/// The `d` of an SVG path, built command by command in absolute coordinates.
#[derive(Default)]
pub(crate) struct Path(String);

impl Path {
    /// Starts at a point.
    pub(crate) fn at(x: f64, y: f64) -> Self {
        Self::default().push('M', &[x, y])
    }

    /// Draws a line to a point.
    pub(crate) fn line(self, x: f64, y: f64) -> Self {
        self.push('L', &[x, y])
    }

    /// Draws a horizontal line.
    pub(crate) fn horizontal(self, x: f64) -> Self {
        self.push('H', &[x])
    }

    /// Draws a vertical line.
    pub(crate) fn vertical(self, y: f64) -> Self {
        self.push('V', &[y])
    }

    /// Draws a curve towards a corner and round it.
    pub(crate) fn round(self, corner: (f64, f64), end: (f64, f64)) -> Self {
        self.push('Q', &[corner.0, corner.1, end.0, end.1])
    }

    /// Draws a curve that leaves and arrives horizontally, from `from` to `to`.
    pub(crate) fn sway(self, from: (f64, f64), to: (f64, f64)) -> Self {
        if n(from.1) == n(to.1) {
            return self.horizontal(to.0);
        }
        let middle = (from.0 + to.0) / 2.0;
        self.push('C', &[middle, from.1, middle, to.1, to.0, to.1])
    }

    /// Closes the shape.
    pub(crate) fn close(mut self) -> String {
        self.0.push('Z');
        self.0
    }

    /// Leaves the shape open.
    pub(crate) fn open(self) -> String {
        self.0
    }

    fn push(mut self, command: char, numbers: &[f64]) -> Self {
        self.0.push(command);
        for (i, x) in numbers.iter().enumerate() {
            let text = n(*x);
            if i > 0 && !text.starts_with('-') {
                self.0.push(' ');
            }
            self.0.push_str(&text);
        }
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn coordinates_are_short_and_always_numbers() {
        assert_eq!(n(12.04), "12");
        assert_eq!(n(-0.26), "-0.3");
        assert_eq!(n(f64::NAN), "0");
        assert_eq!(Path::at(0.0, 1.5).line(-2.0, -3.0).vertical(4.0).close(), "M0 1.5L-2-3V4Z");
    }
}

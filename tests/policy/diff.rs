//! What differs between two texts, line by line.

/// The lines of both, those only expected after `-`, those only found after `+`.
pub fn diff(expected: &str, found: &str) -> String {
    let (expected, found): (Vec<&str>, Vec<&str>) = (expected.lines().collect(), found.lines().collect());
    // Length of the longest common subsequence of what follows each pair of lines.
    let mut common = vec![vec![0usize; found.len() + 1]; expected.len() + 1];
    for e in (0..expected.len()).rev() {
        for f in (0..found.len()).rev() {
            common[e][f] =
                if expected[e] == found[f] { common[e + 1][f + 1] + 1 } else { common[e + 1][f].max(common[e][f + 1]) };
        }
    }
    let mut lines = String::new();
    let (mut e, mut f) = (0, 0);
    while e < expected.len() || f < found.len() {
        let same = e < expected.len() && f < found.len() && expected[e] == found[f];
        let (sign, line) = if same {
            (' ', expected[e])
        } else if f == found.len() || (e < expected.len() && common[e + 1][f] >= common[e][f + 1]) {
            ('-', expected[e])
        } else {
            ('+', found[f])
        };
        e += usize::from(sign != '+');
        f += usize::from(sign != '-');
        lines.push_str(&format!("  {sign} {line}\n"));
    }
    lines
}

#[test]
fn only_what_differs_is_marked() {
    assert_eq!(diff("a\nb\nc", "a\nx\nc\nd"), "    a\n  - b\n  + x\n    c\n  + d\n");
    assert_eq!(diff("", "a"), "  + a\n");
    assert_eq!(diff("a", ""), "  - a\n");
}

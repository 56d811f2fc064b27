#![allow(clippy::unwrap_used)]
use super::*;
use proptest::prelude::*;

const BOUNDS: Bounds = Bounds { record: 1 << 20, field: 1 << 19, columns: 1000 };

fn signs(delimiter: u8, quote: Option<u8>, comment: &str) -> Signs {
    Signs { delimiter, runs: false, quote, backslash: false, comment: comment.into() }
}

fn usual() -> Signs {
    signs(b',', Some(b'"'), "")
}

/// Gives a few bytes at a time.
struct Dribble<'a>(&'a [u8], usize);
impl Read for Dribble<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let n = self.1.min(self.0.len()).min(buffer.len());
        buffer[..n].copy_from_slice(&self.0[..n]);
        self.0 = &self.0[n..];
        Ok(n)
    }
}

type Record = (Vec<String>, Option<RecordFault>, u64);

fn records<R: Read>(mut splitter: Splitter<R>) -> Result<Vec<Record>, SplitFault> {
    let mut records = Vec::new();
    while splitter.next()? {
        let value = |i| String::from_utf8_lossy(&splitter.value(i).unwrap()).into_owned();
        records.push(((0..splitter.len()).map(value).collect(), splitter.damage(), splitter.line()));
    }
    Ok(records)
}

fn all<R: Read>(splitter: Splitter<R>) -> Result<Vec<Vec<String>>, SplitFault> {
    records(splitter).map(|records| records.into_iter().map(|(values, ..)| values).collect())
}

fn with(text: &str, signs: Signs, multiline: &[bool]) -> Vec<Record> {
    let mut splitter = Splitter::new(text.as_bytes(), signs, BOUNDS);
    splitter.expect(multiline.to_vec());
    records(splitter).unwrap()
}

/// The values of sound records joined by `|`, and the rule and line of damaged ones.
fn shown(records: Vec<Record>) -> Vec<String> {
    let show = |(values, damage, line): Record| match damage {
        None => values.join("|"),
        Some(damage) => format!("{} {line}", damage.rule()),
    };
    records.into_iter().map(show).collect()
}

#[test]
fn quotes_and_line_ends() {
    let found = all(Splitter::new("a,b\r\n\r\n\"x, \"\"y\"\"\nz\",1\r2\n,".as_bytes(), usual(), BOUNDS)).unwrap();
    let expected: [&[&str]; 4] = [&["a", "b"], &["x, \"y\"\nz", "1"], &["2"], &["", ""]];
    assert_eq!(found, expected);
    for blank in ["", "\r\n\n", "\u{feff}"] {
        assert!(all(Splitter::new(blank.as_bytes(), usual(), BOUNDS)).unwrap().is_empty());
    }
    let none = Splitter::new("\"a,b\n\"".as_bytes(), signs(b',', None, ""), BOUNDS);
    assert_eq!(all(none).unwrap(), [vec!["\"a", "b"], vec!["\""]]);
}

#[test]
fn misplaced_quotes_cost_their_line_alone() {
    let text =
        "1,13\" LAPTOP,a\n2,\"TEE 5\" wide,b\n3,\"x\",c\n4,\"never closed,d\n5,y,e\n6,\"x\"\"\",f\n7,z\",g\n8,w,h";
    let expected = ["quote 1", "quote 2", "3|x|c", "quote 4", "5|y|e", "6|x\"|f", "quote 7", "8|w|h"];
    assert_eq!(shown(with(text, usual(), &[false; 3])), expected);
}

#[test]
fn what_may_be_one_record_or_many_is_neither() {
    // The mark of line 1 is closed in line 3; each line between is a record by itself.
    let text = "1,\"15 inch,a\n2,TEE,b\n3,17 inch\",c\n4,TEE,d\n";
    for multiline in [[false; 3], [true; 3]] {
        assert_eq!(shown(with(text, usual(), &multiline)), ["quote 1", "quote 2", "quote 3", "4|TEE|d"]);
    }
    let pair = "1,\"15 inch,a\n2,17 inch\",b\n3,TEE,c\n";
    assert_eq!(shown(with(pair, usual(), &[true; 3])), ["quote 1", "quote 2", "3|TEE|c"]);
}

#[test]
fn line_ends_are_in_values_that_may_have_them() {
    let text = "1,\"one\ntwo\r\nthree\",a\r\n2,x,b\n";
    assert_eq!(shown(with(text, usual(), &[false, true, false])), ["1|one\ntwo\r\nthree|a", "2|x|b"]);
    let refused = with(text, usual(), &[true, false, true]);
    assert_eq!(refused[0].0, ["1", "one\ntwo\r\nthree", "a"], "its values are in their columns");
    assert_eq!(shown(refused), ["multiline 1", "2|x|b"]);
    let mut splitter = Splitter::new(text.as_bytes(), usual(), BOUNDS);
    while splitter.next().unwrap() {}
    assert_eq!(splitter.lines(), 4);
}

#[test]
fn backslashes_escape_where_that_is_declared() {
    let text = "1,\"Frame 10\\\" wide\",x\n2,\"Set \\\"A\\\", blue\",\\N\n3,\"C:\\\\\",a\\,b\n4,C:\\new,y\n5,a\\\n";
    let escaped = with(text, Signs { backslash: true, ..usual() }, &[false; 3]);
    let expected = ["1|Frame 10\" wide|x", "2|Set \"A\", blue|\\N", "3|C:\\|a,b", "4|C:\\new|y", "quote 5"];
    assert_eq!(shown(escaped), expected);
    let plain =
        shown(with("1,\"Frame 10\\\" wide\",x\n2,\"Set \\\"A\\\", blue\",y\n3,\"C:\\\",z\n", usual(), &[false; 3]));
    assert_eq!(plain, ["escape 1", "escape 2", "3|C:\\|z"]);
}

#[test]
fn what_excel_is_kept_from_changing_is_the_text() {
    let text = "=\"00123\",\"=\"\"00124\"\"\",=\"a,b\"\n=1+2,=\"a\"&B1,x\n=\"\",\"=\",x\n";
    assert_eq!(shown(with(text, usual(), &[false; 3])), ["00123|00124|a,b", "quote 2", "|=|x"]);
    let single = with("=\"001\"|'x'\n=\"a\"&B1|y\n", signs(b'|', Some(b'\''), ""), &[false; 2]);
    assert_eq!(shown(single), ["001|x", "=\"a\"&B1|y"]);
}

#[test]
fn runs_of_spaces_separate_values() {
    let text = "  a   b \n1 \"x  y\"  \n   \n2   z\n";
    let runs = Signs { delimiter: b' ', runs: true, ..usual() };
    assert_eq!(shown(with(text, runs, &[false; 2])), ["a|b", "1|x  y", "2|z"]);
}

#[test]
fn marks_of_byte_order_are_no_part_of_a_record() {
    let text = "\u{feff}a,b\r\u{feff}\"1\",2\n\n\u{feff}\n3,4";
    assert_eq!(shown(with(text, usual(), &[false; 2])), ["a|b", "1|2", "3|4"]);
}

#[test]
fn comments_and_preambles_are_counted() {
    let text = "report \"1\r\nof,today\r\n# x \"\n\na,b\n#,1\n# y\r\n1,#2\n#";
    for piece in 1..9 {
        let source = Dribble(text.as_bytes(), piece);
        let mut splitter = Splitter::new(source, signs(b',', Some(b'"'), "# "), BOUNDS);
        assert_eq!(splitter.skip_lines(2).unwrap(), 2);
        assert_eq!(splitter.peek_line(80).unwrap().unwrap(), b"a,b");
        assert_eq!(splitter.peek_line(3).unwrap(), None);
        let mut records = Vec::new();
        while splitter.next().unwrap() {
            records.push((0..splitter.len()).map(|i| splitter.value(i).unwrap().into_owned()).collect::<Vec<_>>());
        }
        assert_eq!(records.len(), 4, "{records:?}");
        assert_eq!((records[0].concat(), records[3].concat()), (b"ab".to_vec(), b"#".to_vec()));
        assert_eq!((splitter.comments(), splitter.lines()), (2, 9));
    }
    let mut short = Splitter::new("a\nb".as_bytes(), signs(b',', None, ""), BOUNDS);
    assert_eq!(short.skip_lines(7).unwrap(), 2);
    assert!(!short.next().unwrap());
}

#[test]
fn bounds_hold_while_reading() {
    let bounds = Bounds { record: 100, field: 10, columns: 3 };
    let with = |text: &str| all(Splitter::new(text.as_bytes(), usual(), bounds));
    assert!(with("1234567890,1,2\n").is_ok());
    assert!(matches!(with("1,12345678901\n"), Err(SplitFault::Field(1))));
    assert!(matches!(with("1,2,3,4\n"), Err(SplitFault::Columns)));
    assert!(matches!(with("1,\"12345678901"), Err(SplitFault::Field(1))));
    let wide = Bounds { columns: 1000, ..bounds };
    let many = "1,".repeat(60);
    let found = all(Splitter::new(many.as_bytes(), signs(b',', None, ""), wide));
    assert!(matches!(found, Err(SplitFault::Record)));
    // A mark that is never closed does not make the rest of the file one value.
    let text = format!("1,\"x,2\n{}", "1,y,2\n".repeat(100_000));
    let found = super::tests::with(&text, usual(), &[false, true, false]);
    assert_eq!(found.iter().filter(|(_, damage, _)| damage.is_none()).count(), 100_000);
}

/// A record as sound software writes it, and what its values are.
fn written(values: &[String], quoted: bool) -> String {
    let write = |value: &String| match quoted || value.contains([',', '"']) {
        true => format!("\"{}\"", value.replace('"', "\"\"")),
        false => value.clone(),
    };
    values.iter().map(write).collect::<Vec<_>>().join(",")
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(3000))]

    /// The `csv` crate accepts quotation marks anywhere; where none is misplaced both read the same.
    #[test]
    fn sound_records_are_those_of_the_csv_crate(
        rows in prop::collection::vec(prop::collection::vec("[ab,\"\r\n ]{0,6}", 3), 0..6),
        piece in 1usize..20, ends in "(\r|\n|\r\n)",
    ) {
        let text: String = rows.iter().map(|row| written(row, true) + &ends).collect();
        let mut reader = csv::ReaderBuilder::new().has_headers(false).flexible(true).from_reader(text.as_bytes());
        let expected: Vec<Vec<String>> =
            reader.records().map(|r| r.unwrap().iter().map(str::to_owned).collect()).collect();
        prop_assert_eq!(all(Splitter::new(Dribble(text.as_bytes(), piece), usual(), BOUNDS)).unwrap(), expected);
    }

    /// Whatever stray marks do to some records, every line is read or damaged: none is merged, none is lost, and a record
    /// that is read is one that was written.
    #[test]
    fn stray_marks_merge_nothing(
        rows in prop::collection::vec((prop::collection::vec("[ab,\" ]{0,5}", 3), any::<bool>()), 1..12),
        strays in prop::collection::vec((any::<prop::sample::Index>(), any::<prop::sample::Index>()), 0..4),
        multiline in any::<bool>(), piece in 1usize..40,
    ) {
        let mut lines: Vec<String> = rows.iter().enumerate()
            .map(|(at, (values, quoted))| format!("r{at},{}", written(values, *quoted))).collect();
        let mut touched = vec![false; lines.len()];
        for (line, place) in &strays {
            let line = line.index(lines.len());
            let place = place.index(lines[line].len() + 1);
            lines[line].insert(place, '"');
            touched[line] = true;
        }
        let text = lines.join("\n");
        let mut splitter = Splitter::new(Dribble(text.as_bytes(), piece), usual(), BOUNDS);
        splitter.expect(vec![false, multiline, multiline, multiline]);
        let found = records(splitter).unwrap();
        let mut seen = 0;
        for (at, (values, damage, line)) in found.iter().enumerate() {
            let next = found.get(at + 1).map_or(lines.len(), |next| next.2 as usize - 1);
            let covered = (*line as usize - 1)..next;
            prop_assert_eq!(covered.start, seen, "no line is lost");
            seen = covered.end;
            if damage.is_some() || values.len() != 4 {
                continue;
            }
            // A sound record of one line is the one that was written there, unless a mark was put into it.
            if covered.len() == 1 && !touched[covered.start] {
                prop_assert_eq!(&values[0], &format!("r{}", covered.start));
                prop_assert_eq!(&values[1..], &rows[covered.start].0[..]);
            }
            prop_assert!(covered.len() == 1 || multiline, "lines {:?} were merged", covered);
        }
        prop_assert_eq!(seen, lines.len());
    }
}

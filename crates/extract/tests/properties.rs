//! What holds for every input: accounts close, and threads change nothing.
#![allow(clippy::unwrap_used)]

mod common;
use common::*;
use lakewarden_dictionary::*;
use lakewarden_extract::{FileAccount, KeySet};
use proptest::prelude::*;

const CANARY: &str = "13187013211";

/// A line of a till: mostly good, sometimes each kind of bad.
fn line() -> impl Strategy<Value = String> {
    (0u64..60, 0u64..3, 0u8..24).prop_map(|(receipt, line, dirt)| {
        let good = sale(receipt, line);
        let mut cells: Vec<String> = good.trim_end().split(',').map(str::to_owned).collect();
        match dirt {
            0 => cells[3] = "昨天".into(),
            1 => cells[3] = "2011-01-01 00:00:00".into(),
            2 => cells[5] = "nobody".into(),
            3 => cells[9] = "N/A".into(),
            4 => drop(cells.pop()),
            5 => cells[0].clear(),
            6 => cells[11] = "赠送".into(),
            7 => cells[5] = format!("+86 {CANARY}"),
            8 => cells[4] = "\"a,b\"".into(),
            _ => {}
        }
        cells.join(",") + "\n"
    })
}

fn without_messages(accounts: &[FileAccount]) -> String {
    format!("{accounts:?}")
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]

    #[test]
    fn workers_change_nothing_and_accounts_close(
        files in prop::collection::vec(prop::collection::vec(line(), 0..80), 1..4),
        batch_rows in 1usize..50,
    ) {
        let sales = pos_sales(Encoding::Utf8);
        let sources = || -> Vec<_> {
            files.iter().enumerate().map(|(i, lines)| file(&format!("f{i}.csv"), format!("{SALES_HEADER}{}", lines.concat()))).collect()
        };
        let base = run_with(&sales, &sources(), batch_rows, 1, &mut KeySet::new(SEED)).unwrap();
        for workers in [2, 5] {
            let other = run_with(&sales, &sources(), batch_rows, workers, &mut KeySet::new(SEED)).unwrap();
            prop_assert_eq!(&other.rows, &base.rows);
            prop_assert_eq!(&other.quarantine, &base.quarantine);
            prop_assert_eq!(&other.accounts, &base.accounts);
        }
        // How it is cut into batches is no matter either, nor whether its keys have room in memory.
        let other = run_with(&sales, &sources(), 7, 2, &mut KeySet::within(&room(0), SEED)).unwrap();
        prop_assert_eq!(&other.rows, &base.rows);
        prop_assert_eq!(&other.accounts, &base.accounts);

        let read: u64 = base.accounts.iter().map(|a| a.read).sum();
        prop_assert_eq!(read, files.iter().map(|f| f.len() as u64).sum::<u64>());
        prop_assert!(base.accounts.iter().all(FileAccount::closes));

        // No identifier in what is stored or said.
        let said = without_messages(&base.accounts);
        prop_assert!(!said.contains(CANARY));
        for batch in [&base.rows, &base.quarantine] {
            let pretty = arrow::array::ArrayRef::from(arrow::array::make_array(arrow::array::StructArray::from(batch.clone()).into()));
            let bytes = arrow::array::Array::to_data(&pretty);
            for child in bytes.child_data() {
                for buffer in child.buffers() {
                    prop_assert!(!buffer.as_slice().windows(CANARY.len()).any(|w| w == CANARY.as_bytes()));
                }
            }
        }
    }

    #[test]
    fn no_bytes_make_it_panic_or_lose_count(bytes in prop::collection::vec(any::<u8>(), 0..400), container in 0usize..5, prefix in 0usize..4) {
        let container = [Container::Csv, Container::Ndjson, Container::Json, Container::Parquet, Container::Xlsx][container];
        let prefix: &[u8] = [b"".as_slice(), b"a,b\n", b"{\"a\":1}\n", b"[{\"a\":1},"][prefix];
        let mut data = dataset("d", container, Encoding::Utf8, vec![field("a", DataType::Integer), field("b", DataType::String).optional()]);
        data.format.accept = vec![Container::Csv, Container::Ndjson, Container::Json, Container::Parquet, Container::Xlsx];
        // `run` asserts that accounts close.
        let _ = run(&data, &[file("f", [prefix, &bytes].concat())]);
    }
}

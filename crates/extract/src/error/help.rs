//! The code of each error, and what would mend it.

use super::{ExtractError, NearestField};
use crate::spilling::SpillError;

impl ExtractError {
    /// The stable code; `docs/diagnostics/<code>.md` explains it.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Unreadable { .. } => "LW4001",
            Self::EmptyFile { .. } => "LW4002",
            Self::CutShort { .. } => "LW4003",
            Self::Damaged { .. } => "LW4004",
            Self::WrongContainer { .. } => "LW4005",
            Self::NoHeader { .. } => "LW4006",
            Self::MissingColumns { .. } => "LW4007",
            Self::DuplicateColumn { .. } => "LW4008",
            Self::InvalidBytes { .. } => "LW4009",
            Self::ColumnType { .. } => "LW4010",
            Self::RecordTooLarge { .. } => "LW4011",
            Self::UndeclaredFields { .. } => "LW4065",
            Self::LooksLikeData { .. } => "LW4066",
            Self::InvalidRule { .. } => "LW4020",
            Self::UnknownTimeZone { .. } => "LW4021",
            Self::InvalidTimeFormat { .. } => "LW4022",
            Self::UnusableColumn { .. } => "LW4023",
            Self::InvalidTreatment { .. } => "LW4024",
            Self::InvalidDelimiter { .. } => "LW4025",
            Self::InvalidValueForm { .. } => "LW4046",
            Self::Sink { .. } => "LW4030",
            Self::ExpandsTooMuch { .. } => "LW4031",
            Self::FileTooLarge { .. } => "LW4032",
            Self::FieldTooLarge { .. } => "LW4033",
            Self::TooManyColumns { .. } => "LW4034",
            Self::NestedTooDeep { .. } => "LW4035",
            Self::TooManyMembers { .. } => "LW4036",
            Self::UnsafeMember { .. } => "LW4037",
            Self::NoMember { .. } => "LW4038",
            Self::Locked { .. } => "LW4039",
            Self::HeaderQuotes { .. } => "LW4040",
            Self::FooterTooLong { .. } => "LW4041",
            Self::NoSheet { .. } => "LW4042",
            Self::SeveralSheets { .. } => "LW4125",
            Self::NotAWorkbook { .. } => "LW4126",
            Self::NoRecords { .. } => "LW4043",
            Self::UnknownPacking { .. } => "LW4044",
            Self::RuleInput { .. } => "LW4050",
            Self::FileStopped(_) => "LW4051",
            Self::RunStopped(_) => "LW4052",
            Self::RowRule { .. } => "LW4053",
            Self::Spill { .. } => SpillError::CODE,
            Self::Internal { .. } => "LW4090",
        }
    }

    /// What to do about it, one sentence.
    pub fn hint(&self) -> String {
        match self {
            Self::Unreadable { .. } => "check that the file exists and may be read, then run again".into(),
            Self::EmptyFile { .. } => "ask the channel for the export again, or take the file out of the folder".into(),
            Self::CutShort { .. } | Self::Damaged { .. } => {
                "the transfer was probably interrupted: fetch the file again; nothing of it was loaded".into()
            }
            Self::WrongContainer { .. } => {
                "if files of this kind are to be read, list it under `format: accept` of the dataset".into()
            }
            Self::NoHeader { dataset, .. } => {
                format!("the first record must name the columns as `schemas/channels/{dataset}.yaml` declares them")
            }
            Self::MissingColumns { columns, .. } => {
                match columns.iter().find_map(|c| c.nearest.as_ref().map(|n| (c, n))) {
                    Some((column, NearestField::Column(position))) => format!(
                        "if column {position} is `{}` under a new name, change `name` in the dictionary; if the column may be missing, write `optional: true`",
                        column.name
                    ),
                    Some((column, NearestField::Member)) => format!(
                        "if `{}` was renamed, change `name` in the dictionary (`lakewarden drift show` names the undeclared fields); if the column may be missing, write `optional: true`",
                        column.name
                    ),
                    None => "if the column may be missing, say `optional: true` in the dictionary".into(),
                }
            }
            Self::DuplicateColumn { .. } => "columns are found by name: give each its own".into(),
            Self::InvalidBytes { .. } => {
                "if the file is in another encoding, declare it under `format: encoding`; else export it again in one encoding".into()
            }
            Self::ColumnType { .. } => "export the column as plain values, or declare it `drop`".into(),
            Self::LooksLikeData { .. } => {
                "put the names of the columns into the first line of a copy, and run this on the copy".into()
            }
            Self::UndeclaredFields { dataset, .. } => format!(
                "`lakewarden drift show {dataset}` names them: declare them in schemas/channels/{dataset}.yaml, or list them under `ignored_fields`; nothing of the file was loaded"
            ),
            Self::RecordTooLarge { .. } => {
                "look for a quotation mark that is opened and never closed; if records are so large, raise `format: limits: record`".into()
            }
            Self::InvalidRule { .. }
            | Self::InvalidTreatment { .. }
            | Self::InvalidValueForm { .. }
            | Self::UnusableColumn { .. } => {
                "mend the dataset's entry; `lakewarden check` finds this without reading data".into()
            }
            Self::UnknownTimeZone { .. } => "write an IANA name such as `Asia/Shanghai`".into(),
            Self::InvalidTimeFormat { .. } => "write a format such as `%Y-%m-%d %H:%M:%S`".into(),
            Self::InvalidDelimiter { .. } => "write `delimiter: ','`".into(),
            Self::Sink { .. } => "see the cause; nothing was published".into(),
            Self::ExpandsTooMuch { .. } => {
                "ask the channel whether this is its export; if it is, raise `format: limits: expansion`".into()
            }
            Self::FileTooLarge { key: "held", .. } => {
                "ask for the export in smaller files, or raise `format: limits: held`; of a `memory_budget` it is at most an eighth".into()
            }
            Self::FileTooLarge { key, .. } => {
                format!("ask for the export in smaller files, or raise `format: limits: {key}`")
            }
            Self::FieldTooLarge { .. } => {
                "look for a quotation mark that is opened and never closed; if values are so large, raise `format: limits: field`".into()
            }
            Self::TooManyColumns { .. } => {
                "see that `format: delimiter` is what separates values; if there are so many, raise `format: limits: columns`".into()
            }
            Self::NestedTooDeep { .. } => "if the export is meant so, raise `format: limits: nesting`".into(),
            Self::TooManyMembers { .. } => "if the archive is meant so, raise `format: limits: members`".into(),
            Self::UnsafeMember { .. } => {
                "nothing of the archive was read: ask the channel what it is, and have it packed anew with plain names".into()
            }
            Self::NoMember { .. } => "see that `format: members` matches the names in the archive".into(),
            Self::Locked { .. } => "have the channel send it without a password, over a safe way".into(),
            Self::HeaderQuotes { .. } => {
                "correct the header; if values are never enclosed in this export, write `quote: none` under `format`".into()
            }
            Self::FooterTooLong { .. } => {
                "see that `format: footer` matches no record; if the footer is so long, raise `format: limits: footer`".into()
            }
            Self::SeveralSheets { .. } => {
                "write the name of the sheet under `format: sheet`; if all are needed, have each exported into its own file".into()
            }
            Self::NotAWorkbook { remedy, .. } => (*remedy).into(),
            Self::NoSheet { nearest: Some(nearest), .. } => {
                format!("if sheet {nearest} is the one, write its name under `format: sheet`")
            }
            Self::NoSheet { nearest: None, .. } => "write the name of its sheet under `format: sheet`".into(),
            Self::NoRecords { .. } => "write under `format: records` where the array is, such as `$.data.items`".into(),
            Self::UnknownPacking { .. } => "have the archive packed as zip programs usually do (deflate)".into(),
            Self::RuleInput { .. } => "load the dataset that the rule refers to; nothing was published".into(),
            Self::FileStopped(_) => {
                "have the file mended, or take it out of its folder; `stopped_files: set_aside` in the dataset's entry loads the others".into()
            }
            Self::RunStopped(_) => "have the file mended, or say with `on_failure` what else the rule is to do".into(),
            Self::Spill { source, .. } => source.hint().to_owned(),
            Self::RowRule { .. } => {
                "guard the expression, as with `nullif(quantity, 0)` under a division; a null passes".into()
            }
            Self::Internal { .. } => "please report it with the shape (not the content) of the file".into(),
        }
    }

    /// The file it is about, if it is about one.
    pub fn file(&self) -> Option<&str> {
        match self {
            Self::Unreadable { file, .. }
            | Self::EmptyFile { file }
            | Self::CutShort { file, .. }
            | Self::Damaged { file, .. }
            | Self::WrongContainer { file, .. }
            | Self::NoHeader { file, .. }
            | Self::MissingColumns { file, .. }
            | Self::DuplicateColumn { file, .. }
            | Self::InvalidBytes { file, .. }
            | Self::ColumnType { file, .. }
            | Self::RecordTooLarge { file, .. }
            | Self::ExpandsTooMuch { file, .. }
            | Self::FileTooLarge { file, .. }
            | Self::FieldTooLarge { file, .. }
            | Self::TooManyColumns { file, .. }
            | Self::NestedTooDeep { file, .. }
            | Self::TooManyMembers { file, .. }
            | Self::UnsafeMember { file, .. }
            | Self::NoMember { file }
            | Self::Locked { file }
            | Self::HeaderQuotes { file, .. }
            | Self::FooterTooLong { file, .. }
            | Self::NoSheet { file, .. }
            | Self::SeveralSheets { file }
            | Self::NotAWorkbook { file, .. }
            | Self::NoRecords { file, .. }
            | Self::UnknownPacking { file }
            | Self::Sink { file, .. }
            | Self::RowRule { file, .. }
            | Self::Spill { file, .. }
            | Self::LooksLikeData { file }
            | Self::Internal { file, .. } => Some(file),
            Self::FileStopped(by) | Self::RunStopped(by) => Some(&by.file),
            _ => None,
        }
    }

    /// Whether the same call may succeed later with nothing changed.
    pub fn is_retryable(&self) -> bool {
        use std::io::ErrorKind;
        matches!(
            self,
            Self::Unreadable {
                kind: ErrorKind::TimedOut
                    | ErrorKind::Interrupted
                    | ErrorKind::ConnectionReset
                    | ErrorKind::ConnectionAborted
                    | ErrorKind::BrokenPipe
                    | ErrorKind::WouldBlock,
                ..
            }
        )
    }
}

//! Faults that must stop a file or a run: for tests of whoever reads the exports.

use crate::error::{SampleError, at};
use encoding_rs::GB18030;
use std::path::{Path, PathBuf};

/// Something that makes a file unreadable.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Fault {
    /// The first file of `miniapp_events` ends in the middle of its gzip stream.
    TruncatedGzip,
    /// The first part of `app_events` has lost its footer.
    ParquetWithoutFooter,
    /// 手机号 is called 手机 in the first file of `pos_sales`.
    RenamedRequiredColumn,
    /// The first part of `crm_members` begins with data.
    MissingHeader,
    /// `products.csv` has no byte.
    EmptyFile,
    /// The folder `stores` has no file.
    EmptyFolder,
}

impl Fault {
    /// All faults.
    pub const ALL: [Fault; 6] = [
        Fault::TruncatedGzip,
        Fault::ParquetWithoutFooter,
        Fault::RenamedRequiredColumn,
        Fault::MissingHeader,
        Fault::EmptyFile,
        Fault::EmptyFolder,
    ];

    /// The dataset it is planted in.
    pub fn dataset(self) -> &'static str {
        match self {
            Fault::TruncatedGzip => "miniapp_events",
            Fault::ParquetWithoutFooter => "app_events",
            Fault::RenamedRequiredColumn => "pos_sales",
            Fault::MissingHeader => "crm_members",
            Fault::EmptyFile => "products",
            Fault::EmptyFolder => "stores",
        }
    }
}

/// Plants a fault in exports that [`crate::write`] wrote into `dir_exports`; answers the file or folder spoiled.
///
/// # Errors
/// [`SampleError::NothingToSpoil`] if the dataset has no file, [`SampleError::Io`].
pub fn plant(dir_exports: &Path, fault: Fault) -> Result<PathBuf, SampleError> {
    let folder = dir_exports.join(fault.dataset());
    let path = first_file(&folder)?;
    let bytes = std::fs::read(&path).map_err(at(&path))?;
    let spoiled = match fault {
        Fault::TruncatedGzip => bytes[..bytes.len() / 2].to_vec(),
        // The footer's length and the magic bytes are the last eight; the footer stands before them.
        Fault::ParquetWithoutFooter => bytes[..bytes.len().saturating_sub(200)].to_vec(),
        Fault::RenamedRequiredColumn => {
            // The file may be the one that is in UTF-8.
            let utf8 = std::str::from_utf8(&bytes).is_ok();
            let encode = |text: &'static str| {
                if utf8 { text.as_bytes().into() } else { GB18030.encode(text).0 }
            };
            let (before, now) = (encode("手机号"), encode("手机"));
            let place = bytes.windows(before.len()).position(|window| window == before.as_ref());
            let place = place.ok_or_else(|| SampleError::NothingToSpoil { path: path.clone() })?;
            [&bytes[..place], now.as_ref(), &bytes[place + before.len()..]].concat()
        }
        Fault::MissingHeader => {
            let end = bytes.iter().position(|byte| *byte == b'\n').map_or(0, |end| end + 1);
            bytes[end..].to_vec()
        }
        Fault::EmptyFile => Vec::new(),
        Fault::EmptyFolder => {
            for entry in std::fs::read_dir(&folder).map_err(at(&folder))? {
                let path = entry.map_err(at(&folder))?.path();
                std::fs::remove_file(&path).map_err(at(&path))?;
            }
            return Ok(folder);
        }
    };
    std::fs::write(&path, spoiled).map_err(at(&path))?;
    Ok(path)
}

/// The file whose name sorts first.
fn first_file(folder: &Path) -> Result<PathBuf, SampleError> {
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder).map_err(at(folder))? {
        files.push(entry.map_err(at(folder))?.path());
    }
    files.sort();
    files.into_iter().next().ok_or_else(|| SampleError::NothingToSpoil { path: folder.to_path_buf() })
}

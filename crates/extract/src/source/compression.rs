//! gzip and zstd, recognised from their first bytes.

use super::counted::{Allowance, Counted, Expanding};
use super::fill;
use flate2::bufread::MultiGzDecoder;
use lakewarden_dictionary::Limits;
use std::io::{self, BufReader, Cursor, Read};
use std::sync::atomic::Ordering;

const BUFFER: usize = 256 * 1024;
const GZIP: [u8; 2] = [0x1f, 0x8b];
const ZSTD: [u8; 4] = [0x28, 0xb5, 0x2f, 0xfd];

/// Whether bytes begin as those of a compressed stream do.
pub(crate) fn is_compressed(head: &[u8]) -> bool {
    head.starts_with(&GZIP) || head.starts_with(&ZSTD)
}

/// What is left when the compression is off.
pub(crate) struct Unpacked {
    pub stream: Box<dyn Read + Send>,
    /// Whether there was one.
    pub compressed: bool,
}

/// Takes the compression off, if there is one. All gzip members and zstd frames are read; a stream
/// without its end mark is [`super::fault::ReadFault::CutShort`], not a short file. What comes out is held against
/// what went in.
pub(crate) fn decompressed(mut raw: impl Read + Send + 'static, limits: &Limits) -> io::Result<Unpacked> {
    let mut head = Vec::with_capacity(4);
    fill(&mut raw, &mut head, 4)?;
    let gzip = head.starts_with(&GZIP);
    let zstd = head.starts_with(&ZSTD);
    let whole = Cursor::new(head).chain(raw);
    if !gzip && !zstd {
        return Ok(Unpacked { stream: Box::new(whole), compressed: false });
    }
    let (counted, count) = Counted::new(whole);
    let packed = BufReader::with_capacity(BUFFER, counted);
    let taken = Box::new(move || count.load(Ordering::Relaxed));
    let allowance = Allowance::streamed(limits);
    let stream: Box<dyn Read + Send> = if gzip {
        Box::new(Expanding { inner: MultiGzDecoder::new(packed), what: "gzip", allowance, taken, given: 0 })
    } else {
        let inner = zstd::stream::read::Decoder::with_buffer(packed)?;
        Box::new(Expanding { inner, what: "zstd", allowance, taken, given: 0 })
    };
    Ok(Unpacked { stream, compressed: true })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::super::fault::{ReadFault, fault_of};
    use super::*;
    use std::io::Write;

    fn gzip(text: &[u8]) -> Vec<u8> {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        encoder.write_all(text).unwrap();
        encoder.finish().unwrap()
    }

    fn read(bytes: Vec<u8>) -> io::Result<Vec<u8>> {
        let mut out = Vec::new();
        decompressed(Cursor::new(bytes), &Limits::default())?.stream.read_to_end(&mut out)?;
        Ok(out)
    }

    #[test]
    fn each_is_recognised_and_members_are_joined() {
        let text = b"a,b\n1,2\n".repeat(1000);
        assert_eq!(read(text.clone()).unwrap(), text);
        assert_eq!(read(gzip(&text)).unwrap(), text);
        assert_eq!(read(zstd::encode_all(&text[..], 1).unwrap()).unwrap(), text);
        assert_eq!(read([gzip(b"a,b\n"), gzip(b"1,2\n")].concat()).unwrap(), b"a,b\n1,2\n");
        assert_eq!(read(Vec::new()).unwrap(), b"");
    }

    #[test]
    fn a_cut_stream_is_not_a_short_file() {
        let text: Vec<u8> = (0..100_000u32).flat_map(u32::to_le_bytes).collect();
        for (bytes, what) in [(gzip(&text), "gzip"), (zstd::encode_all(&text[..], 1).unwrap(), "zstd")] {
            for keep in [5, bytes.len() / 2, bytes.len() - 1] {
                let error = read(bytes[..keep].to_vec()).unwrap_err();
                assert_eq!(fault_of(&error), Some(ReadFault::CutShort(what)), "{what} cut at {keep}");
            }
        }
        let mut broken = gzip(&text);
        let middle = broken.len() / 2;
        broken[middle..middle + 64].fill(0xff);
        assert!(matches!(
            fault_of(&read(broken).unwrap_err()),
            Some(ReadFault::Damaged("gzip") | ReadFault::CutShort("gzip"))
        ));
    }
}

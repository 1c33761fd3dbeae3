//! The rooms of `curtain` that read hostile bytes, without the detectors and the vault, and what the targets share.

use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind, set_hook};
use std::sync::{Mutex, PoisonError};

use geometry::Size;
use libfuzzer_sys::fuzzer_mutate;
use metadata::{Inspected, audit};
use picture::{Chroma, Encoding, JpegQuality, Limits, Picture};

#[expect(dead_code, reason = "the vault, which is not here, uses more of it")]
#[path = "../../../core/curtain/src/consent/mod.rs"]
pub mod consent;
#[path = "../../../core/curtain/src/geometry.rs"]
pub mod geometry;
#[path = "../../../core/curtain/src/hash.rs"]
pub mod hash;
#[expect(dead_code, reason = "the vault, which is not here, uses more of it")]
#[path = "../../../core/curtain/src/keys/mod.rs"]
pub mod keys;
#[path = "../../../core/curtain/src/ledger/mod.rs"]
pub mod ledger;
#[path = "../../../core/curtain/src/metadata/mod.rs"]
pub mod metadata;
#[path = "../../../core/curtain/src/picture/mod.rs"]
pub mod picture;
#[path = "../../../core/curtain/src/receipt/mod.rs"]
pub mod receipt;
#[path = "../../../core/curtain/src/seal/mod.rs"]
pub mod seal;
#[path = "../../../core/curtain/src/spoken.rs"]
pub mod spoken;
#[path = "../../../core/curtain/src/story/mod.rs"]
pub mod story;
#[path = "../../../core/curtain/src/time.rs"]
pub mod time;

pub mod circle;
pub mod folder;
pub mod samples;

/// 4 megapixels and 64 MiB: large enough for every way through the decoders, small enough for speed.
pub const LIMITS: Limits = Limits { pixels: 4_000_000, decode_bytes: 64 << 20, file_bytes: 1 << 20 };

/// The picture that [`clean`] shows: odd sides that differ, so that a mix-up of the two is seen.
pub const CLEAN_SIZE: Size = Size { width: 13, height: 9 };

/// [PNG, third edition, 5.2]
const PNG_SIGNATURE: &[u8; 8] = b"\x89PNG\r\n\x1a\n";

/// Chunks that [`with_part`] adds; the last one is private.
const CHUNKS: [&[u8; 4]; 10] =
    [b"IHDR", b"PLTE", b"IDAT", b"IEND", b"tEXt", b"iCCP", b"eXIf", b"tIME", b"acTL", b"prVt"];

/// What the last panic said, should it turn out to escape.
static LAST_PANIC: Mutex<String> = Mutex::new(String::new());

/// Notes panics instead of aborting on them as libFuzzer's hook does: the library may catch its own.
pub fn hush() {
    set_hook(Box::new(|panic| {
        *LAST_PANIC.lock().unwrap_or_else(PoisonError::into_inner) = panic.to_string();
    }));
}

/// Runs one case. A panic that leaves it is printed and passed on, which ends the process.
pub fn watch<T>(case: impl FnOnce() -> T) -> T {
    catch_unwind(AssertUnwindSafe(case)).unwrap_or_else(|escaped| {
        eprintln!("{}", LAST_PANIC.lock().unwrap_or_else(PoisonError::into_inner));
        resume_unwind(escaped)
    })
}

/// One step of a custom mutator: puts `made` in place of `file`, whose first `size` bytes are in use, or changes
/// these if nothing was made or it does not fit. Gives how many are in use then.
pub fn mutated(file: &mut [u8], size: usize, max_size: usize, made: Option<Vec<u8>>) -> usize {
    match made.filter(|made| made.len() <= max_size) {
        Some(made) => {
            file[..made.len()].copy_from_slice(&made);
            made.len()
        }
        None => fuzzer_mutate(file, size, max_size),
    }
}

/// `text` with one sign more, or another one, as `choice` says: another value, or another way to write the same.
/// Mutations of single bytes seldom make either.
#[must_use]
pub fn with_sign(text: &[u8], choice: u32) -> Vec<u8> {
    const SIGNS: &[u8; 16] = b"0129af \n\"\\+.,:=/";
    let sign = SIGNS[(choice & 15) as usize];
    let (before, behind) = text.split_at((choice >> 5) as usize % (text.len() + 1));
    let behind = if choice & 16 == 0 { behind } else { behind.get(1..).unwrap_or_default() };
    [before, &[sign], behind].concat()
}

/// `bytes` as text, to be put where any text can stand.
#[must_use]
pub fn words(bytes: &[u8]) -> String {
    String::from_utf8_lossy(&bytes[..bytes.len().min(400)]).into_owned()
}

/// The size that a picture must have once it was decoded and turned upright.
#[must_use]
pub fn upright_size(inspected: &Inspected) -> Size {
    let stored = Size::new(inspected.width, inspected.height);
    if inspected.orientation.swaps_sides() { stored.swapped() } else { stored }
}

/// Whether the audit passes `bytes` as a picture of `size`.
#[must_use]
pub fn passes(bytes: &[u8], size: Size) -> bool {
    audit(bytes.to_vec(), size.width, size.height).is_ok()
}

/// A file that passes the audit, for mutations to start from; `variant` chooses among a few.
///
/// # Panics
/// If a picture cannot be encoded, or fails the audit.
#[must_use]
pub fn clean(variant: u32) -> Vec<u8> {
    let bytes = CLEAN_SIZE.width * CLEAN_SIZE.height * 3;
    let rgb = (0..bytes).map(|at| (at.wrapping_mul(variant >> 2) % 251) as u8).collect();
    let picture = Picture::from_rgb(CLEAN_SIZE, rgb).expect("three bytes for each pixel");
    let quality = JpegQuality::new(50).expect("within 1..=100");
    let encoding = match variant % 4 {
        0 => Encoding::Jpeg { quality, chroma: Chroma::Full },
        1 => Encoding::Jpeg { quality, chroma: Chroma::Quarter },
        _ => Encoding::Png,
    };
    let file = picture::encode(&picture, encoding).expect("a small picture can be encoded");
    assert!(passes(&file, CLEAN_SIZE), "an encoded picture passes the audit");
    file
}

/// Corrects the checksums of a PNG, which no mutation would ever guess; other bytes stay as they are.
pub fn mend_checksums(file: &mut [u8]) {
    let Some((signature, mut rest)) = file.split_first_chunk_mut::<8>() else { return };
    if signature != PNG_SIGNATURE {
        return;
    }
    while let Some((length, behind)) = rest.split_first_chunk_mut::<4>() {
        let Some(checked) = (u32::from_be_bytes(*length) as usize).checked_add(4) else { return };
        let Some((checked, behind)) = behind.split_at_mut_checked(checked) else { return };
        let Some((sum, behind)) = behind.split_first_chunk_mut::<4>() else { return };
        *sum = crc32fast::hash(checked).to_be_bytes();
        rest = behind;
    }
}

/// `file` with one more part at a seam between two: a segment of a JPEG, a chunk of a PNG. Which, how
/// long and where follows from `choice`. Mutations of single bytes hardly ever hit all three.
#[must_use]
pub fn with_part(file: &[u8], choice: u32) -> Vec<u8> {
    let [place, kind, length, content] = choice.to_le_bytes();
    let length = length % 32;
    let body = vec![content; usize::from(length)];
    let part = if file.starts_with(PNG_SIGNATURE) {
        let name = CHUNKS[usize::from(kind) % CHUNKS.len()];
        [&[0, 0, 0, length], &name[..], &body, &[0; 4]].concat()
    } else {
        // All markers from SOF0 on. [ITU-T T.81, table B.1]
        [&[0xFF, 0xC0 | kind, 0, 2 + length], &body[..]].concat()
    };
    let seams = seams(file);
    let (before, behind) = file.split_at(seams[usize::from(place) % seams.len()]);
    [before, &part, behind].concat()
}

/// Where a part can be added; the end of the file is always among them.
fn seams(file: &[u8]) -> Vec<usize> {
    let png = file.starts_with(PNG_SIGNATURE);
    let mut seams = vec![file.len()];
    let mut at = if png { PNG_SIGNATURE.len() } else { 2 };
    while let Some(&[a, b, c, d]) = file.get(at..).and_then(<[u8]>::first_chunk) {
        seams.push(at);
        at += match (png, a) {
            (true, _) => u32::from_be_bytes([a, b, c, d]) as usize + 12,
            (false, 0xFF) => usize::from(u16::from_be_bytes([c, d])) + 2,
            (false, _) => break,
        };
    }
    seams
}

//! The rooms of `curtain` that read hostile bytes, without the detectors, and what the targets share.

use std::panic::{catch_unwind, resume_unwind, set_hook};
use std::sync::{Mutex, PoisonError};

use geometry::Size;
use metadata::{Inspected, audit};
use picture::{Chroma, Encoding, JpegQuality, Limits, Picture};

#[path = "../../../core/curtain/src/geometry.rs"]
pub mod geometry;
#[path = "../../../core/curtain/src/metadata/mod.rs"]
pub mod metadata;
#[path = "../../../core/curtain/src/picture/mod.rs"]
pub mod picture;

/// 4 megapixels and 64 MiB: large enough for every way through the decoders, small enough for speed.
pub const LIMITS: Limits = Limits { pixels: 4_000_000, decode_bytes: 64 << 20, file_bytes: 1 << 20 };

/// The picture that [`clean`] shows: odd sides that differ, so that a mix-up of the two is seen.
pub const CLEAN_SIZE: Size = Size { width: 13, height: 9 };

/// What the last panic said, should it turn out to escape.
static LAST_PANIC: Mutex<String> = Mutex::new(String::new());

/// Notes panics instead of aborting on them as libFuzzer's hook does: the library may catch its own.
pub fn hush() {
    set_hook(Box::new(|panic| {
        *LAST_PANIC.lock().unwrap_or_else(PoisonError::into_inner) = panic.to_string();
    }));
}

/// Runs one case. A panic that leaves it is printed and passed on, which ends the process.
pub fn watch(case: impl FnOnce() + std::panic::UnwindSafe) {
    if let Err(escaped) = catch_unwind(case) {
        eprintln!("{}", LAST_PANIC.lock().unwrap_or_else(PoisonError::into_inner));
        resume_unwind(escaped);
    }
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
    let rgb = (0..bytes).map(|at| (at * (variant >> 2) % 251) as u8).collect();
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
    let Some((signature, mut rest)) = file.split_first_chunk_mut() else { return };
    if signature != b"\x89PNG\r\n\x1a\n" {
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

//! Bytes that mean harm: no prefix, no mutation and no crowd of pieces may panic or take long.

use std::time::{Duration, Instant};

use super::samples::{
    full_gif, full_jpeg, full_png, full_tiff, full_webp, jpeg, overlapping_tiff, segment, small_jpeg,
};
use super::{InspectError, colour_profile, inspect, values};

fn full_files() -> [Vec<u8>; 4] {
    let trailing = [full_jpeg(), small_jpeg(), b"\0\0\0\x14ftypmp42\0\0\0\0isom".to_vec()].concat();
    [trailing, full_png(&full_tiff()), full_webp(&full_tiff()), full_gif()]
}

/// Everything that this room does with a file.
fn use_all(bytes: &[u8]) {
    let inspected = inspect(bytes);
    if let Ok(inspected) = &inspected {
        assert!(inspected.width > 0 && inspected.height > 0);
        for leak in &inspected.leaks {
            assert!(leak.place.is_ascii(), "places hold nothing from the file");
        }
    }
    for error in [inspected.err(), colour_profile(bytes).err(), values(bytes).err()].into_iter().flatten() {
        assert!(!error.to_string().is_empty());
    }
}

/// Marsaglia's xorshift: small, fixed, good enough to damage files with.
struct Xorshift(u64);

impl Xorshift {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    fn below(&mut self, limit: usize) -> usize {
        let limit = u64::try_from(limit.max(1)).expect("samples are small");
        usize::try_from(self.next() % limit).expect("below a usize")
    }
}

#[test]
fn every_prefix_is_survived() {
    for file in full_files() {
        for end in 0..file.len() {
            use_all(file.get(..end).expect("end is within"));
        }
    }
}

#[test]
fn mutations_are_survived() {
    let mut random = Xorshift(0x2545_F491_4F6C_DD1D);
    for original in full_files() {
        for _ in 0..10_000 {
            let mut file = original.clone();
            for _ in 0..=random.below(6) {
                damage(&mut file, &mut random);
            }
            use_all(&file);
        }
    }
}

/// Overwrites, removes, repeats or moves a few bytes.
fn damage(file: &mut Vec<u8>, random: &mut Xorshift) {
    let at = random.below(file.len());
    let end = (at + random.below(16)).min(file.len());
    let piece: Vec<u8> = file.get(at..end).unwrap_or_default().to_vec();
    match random.below(5) {
        0 => {
            file.drain(at..end);
        }
        1 => {
            file.splice(at..at, piece);
        }
        2 => {
            let to = random.below(file.len());
            file.splice(to..to, piece);
        }
        _ => {
            // Extreme numbers are the likeliest to hurt.
            let value = *[0x00, 0xFF, 0x7F, 0x80].get(random.below(5)).unwrap_or(&0x21);
            if let Some(byte) = file.get_mut(at) {
                *byte = value;
            }
        }
    }
}

#[test]
fn crowds_of_pieces_take_no_more_time_than_their_bytes() {
    let exif = segment(0xE1, &[b"Exif\0\0".to_vec(), overlapping_tiff()].concat());
    let crowds = [
        // A second image that never is one, again and again.
        [small_jpeg(), b"\xFF\xD8\xFF\xE0\0\x02".repeat(500_000)].concat(),
        [small_jpeg(), b"\xFF\xD8\xFF".repeat(1_000_000)].concat(),
        [small_jpeg(), small_jpeg().repeat(60_000)].concat(),
        [small_jpeg(), b"\0\0\0\x10ftyp".repeat(400_000)].concat(),
        jpeg(&exif.repeat(200)),
        jpeg(&segment(0xFE, b"").repeat(700_000)),
        jpeg(&b"\xFF\x00".repeat(1_500_000)),
        jpeg(&segment(0xE1, b"http://ns.adobe.com/xap/1.0/\0::::::").repeat(60_000)),
    ];
    for (number, file) in crowds.iter().enumerate() {
        let started = Instant::now();
        use_all(file);
        let took = started.elapsed();
        assert!(took < Duration::from_secs(5), "crowd {number} took {took:?}");
    }
}

#[test]
fn foreign_files_are_refused_everywhere() {
    for bytes in [&b""[..], b"BM", b"\0\0\0\x18ftypheic\0\0\0\0mif1heic", b"%PDF-1.7"] {
        assert!(matches!(inspect(bytes), Err(InspectError::Refused(_))));
        assert!(matches!(colour_profile(bytes), Err(InspectError::Refused(_))));
        assert!(matches!(values(bytes), Err(InspectError::Refused(_))));
    }
}

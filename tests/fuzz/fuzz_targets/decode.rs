//! Inspection and decoding, which must agree on the size. A panic of a codec stays in the library.
#![no_main]

use curtain_fuzz::{LIMITS, hush, metadata, picture, upright_size, watch};
use libfuzzer_sys::fuzz_target;

fuzz_target!(init: hush(), |bytes: &[u8]| watch(|| {
    let Ok(inspected) = metadata::inspect(bytes) else { return };
    let Ok(decoded) = picture::decode(bytes, &inspected, &LIMITS) else { return };
    let size = decoded.picture.size();
    assert_eq!(size, upright_size(&inspected));
    assert_eq!(decoded.picture.rgb().len() as u64, size.pixels() * 3);
}));

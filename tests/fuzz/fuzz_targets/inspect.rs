//! Everything that reads a file's metadata, on any bytes.
#![no_main]

use curtain_fuzz::metadata::{MAX_PROFILE_BYTES, MAX_TEXT_CHARS, MAX_VALUES, Sniffed};
use curtain_fuzz::metadata::{colour_profile, inspect, sniff, values};
use curtain_fuzz::{hush, watch};
use libfuzzer_sys::fuzz_target;

fuzz_target!(init: hush(), |bytes: &[u8]| watch(|| {
    let known = matches!(sniff(bytes), Sniffed::Known(_));
    let (seen, profile, texts) = (inspect(bytes), colour_profile(bytes), values(bytes));
    assert!(known || (seen.is_err() && profile.is_err() && texts.is_err()), "only what is known is read");

    if let Ok(seen) = seen {
        assert!(seen.width > 0 && seen.height > 0, "a picture has pixels");
        assert!(seen.leaks.iter().all(|leak| is_plain(&leak.place)), "places hold nothing of the file");
    }
    if let Ok(Some(profile)) = profile {
        assert!(profile.len() <= MAX_PROFILE_BYTES);
    }
    let texts = texts.unwrap_or_default();
    assert!(texts.len() <= MAX_VALUES);
    for value in texts {
        assert!(value.text.chars().count() <= MAX_TEXT_CHARS);
        assert!(is_plain(&value.text) && is_plain(&value.name), "no text steers a terminal");
    }
}));

fn is_plain(text: &str) -> bool {
    !text.contains(char::is_control)
}

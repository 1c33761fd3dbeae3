//! Case texts: no text panics the scanner, spans lie between characters and apart, everything else stays byte for
//! byte, and what was replaced reads clean.
#![no_main]

use curtain_fuzz::story::{Country, Known, KnownTerm, Locale, apply, scan};
use curtain_fuzz::{hush, mutated, samples, watch};
use libfuzzer_sys::{fuzz_mutator, fuzz_target};

fuzz_target!(init: hush(), |bytes: &[u8]| watch(|| {
    let Ok(text) = str::from_utf8(bytes) else { return };
    let locale = Locale::new(Country::new(if bytes.len() % 2 == 0 { "US" } else { "IN" }), 2026);
    let mut known = Known::default();
    let _ = known.add(KnownTerm::Name, text.get(..text.len().min(12)).unwrap_or("Asha Devi"));
    let _ = known.add(KnownTerm::Number, "0803 555 0192");
    let findings = scan(text, locale, &known);
    let mut last = 0;
    for finding in &findings.found {
        assert!(last <= finding.span.start && finding.span.start < finding.span.end);
        let unit = |byte: usize| text[..byte].encode_utf16().count();
        assert_eq!(finding.utf16, unit(finding.span.start)..unit(finding.span.end));
        assert!((0.0..=1.0).contains(&finding.confidence));
        assert!(finding.why.cue.as_ref().is_none_or(|cue| text.get(cue.clone()).is_some()));
        last = finding.span.end;
    }
    for warning in &findings.warnings {
        assert!(text.get(warning.span.clone()).is_some());
    }
    let clean = apply(text, &findings);
    let first = findings.found.first().map_or(text.len(), |finding| finding.span.start);
    assert!(clean.starts_with(&text[..first]));
    assert!(clean.ends_with(&text[last..]));
    assert!(scan(&clean, locale, &known).found.is_empty());
}));

fuzz_mutator!(|file: &mut [u8], size: usize, max_size: usize, seed: u32| {
    watch(|| mutate(file, size, max_size, seed))
});

fn mutate(file: &mut [u8], size: usize, max_size: usize, seed: u32) -> usize {
    let made = match seed % 4 {
        0 => Some(samples::story(seed >> 4)),
        1 => Some([&file[..size], &samples::story(seed >> 4)].concat()),
        _ => None,
    };
    mutated(file, size, max_size, made)
}

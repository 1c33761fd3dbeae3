//! What the consent log reads in small. What is read writes back as it was, and can be shown.
#![no_main]

use curtain_fuzz::consent::signature::{
    MAX_AUDIO_BYTES, MAX_PNG_SIDE, MIN_AUDIO_BYTES, SignatureForm, check, check_audio,
};
use curtain_fuzz::consent::wording::{Fill, render, templates};
use curtain_fuzz::consent::{ConsentRecord, Level, Standing, WithdrawalCode};
use curtain_fuzz::hash::Sha256;
use curtain_fuzz::ledger::leaf::{Leaf, Place};
use curtain_fuzz::time::UnixTime;
use curtain_fuzz::{hush, mend_checksums, mutated, samples, watch, with_sign, words};
use libfuzzer_sys::{fuzz_mutator, fuzz_target};

fuzz_target!(init: hush(), |bytes: &[u8]| watch(|| {
    leaf(bytes);
    consent(bytes);
    marks(bytes);
    if let Ok(text) = str::from_utf8(bytes) {
        short(text);
    }
}));

fn leaf(bytes: &[u8]) {
    let Ok(leaf) = Leaf::parse(bytes) else { return };
    assert_eq!(leaf.canonical(), bytes);
    shown(leaf.at);
    assert!(str::from_utf8(bytes).is_ok_and(|text| text.contains(leaf.event.kind())));
    assert!(leaf.event.consent().is_none_or(|id| id.to_string().parse() == Ok(id)));
    assert_eq!(leaf.log.to_string().parse(), Ok(leaf.log));
}

fn consent(bytes: &[u8]) {
    let record = match ConsentRecord::reopen(bytes) {
        Ok(record) => record,
        Err(error) => return assert!(is_plain(&error.to_string())),
    };
    assert_eq!(record.details(), bytes);
    let (given, expires) = (record.given_at(), record.expires());
    assert!(record.to_draft().complete(record.id(), given).is_ok_and(|again| again == record));
    // A complete consent is live while it lasts, and covers what was shown for what was agreed.
    for now in [given, expires] {
        assert_eq!(record.standing(now, None), Standing::Live);
        let shown: Vec<Sha256> = record.objects().iter().map(|object| object.sha256).collect();
        assert_eq!(record.covers(Level::CareAdvice, &shown, now, None), Ok(()));
        assert_eq!(record.covers(record.level(), &shown, now, None), Ok(()));
        assert!(record.covers(record.level(), &shown, now, Some(given)).is_err());
    }
    for name in [record.patient(), record.discloser()] {
        assert!(is_plain(name), "a name is on one line");
    }
    // Sixteen numbers in decimal, and the words around them.
    assert!(format!("{record:?}").len() < 130, "its random name is all that is shown of it");
    let draft = record.to_draft();
    let fill = Fill::of(&draft).expect("a complete consent fills every template");
    for template in templates() {
        let wording = render(template, &fill);
        assert_eq!(wording.sha256, Sha256::of(wording.text.as_bytes()));
    }
    shown(given);
    shown(expires);
}

fn marks(bytes: &[u8]) {
    match check(bytes) {
        Ok(SignatureForm::Png) => {
            let side =
                |at| bytes.get(at..).and_then(<[u8]>::first_chunk).map(|side| u32::from_be_bytes(*side));
            let fits = |side: Option<u32>| side.is_some_and(|side| (1..=MAX_PNG_SIDE).contains(&side));
            assert!(fits(side(16)) && fits(side(20)));
        }
        Ok(SignatureForm::Strokes) => assert!(bytes.contains(&b',')),
        Err(error) => assert!(is_plain(&error.to_string())),
    }
    match check_audio(bytes) {
        Ok(_) => assert!((MIN_AUDIO_BYTES..=MAX_AUDIO_BYTES).contains(&bytes.len())),
        Err(error) => assert!(is_plain(&error.to_string())),
    }
}

fn short(text: &str) {
    match WithdrawalCode::parse(text) {
        Ok(code) => {
            let again = WithdrawalCode::parse(&code.printed());
            assert!(again.is_ok_and(|again| again.sha256() == code.sha256()));
            assert_eq!(code.printed().len(), 34);
        }
        Err(error) => assert!(is_plain(&error.to_string())),
    }
    if let Ok(place) = text.parse::<Place>() {
        assert_eq!(place.to_string().parse(), Ok(place));
    }
    if let Ok(moment) = text.parse() {
        shown(moment);
    }
}

/// A moment that can be shown reads back as the same.
fn shown(moment: UnixTime) {
    assert_eq!(moment.to_string().parse(), Ok(moment));
    let midnight = moment.date().parse::<UnixTime>().expect("a date alone is a moment");
    assert!(midnight <= moment && moment < midnight.plus_days(1).plus_second());
    assert!(moment.plus_days(u32::MAX).plus_second().to_string().starts_with("9999-12-30T22:00:00"));
}

fn is_plain(text: &str) -> bool {
    !text.contains(char::is_control)
}

fuzz_mutator!(|file: &mut [u8], size: usize, max_size: usize, seed: u32| {
    watch(|| mutate(file, size, max_size, seed))
});

fn mutate(file: &mut [u8], size: usize, max_size: usize, seed: u32) -> usize {
    let choice = seed >> 4;
    let made = match seed % 16 {
        0 => Some(samples::record(choice, &words(&file[..size]))),
        1 => Some(with_sign(&samples::record(choice >> 16, &words(&file[..size])), choice)),
        2..=4 => Some(with_sign(&file[..size], choice)),
        _ => None,
    };
    let size = mutated(file, size, max_size, made);
    mend_checksums(&mut file[..size]);
    size
}

//! Headers, and what is inside: bodies with their manifests, and events; heads and profiles. What is read writes back the same and keeps its
//! limits; nobody's signature is forged.
#![no_main]

use std::sync::LazyLock;

use curtain_fuzz::{circle, hush, mutated, watch, with_sign, words};
use curtain_wire::canonical;
use curtain_wire::credential::Profile;
use curtain_wire::events::{Body, EventBody, Manifest, PictureClass, PictureDecision, PictureKeep};
use curtain_wire::head::LogHead;
use curtain_wire::header::{Content, Header, MAX_EVENT_BYTES, MAX_OBJECTS, ObjectKind, Post, WRAP_BYTES};
use curtain_wire::padme::{is_sealed_len, sealed_len};
use curtain_wire::statement::{PublicKey, Signed};
use libfuzzer_sys::{fuzz_mutator, fuzz_target};

static HEADERS: LazyLock<Vec<Signed<Header>>> = LazyLock::new(circle::headers);
static KEY: LazyLock<PublicKey> = LazyLock::new(|| circle::key(circle::AUTHOR_KEY));
static MANIFEST: LazyLock<Signed<Manifest>> = LazyLock::new(|| circle::body("").manifest);

fuzz_target!(init: hush(), |bytes: &[u8]| watch(|| {
    header(bytes);
    manifest(bytes);
    body(bytes);
    event(bytes);
    head(bytes);
    profile(bytes);
}));

fn head(bytes: &[u8]) {
    let Ok(text) = str::from_utf8(bytes) else { return };
    if let Ok(head) = text.parse::<LogHead>() {
        assert_eq!(head.to_string(), text);
    }
}

fn profile(bytes: &[u8]) {
    if let Ok(profile) = Profile::parse(bytes) {
        assert_eq!(canonical::to_bytes(&profile), bytes);
    }
}

fn header(bytes: &[u8]) {
    let Ok(signed) = Signed::<Header>::parse(bytes) else { return };
    assert_eq!(signed.to_bytes(), bytes);
    if signed.verify(&KEY).is_ok() {
        assert!(HEADERS.contains(&signed), "nobody signed this");
    }
    let header = signed.body();
    if let Err(error) = header.check() {
        return plain(error.code(), &error.to_string());
    }
    assert_eq!(header.seq == 0, header.prev.is_none());
    assert!(header.membership.size > header.epoch + 1);
    if let Some((wrap, _)) = header.content.wrap() {
        assert!(wrap.0.len() == WRAP_BYTES && wrap.0[0] == 1);
    }
    assert_eq!(header.content.about().is_none(), matches!(header.content, Content::Post(_)));
    match &header.content {
        Content::Post(post) => checked_post(post),
        Content::Event(event) => {
            assert!(event.body.0.len() <= MAX_EVENT_BYTES && is_sealed_len(event.body.0.len() as u64));
        }
        Content::Withdrawal(withdrawal) => {
            let Content::Post(post) = &HEADERS[0].body().content else { return };
            let good = withdrawal.code.is_some_and(|code| code.check(post.withdrawal).is_ok());
            assert_eq!(good, withdrawal.code.is_some_and(|code| code.0 == [5; 16]));
        }
    }
}

fn checked_post(post: &Post) {
    assert!((1..=MAX_OBJECTS).contains(&post.objects.len()));
    for (index, object) in post.objects.iter().enumerate() {
        assert_eq!(index == 0, object.kind == ObjectKind::Body);
        assert!(is_sealed_len(object.size) && Some(object.size) <= sealed_len(object.kind.max_bytes()));
    }
    assert_eq!(post.last_day().expect("a date").date(), post.delete_after);
    let Content::Post(right) = &HEADERS[0].body().content else { return };
    let log = curtain_fuzz::samples::key().verifier();
    let witness = curtain_fuzz::samples::witness_key();
    match post.consent.cosigned(log, &[witness]) {
        Ok(cosigned) => {
            // The log has eleven leaves, and each is proven at its place alone.
            assert_eq!(cosigned.checkpoint.size, 11);
            assert_eq!((post.consent.n == right.consent.n), (post.consent.leaf == right.consent.leaf));
        }
        Err(error) => plain(error.code(), &error.to_string()),
    }
}

fn manifest(bytes: &[u8]) {
    let Ok(signed) = Signed::<Manifest>::parse(bytes) else { return };
    assert_eq!(signed.to_bytes(), bytes);
    if signed.verify(&KEY).is_ok() {
        assert_eq!(signed, *MANIFEST);
    }
    checked_manifest(signed.body());
}

fn checked_manifest(manifest: &Manifest) {
    if let Err(error) = manifest.check() {
        return plain(error.code(), &error.to_string());
    }
    for finding in manifest.pictures.iter().flat_map(|picture| &picture.findings) {
        assert!(finding.score <= 1_000 && finding.r#box.width > 0 && finding.r#box.height > 0);
        if let (PictureClass::Face, PictureDecision::Keep { reason }) = (finding.class, finding.decision) {
            assert_eq!(reason, PictureKeep::NothingThere);
        }
    }
}

fn body(bytes: &[u8]) {
    let header = HEADERS[0].body();
    match Body::parse(bytes, header, &KEY) {
        Ok(body) => {
            assert_eq!(body.to_bytes(), bytes);
            assert_eq!(body.manifest, *MANIFEST);
            assert!(body.fits(HEADERS[1].body()).is_err());
        }
        Err(error) => plain(error.code(), &error.to_string()),
    }
    // Without the signature of the manifest, more is reached.
    let Ok(body) = serde_json::from_slice::<Body>(bytes) else { return };
    checked_manifest(body.manifest.body());
    if body.check().is_ok() {
        let manifest = body.manifest.body();
        assert_eq!((manifest.post, manifest.author), (body.post, body.author));
        assert_eq!(manifest.pictures.len(), body.pictures.len());
    }
    if let (Ok(()), Content::Post(post)) = (body.fits(header), &header.content) {
        let named =
            |picture: &curtain_wire::events::PicturePlace| 1 + usize::from(picture.thumbnail.is_some());
        assert_eq!(1 + body.pictures.iter().map(named).sum::<usize>(), post.objects.len());
    }
}

fn event(bytes: &[u8]) {
    match EventBody::parse(bytes) {
        Ok(event) => {
            assert_eq!(event.to_bytes(), bytes);
            assert_eq!(event.check(), Ok(()));
        }
        Err(error) => plain(error.code(), &error.to_string()),
    }
}

fn plain(code: &str, message: &str) {
    assert!(!code.is_empty() && !message.contains(char::is_control));
}

fuzz_mutator!(|file: &mut [u8], size: usize, max_size: usize, seed: u32| {
    watch(|| mutate(file, size, max_size, seed))
});

fn mutate(file: &mut [u8], size: usize, max_size: usize, seed: u32) -> usize {
    let choice = seed >> 4;
    let made = match seed % 16 {
        0 => Some(fresh(choice, &words(&file[..size]))),
        1 => Some(with_sign(&fresh(choice >> 16, &words(&file[..size])), choice)),
        2..=4 => Some(with_sign(&file[..size], choice)),
        _ => None,
    };
    mutated(file, size, max_size, made)
}

fn fresh(choice: u32, words: &str) -> Vec<u8> {
    let variant = choice >> 2;
    match choice % 4 {
        0 => HEADERS[variant as usize % HEADERS.len()].to_bytes(),
        1 => circle::event(variant, words).to_bytes(),
        2 => circle::body(words).to_bytes(),
        _ => canonical::to_bytes(&*MANIFEST),
    }
}

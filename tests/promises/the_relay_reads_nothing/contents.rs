//! What a relay holds, searched for what it must not hold; and what a member opens, searched for the patient's name.

use std::collections::HashSet;

use curtain::clean::look;
use curtain::geometry::PixelRect;
use curtain::hash::Sha256;
use curtain::picture::Limits;
use curtain::post::Say;
use curtain::wire::canonical::Base64;
use curtain_tests::{covered_share, expected, fixture, fixtures};
use serde_json::Value;

use super::post_key;
use crate::circles::{BAR_CODE, Clinician, PLANTED, Scene, detectors, issuer, open_body, say, settled};
use crate::people::now;

/// Everything that would lie at a relay: log, boxes, keyrings, headers, files.
fn held(scene: &mut Scene) -> Vec<u8> {
    let mut vault = Clinician::new(2).vault;
    let comment = Say::Comment(settled("Is it worse at night?"));
    let about = Sha256::of(&scene.header);
    let sees = scene.world.seen_by(&scene.reader);
    let comment = say(&mut vault, &scene.reader, &sees, about, &comment, now());
    let mut held = scene.world.entries.concat();
    for set in scene.world.boxes.iter().chain(&scene.world.keyrings) {
        held.extend(set.as_bytes());
    }
    held.extend([scene.header.clone(), scene.second(now()), comment].concat());
    held.extend([scene.files(0), scene.files(1)].concat().concat());
    held
}

/// As it is, in hexadecimal digits, and in base64 wherever it begins in a group of three.
fn written(needle: &[u8]) -> Vec<Vec<u8>> {
    let mut ways = vec![needle.to_vec(), hex::encode(needle).into_bytes(), hex::encode_upper(needle).into()];
    for before in 0..3 {
        let text = serde_json::to_string(&Base64([&vec![0; before], needle].concat())).unwrap();
        let text = text.trim_matches('"').trim_end_matches('=');
        // Where other bytes share a digit with it, the digit is not its own.
        let from = [0, 2, 3][before];
        let to = text.len() - usize::from(!(before + needle.len()).is_multiple_of(3));
        ways.push(text.as_bytes()[from..to].to_vec());
    }
    ways
}

fn holds(held: &[u8], needle: &[u8]) -> bool {
    // A short word could stand in base64 by chance.
    let ways = if needle.len() < 8 { vec![needle.to_vec()] } else { written(needle) };
    ways.iter().any(|way| held.windows(way.len()).any(|window| window == way))
}

#[test]
fn a_relay_holds_no_name_no_word_no_picture_and_no_key() {
    let mut scene = Scene::new();
    let held = held(&mut scene);
    assert!(holds(&held, &scene.world.id().0), "the search finds what is there in hexadecimal digits");
    assert!(holds(&held, scene.reader.key().unwrap().public().as_bytes()), "and in base64");

    let words = [
        "Test Clinician 1",
        "Test Clinician 2",
        "Quillibrand",
        "Testmann",
        "Test Clinic",
        "Test Dermatology",
        "A rash",
        "itches",
        "left hand",
        "hot oil",
        "What would you do",
        "worse at night",
        "forearm",
        "learning to tell",
        "wristband",
        "clinician\"",
        "\"serial\"",
        "\"expires\"",
        "curtain/v1/credential",
        "curtain/v1/body",
        "curtain/v1/manifest",
        "\"veil\"",
    ];
    for word in words {
        assert!(!holds(&held, word.as_bytes()), "{word}");
        assert!(!holds(&held, word.to_lowercase().as_bytes()), "{word}");
    }
    for who in [&scene.author.who.me, &scene.reader] {
        let credential = who.credential.as_ref().unwrap();
        assert!(!holds(&held, &credential.to_bytes()) && !holds(&held, &credential.hash().0));
        let signature = serde_json::to_value(credential).unwrap()["signature"].take();
        let signature = hex::decode(signature.as_str().unwrap()).unwrap();
        assert!(signature.chunks(16).all(|part| !holds(&held, part)), "no part of it");
    }

    // The pictures, before and after.
    let files = scene.files(0);
    let body = open_body(&scene.header, &files[0], &scene.reading()).unwrap();
    let runs: HashSet<&[u8]> = held.windows(12).collect();
    let original = fixture("wristband.jpg");
    assert!(!holds(&held, &Sha256::of(&original).0), "not even the hash of the photo");
    for index in [1, 2] {
        let jpeg = body.picture(index, &files[index as usize]).unwrap();
        assert!(!holds(&held, &Sha256::of(&jpeg).0), "nor of what is shown");
        assert!(!jpeg.windows(12).any(|run| runs.contains(run)), "no run of it, its markers least of all");
    }
    assert!(!original.windows(12).any(|run| runs.contains(run)));

    // Every secret of everybody.
    let mut secrets: Vec<Vec<u8>> = vec![issuer().seed().to_vec(), vec![0x17; 32], vec![2; 32]];
    for who in [&scene.author.who.me, &scene.reader] {
        secrets.extend(who.device.to_secret().chunks(32).map(<[u8]>::to_vec));
        secrets.push(who.key.as_ref().unwrap().seed().to_vec());
    }
    for (_, known) in scene.world.admin.epochs() {
        let secret = known.whole().unwrap();
        secrets.push(secret.bytes().to_vec());
        secrets.push(secret.directory().bytes().to_vec());
        secrets.push(secret.read_key().seed().to_vec());
    }
    secrets.extend([0, 1].map(|post| post_key(&scene.author, post).bytes().to_vec()));
    secrets.push(scene.author.code.0.to_vec());
    assert_eq!(secrets.len(), 3 + 8 + 6 + 3);
    for (n, secret) in secrets.iter().enumerate() {
        assert!(!holds(&held, secret), "secret {n}");
    }
}

#[test]
fn a_name_on_a_wristband_and_in_the_story_is_nowhere_in_what_is_opened() {
    let scene = Scene::new();
    let files = scene.files(0);
    let body = open_body(&scene.header, &files[0], &scene.reading()).unwrap();
    let text = body.text().unwrap();
    assert!(text.body.0.ends_with("has a rash that itches at night, for two weeks now."), "{}", text.body.0);
    let mut opened = vec![body.body().to_bytes()];
    for index in [1, 2] {
        opened.push(body.picture(index, &files[index as usize]).unwrap());
    }
    let whole = opened.concat();
    for name in [PLANTED, "Testmann", "TEST PATIENT", "000000-TEST", "TEST0001", "JAN 2000", "wristband"] {
        for name in [name.to_owned(), name.to_lowercase(), name.to_uppercase()] {
            assert!(!holds(&whole, name.as_bytes()), "{name}");
        }
    }
    let runs: HashSet<&[u8]> = whole.windows(32).collect();
    assert!(!fixture("wristband.jpg").windows(32).any(|run| runs.contains(run)), "nor a piece of the file");
    assert!(!holds(&whole, &Sha256::of(&fixture("wristband.jpg")).0));

    // In the picture, the lines and the bar code are under what the manifest says was covered.
    let (before, _) = look(&fixture("wristband.jpg"), detectors(), &Limits::default()).unwrap();
    let side = |rect: PixelRect| [rect.x, rect.y, rect.width, rect.height];
    let covers: Vec<_> = before.regions().into_iter().chain([BAR_CODE]).map(side).collect();
    let planted = expected().pictures.into_iter().find(|picture| picture.file == "wristband.jpg").unwrap();
    assert_eq!(planted.text.len(), 3);
    let bars = [522, 684, 575, 121];
    assert!(planted.text.iter().chain([&bars]).all(|line| covered_share(*line, &covers) > 0.99));
    let manifest = body.body().manifest.body();
    assert_eq!(manifest.pictures[0].findings.len(), before.findings.len());
    let review = manifest.text.iter().map(|part| part.findings.len()).collect::<Vec<_>>();
    assert_eq!(review, [0, 1, 0], "the name in the story was found, and nothing of it is told but that");
}

/// What a value may be.
#[derive(Clone, Copy, Debug)]
enum May {
    Number(u64),
    Hex(usize),
    Code(&'static [&'static str]),
    Box,
    ModelName,
}

/// What may stand in a manifest, and nothing else. `*` is any place in a list.
const MANIFEST: &[(&str, May)] = &[
    ("body.at", May::Number(u64::MAX)),
    ("body.author.device", May::Hex(64)),
    ("body.author.user", May::Hex(32)),
    ("body.models.*.name", May::ModelName),
    ("body.models.*.sha256", May::Hex(64)),
    ("body.pictures.*.added.*", May::Box),
    ("body.pictures.*.checks.background", ANSWER),
    ("body.pictures.*.checks.badge", ANSWER),
    ("body.pictures.*.checks.code", ANSWER),
    ("body.pictures.*.checks.distinctive_mark", ANSWER),
    ("body.pictures.*.checks.jewellery", ANSWER),
    ("body.pictures.*.checks.tattoo", ANSWER),
    ("body.pictures.*.cover", May::Code(&["veil", "solid"])),
    ("body.pictures.*.findings.*.box", May::Box),
    ("body.pictures.*.findings.*.class", May::Code(&["face", "text", "code"])),
    ("body.pictures.*.findings.*.decision", May::Code(&["cover", "resize", "keep"])),
    ("body.pictures.*.findings.*.score", May::Number(1000)),
    ("body.pictures.*.sha256", May::Hex(64)),
    ("body.post", May::Hex(32)),
    ("body.suite", May::Number(1)),
    ("body.text.*.findings.*.class", May::Code(&["name", "place", "date", "phone"])),
    ("body.text.*.findings.*.decision", May::Code(&["replace", "interval", "keep"])),
    ("body.text.*.part", May::Code(&["title", "body", "question"])),
    ("signature", May::Hex(128)),
    ("type", May::Code(&["curtain/v1/manifest"])),
];
const ANSWER: May = May::Code(&["absent", "covered", "needed_for_the_case"]);

fn is(value: &Value, may: May) -> bool {
    match (may, value) {
        (May::Number(most), Value::Number(number)) => number.as_u64().is_some_and(|number| number <= most),
        (May::Hex(len), Value::String(text)) => {
            text.len() == len && text.bytes().all(|digit| digit.is_ascii_hexdigit())
        }
        (May::Code(codes), Value::String(text)) => codes.contains(&text.as_str()),
        (May::ModelName, Value::String(text)) => {
            let plain =
                |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"_-.".contains(&byte);
            text.bytes().all(plain)
        }
        (May::Box, Value::Array(sides)) => sides.len() == 4 && sides.iter().all(Value::is_u64),
        _ => false,
    }
}

fn walk(path: &str, value: &Value, seen: &mut HashSet<&'static str>) {
    if let Some((allowed, may)) = MANIFEST.iter().find(|(allowed, _)| *allowed == path) {
        assert!(is(value, *may), "{path}: {value}");
        seen.insert(allowed);
        return;
    }
    let below = |key: &str| if path.is_empty() { key.to_owned() } else { format!("{path}.{key}") };
    match value {
        Value::Object(members) => members.iter().for_each(|(key, value)| walk(&below(key), value, seen)),
        Value::Array(values) => values.iter().for_each(|value| walk(&below("*"), value, seen)),
        other => panic!("{path} is not allowed: {other}"),
    }
}

#[test]
fn a_manifest_says_what_was_decided_and_nothing_else() {
    let scene = Scene::new();
    let body = open_body(&scene.header, &scene.files(0)[0], &scene.reading()).unwrap();
    let manifest = serde_json::to_value(&body.body().manifest).unwrap();
    let mut seen = HashSet::new();
    walk("", &manifest, &mut seen);
    let unseen: Vec<_> = MANIFEST.iter().map(|(path, _)| *path).filter(|path| !seen.contains(path)).collect();
    assert!(unseen.is_empty(), "what is allowed is there: {unseen:?}");

    // The models are the files that come with the program.
    let files = std::fs::read_dir(fixtures().join("../models")).unwrap().map(|file| file.unwrap().path());
    let hashes: HashSet<Sha256> =
        files.filter(|path| path.is_file()).map(|path| Sha256::of(&std::fs::read(path).unwrap())).collect();
    let models = &body.body().manifest.body().models;
    assert!(models.len() >= 3, "{models:?}");
    assert!(models.iter().all(|model| hashes.contains(&model.sha256)), "{models:?}");

    // Of the consent there are commitments: no text but codes.
    let leaf: Value = serde_json::from_str(&body.body().leaf).unwrap();
    texts(&leaf, &mut |text| {
        let hex = text.bytes().all(|digit| digit.is_ascii_hexdigit());
        let code =
            text.len() <= 32 && text.bytes().all(|byte| byte.is_ascii_lowercase() || b"_/1".contains(&byte));
        assert!(hex || code, "{text}");
    });
}

fn texts(value: &Value, each: &mut impl FnMut(&str)) {
    match value {
        Value::String(text) => each(text),
        Value::Array(values) => values.iter().for_each(|value| texts(value, each)),
        Value::Object(members) => members.values().for_each(|value| texts(value, each)),
        _ => {}
    }
}

//! The rooms import only what `ARCHITECTURE.md` lets them.

use std::collections::BTreeSet;
use std::path::Path;

/// A room, and the rooms that it may import.
const MAY_IMPORT: [(&str, &[&str]); 27] = [
    ("geometry", &[]),
    ("time", &[]),
    ("hash", &[]),
    ("spoken", &[]),
    ("metadata", &[]),
    ("picture", &["geometry", "metadata"]),
    ("detect", &["picture", "geometry"]),
    ("cover", &["picture", "geometry"]),
    ("files", &["metadata", "picture"]),
    ("clean", &["metadata", "picture", "detect", "cover", "geometry", "hash"]),
    ("story", &[]),
    ("review", &["detect", "geometry", "story", "hash"]),
    ("consent", &["time", "hash", "spoken"]),
    ("seal", &[]),
    ("keys", &["seal", "spoken", "hash"]),
    ("circle", &["keys", "seal", "time", "hash"]),
    ("ledger", &["consent", "keys", "seal", "time", "hash"]),
    ("export", &["ledger", "consent", "time", "hash"]),
    ("receipt", &["ledger", "consent", "time", "hash"]),
    ("vault", &["ledger", "consent", "review", "story", "circle", "keys", "seal", "time", "hash"]),
    (
        "desk",
        &["vault", "ledger", "consent", "export", "receipt", "files", "picture", "seal", "time", "hash"],
    ),
    (
        "post",
        &[
            "metadata", "picture", "detect", "cover", "clean", "review", "story", "consent", "ledger",
            "circle", "keys", "seal", "vault", "geometry", "time", "hash",
        ],
    ),
    ("feed", &["circle", "consent", "post", "vault", "time", "hash"]),
    ("outbox", &["post", "vault", "time", "hash"]),
    ("transport", &["time"]),
    ("exchange", &["circle", "post", "feed", "vault", "keys", "files", "transport", "time", "hash"]),
    (
        "sync",
        &[
            "exchange",
            "outbox",
            "feed",
            "circle",
            "post",
            "consent",
            "ledger",
            "vault",
            "keys",
            "seal",
            "files",
            "transport",
            "time",
            "hash",
        ],
    ),
];

/// Outside crates that only these files or rooms may name.
const ONLY_IN: [(&str, &[&str]); 25] = [
    ("tract_onnx", &["detect/engine.rs"]),
    ("tract_linalg", &["detect/engine.rs"]),
    ("use image::", &["picture/"]),
    ("zune_jpeg::", &["picture/decode.rs"]),
    ("fast_image_resize::", &["picture/scale.rs"]),
    ("miniz_oxide::", &["metadata/"]),
    ("tempfile::", &["files.rs", "vault/key.rs", "vault/open.rs"]),
    ("std::fs", &["files.rs", "vault/key.rs", "vault/open.rs", "ledger/evidence/", "ledger/verify/files.rs"]),
    ("mozjpeg::", &["picture/encode.rs"]),
    ("moxcms::", &["picture/profile.rs"]),
    ("::exif::", &["metadata/exif.rs"]),
    ("rusqlite", &["vault/"]),
    ("krilla::", &["export/pdf/"]),
    ("rustybuzz::", &["export/pdf/fonts.rs"]),
    ("unicode_bidi::", &["export/pdf/"]),
    ("::csv::Writer", &["export/csv.rs"]),
    ("qrcode::", &["receipt/code.rs"]),
    ("jiff::", &["story/course.rs"]),
    ("fst::", &["story/lexicon.rs"]),
    ("unicode_normalization::", &["story/lexicon.rs"]),
    ("strsim::", &["story/known.rs"]),
    ("Ed25519KeyPair", &["keys/mod.rs"]),
    ("ring::aead", &["seal/stream.rs"]),
    ("hpke::", &["seal/kem.rs"]),
    ("subtle::", &["seal/stream.rs"]),
];

/// The library's files and their paths; files of tests alone are left out.
fn sources() -> Vec<(String, String)> {
    fn walk(folder: &Path, root: &Path, found: &mut Vec<(String, String)>) {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            let tests = path.file_stem().is_some_and(|name| name == "tests");
            if tests {
                continue;
            }
            if path.is_dir() {
                walk(&path, root, found);
            } else if !path.ends_with("samples.rs") {
                let name = path.strip_prefix(root).unwrap().to_str().unwrap().to_owned();
                found.push((name, std::fs::read_to_string(&path).unwrap()));
            }
        }
    }
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../core/curtain/src");
    let mut found = Vec::new();
    walk(&root, &root, &mut found);
    found
}

/// The code of a file: no comments, no test modules.
fn code(source: &str) -> String {
    let code = source.split("#[cfg(test)]\nmod tests").next().unwrap_or_default();
    let lines = code.lines().filter(|line| !line.trim_start().starts_with("//"));
    lines.collect::<Vec<_>>().join("\n")
}

#[test]
fn imports_go_downwards_only() {
    for (file, source) in sources().iter().filter(|(file, _)| file != "lib.rs") {
        let room = file.split(['/', '.']).next().unwrap();
        let (_, may) =
            MAY_IMPORT.iter().find(|(name, _)| *name == room).unwrap_or_else(|| panic!("{room} is no room"));
        let code = code(source);
        for used in code.split("crate::").skip(1) {
            let used = used.split(|c: char| !c.is_ascii_lowercase() && c != '_').next().unwrap();
            assert!(
                used == room || may.contains(&used),
                "{file} names {used:?}: one room a path, so that this test can read it"
            );
        }
    }
}

#[test]
fn each_outside_thing_has_one_seam() {
    for (name, places) in ONLY_IN {
        let users: BTreeSet<_> = sources()
            .into_iter()
            .filter(|(_, source)| code(source).contains(name))
            .map(|(file, _)| file)
            .collect();
        assert!(!users.is_empty(), "{name} is used nowhere: this test reads nothing");
        assert!(
            users.iter().all(|file| places.iter().any(|place| file.starts_with(place))),
            "{name} is named by {users:?}"
        );
    }
}

#[test]
fn each_card_names_the_file_that_is_built_in() {
    let models = Path::new(env!("CARGO_MANIFEST_DIR")).join("../models");
    for (file, card) in [
        ("story.fst", "story.md"),
        ("story_spelling.bin", "story_spelling.md"),
        ("yunet_2023mar.onnx", "yunet_2023mar.md"),
        ("ppocrv5_mobile_det.onnx", "ppocrv5_mobile_det.md"),
    ] {
        let hash = curtain::hash::Sha256::of(&std::fs::read(models.join(file)).unwrap()).to_string();
        let card = std::fs::read_to_string(models.join(card)).unwrap();
        assert!(card.contains(&hash), "the card of {file} names another file than {hash}");
    }
}

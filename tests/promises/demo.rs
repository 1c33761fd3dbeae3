//! `curtain demo` does everything that it tells, with the real parts, and says so if it does not.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use crate::command::{curtain, lines, names};

/// What no file of the relay's may hold, in small letters.
const WORDS: [&str; 4] = ["zebedee", "quillfeather", "quagmarsh", "7700 900123"];

fn files(folder: &Path) -> Vec<PathBuf> {
    let paths = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    paths.flat_map(|path| if path.is_dir() { files(&path) } else { vec![path] }).collect()
}

fn holds(path: &Path, word: &str) -> bool {
    let bytes = fs::read(path).unwrap().to_ascii_lowercase();
    bytes.windows(word.len()).any(|window| window == word.as_bytes())
}

#[test]
fn every_step_does_what_it_tells_and_strangers_never_read_the_name() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("demo");
    let played = curtain(&["demo", "--json", "--out", out.to_str().unwrap()]);
    let told = lines(&played);
    assert_eq!(played.status.code(), Some(0), "{told:?} {}", String::from_utf8_lossy(&played.stderr));
    let steps: Vec<&str> = told.iter().map(|line| line["step"].as_str().unwrap()).collect();
    assert_eq!(
        steps,
        [
            "circle",
            "officer_key",
            "clean",
            "story",
            "consent",
            "receipt",
            "publication_refused",
            "seal",
            "killed",
            "resumed",
            "read",
            "search",
            "vote",
            "comment_stopped",
            "pull",
            "verify",
            "edit_caught",
            "drop_caught",
            "withdraw",
            "gone",
            "acknowledged",
            "export",
            "nothing_leaked",
        ]
    );
    assert!(told.iter().all(|line| line["ok"] == json!(true) && line["ms"].is_u64()), "{told:?}");
    let refused = |step: &str| told.iter().find(|line| line["step"] == step).unwrap()["code"].clone();
    assert_eq!(refused("publication_refused"), "consent_falls_short");
    assert_eq!(refused("comment_stopped"), "text_not_read");

    let mut left = names(&out);
    left.sort_unstable();
    let papers = ["consent.csv", "consent.fhir.json", "consent.jsonl", "consent.pdf", "evidence"];
    assert_eq!(left, [&papers[..], &["pictures", "receipt.html", "receipt.json", "relay"]].concat());
    // Names alone say something in the relay's store.
    for path in files(&out).into_iter().filter(|path| !path.starts_with(out.join("relay"))) {
        assert!(fs::metadata(&path).unwrap().len() > 0, "{} is empty", path.display());
    }
    let fhir: Value = serde_json::from_slice(&fs::read(out.join("consent.fhir.json")).unwrap()).unwrap();
    assert_eq!(fhir["resourceType"], "Bundle");
    assert!(fs::read(out.join("consent.pdf")).unwrap().starts_with(b"%PDF-"));
    assert!(holds(&out.join("receipt.html"), "quillfeather"), "the patient's own paper names them");

    // A picture that decodes, with nothing in its file beside it.
    let pictures: Vec<String> =
        files(&out.join("pictures")).iter().map(|path| path.to_str().unwrap().to_owned()).collect();
    assert_eq!(pictures.len(), 2);
    for picture in &pictures {
        let seen = lines(&curtain(&["inspect", "--json", picture])).pop().unwrap();
        // Its name says what it is: that is the folder's, and is not sent.
        let leaks = seen["leaks"].as_array().unwrap().iter();
        assert_eq!(leaks.filter(|leak| leak["place"] != "the folder's entry").count(), 0, "{seen}");
        let student = picture.ends_with("as-the-student-opened-it.jpg");
        let faces =
            seen["findings"].as_array().unwrap().iter().filter(|found| found["kind"] == "face").count();
        assert_eq!(faces == 0, student, "the sheet shows the face, the student's picture does not: {seen}");
    }

    let relay = files(&out.join("relay"));
    assert!(relay.iter().any(|path| path.ends_with("relay/log")) && relay.len() > 10, "{relay:?}");
    for path in relay.iter().chain(&[
        out.join("consent.csv"),
        out.join("consent.jsonl"),
        out.join("consent.fhir.json"),
    ]) {
        let found: Vec<_> = WORDS.iter().filter(|word| holds(path, word)).collect();
        assert!(found.is_empty(), "{} holds {found:?}", path.display());
    }
}

#[test]
fn a_folder_that_holds_something_is_not_touched() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("mine"), "mine").unwrap();
    let refused = curtain(&["demo", "--json", "--out", folder.path().to_str().unwrap()]);
    assert_eq!(refused.status.code(), Some(1));
    assert_eq!(lines(&refused).pop().unwrap()["error"]["code"], "exists");
    assert_eq!(names(folder.path()), ["mine"]);

    let file = folder.path().join("mine");
    let refused = curtain(&["demo", "--json", "--out", file.to_str().unwrap()]);
    assert_eq!(refused.status.code(), Some(1));
    assert_eq!(lines(&refused).pop().unwrap()["error"]["code"], "out");
    assert_eq!(fs::read_to_string(file).unwrap(), "mine");
}

//! The logs of all devices, verified by command: each key and each earlier checkpoint counts for the log that it names.

use std::fs;
use std::path::Path;
use std::process::Output;

use serde_json::{Value, json};

use super::{Ward, copy_all, grant};
use crate::command::{curtain, lines};
use crate::people::later;

fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

/// What `ledger verify` says of everything that was pulled.
fn verify(ward: &Ward, args: &[&str]) -> Output {
    curtain(&[&["ledger", "verify", "--json"], args, &[text(ward.out.path())]].concat())
}

fn key(ward: &Ward, phone: usize) -> String {
    ward.phones[phone].vault.logs().unwrap()[0].verifier.to_string()
}

fn of(output: &Output, log: &str) -> Value {
    let lines = lines(output);
    lines
        .iter()
        .find(|line| line["scope"]["log"] == json!(log))
        .unwrap_or_else(|| panic!("{lines:?}"))
        .clone()
}

#[test]
fn each_log_is_held_against_its_own_key() {
    let ward = Ward::pulled();
    let [first, second] = [0, 1].map(|phone| key(&ward, phone));
    let all = verify(&ward, &["--key", &second, "--key", &first, "--require", "signer"]);
    assert_eq!(all.status.code(), Some(0), "{}", String::from_utf8_lossy(&all.stderr));
    assert!(lines(&all).iter().all(|line| line["signer"] == json!("authenticated")));

    // The same from a file; and one log without a key is told from the other.
    let register = ward.out.path().with_extension("keys");
    fs::write(&register, format!("{first}\n\n{second}\n")).unwrap();
    assert_eq!(verify(&ward, &["--key", text(&register), "--require", "signer"]).status.code(), Some(0));
    fs::remove_file(&register).unwrap();
    let one = verify(&ward, &["--key", &first, "--require", "signer"]);
    assert_eq!(one.status.code(), Some(1));
    assert_eq!(of(&one, &ward.log(0).to_string())["signer"], json!("authenticated"));
    assert_eq!(of(&one, &ward.log(1).to_string())["signer"], json!("not_authenticated"));
}

#[test]
fn a_key_of_a_log_that_is_not_there_names_it() {
    let ward = Ward::pulled();
    let [first, second] = [0, 1].map(|phone| key(&ward, phone));
    fs::remove_dir_all(ward.folder(1)).unwrap();
    let output = verify(&ward, &["--key", &first, "--key", &second]);
    assert_eq!(output.status.code(), Some(1));
    let error = lines(&output).pop().unwrap()["error"].clone();
    assert_eq!(error["code"], json!("no_such_log"), "{error}");
    assert!(error["message"].as_str().unwrap().contains(&ward.log(1).to_string()), "{error}");
    // Somebody else's key for a log that is there, under its name.
    let (name, rest) = second.rsplit_once(&ward.log(1).to_string()).unwrap();
    assert!(format!("{name}{}{rest}", ward.log(0)).parse::<curtain::wire::note::VerifierKey>().is_err());
    let wrong = verify(&ward, &["--key", &second]);
    assert_eq!(wrong.status.code(), Some(1));
    assert_eq!(lines(&wrong)[0]["integrity"]["intact"], json!(false), "of one log it is the wrong key");
}

#[test]
fn each_log_must_go_on_from_its_earlier_checkpoint() {
    let mut ward = Ward::pulled();
    let earlier = tempfile::tempdir().unwrap();
    copy_all(ward.out.path(), earlier.path());
    grant(&mut ward.phones[0].vault, 4, later(4));
    ward.back_up_all();
    ward.pull();
    let checkpoint = |phone: usize| ward.folder(phone).join("evidence/checkpoint");
    let newer = tempfile::tempdir().unwrap();
    copy_all(ward.out.path(), newer.path());

    let since = verify(&ward, &["--since", text(earlier.path()), "--require", "complete"]);
    assert_eq!(since.status.code(), Some(0), "{}", String::from_utf8_lossy(&since.stderr));
    assert_eq!(of(&since, &ward.log(0).to_string())["completeness"]["since"], json!(3));
    assert_eq!(of(&since, &ward.log(1).to_string())["completeness"]["since"], json!(2));
    let files = [text(&checkpoint(0)).to_owned(), text(&checkpoint(1)).to_owned()];
    let both = verify(&ward, &["--since", &files[1], "--since", &files[0], "--require", "complete"]);
    assert_eq!(both.status.code(), Some(0));

    // One log is set back to what it was: that one is named, and the other is not.
    fs::remove_dir_all(ward.folder(0)).unwrap();
    copy_all(&earlier.path().join(ward.log(0).to_string()), &ward.folder(0));
    let back = verify(&ward, &["--since", text(newer.path())]);
    assert_eq!(back.status.code(), Some(1));
    let broken: Vec<Value> =
        lines(&back).into_iter().filter(|line| line["integrity"]["intact"] == json!(false)).collect();
    assert_eq!(broken.len(), 1);
    assert!(broken[0]["folder"].as_str().unwrap().contains(&ward.log(0).to_string()), "{broken:?}");
    // One that was there is gone.
    fs::remove_dir_all(ward.folder(0)).unwrap();
    let gone = verify(&ward, &["--since", text(newer.path())]);
    assert_eq!(gone.status.code(), Some(1));
    assert_eq!(lines(&gone).pop().unwrap()["error"]["code"], json!("no_such_log"));
}

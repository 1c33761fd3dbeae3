//! The logs of all devices in one view, by command: each is verified first, and one that is not as it should be refuses all.

use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Output;

use curtain::desk::{Request, hand_out};
use curtain::hash::Id;
use curtain::ledger::leaf::{DetailsTaken, EraseReason, ExportFormat, WithdrawnBy};
use curtain::vault::WithdrawBy;
use curtain_tests::run as run_other;
use serde_json::{Value, json};
use tempfile::{TempDir, tempdir};

use super::{OFFICER, Ward, copy_all, files, grant, log, named, restored, run};
use crate::command::{curtain, lines, names};
use crate::desks::{code, done};
use crate::people::later;

/// Where exports go, with the officer's private key outside of it.
struct Desk {
    out: TempDir,
    key: TempDir,
}

impl Desk {
    fn new() -> Self {
        let desk = Self { out: tempdir().unwrap(), key: tempdir().unwrap() };
        let line = curtain::keys::KeyFile::Officer.print(&OFFICER);
        fs::write(desk.key(), line.as_bytes()).unwrap();
        fs::set_permissions(desk.key(), fs::Permissions::from_mode(0o600)).unwrap();
        desk
    }

    fn key(&self) -> PathBuf {
        self.key.path().join("officer.key")
    }

    fn at(&self, name: &str) -> PathBuf {
        self.out.path().join(name)
    }

    /// `ledger export` of what lies in `logs`.
    fn export(&self, logs: &[&Path], name: &str, format: &str, more: &[&str]) -> Output {
        let out = self.at(name);
        let mut args = vec!["ledger", "export", "--json", "--format", format, "--out", out.to_str().unwrap()];
        for folder in logs {
            args.extend(["--logs", folder.to_str().unwrap()]);
        }
        curtain(&[&args, more].concat())
    }

    fn with_names(&self, ward: &Ward, name: &str, format: &str) -> Output {
        let key = self.key();
        self.export(&[ward.out.path()], name, format, &["--details", "--key", key.to_str().unwrap()])
    }

    /// The error that names `log`, of an export that was refused; nothing is left behind.
    fn refused(&self, output: &Output, log: &str) -> String {
        assert_eq!(output.status.code(), Some(1), "{}", String::from_utf8_lossy(&output.stdout));
        assert_eq!(names(self.out.path()), Vec::<String>::new());
        let lines = lines(output);
        let of_log = lines.iter().find(|line| line["error"]["message"].as_str().unwrap().contains(log));
        let of_log = of_log.unwrap_or_else(|| panic!("{lines:?}"));
        assert!(String::from_utf8_lossy(&output.stderr).contains(log));
        of_log["error"]["code"].as_str().unwrap().to_owned()
    }
}

/// Two devices, of which one recorded that a consent was withdrawn, and that one was erased.
fn lived() -> Ward {
    let mut ward = Ward::with_consents();
    let phone = &mut ward.phones[0].vault;
    let log = phone.logs().unwrap()[0].id;
    let consents: Vec<_> = phone.consents(log, 0).unwrap().map(|held| held.unwrap().id()).collect();
    phone.withdraw(&WithdrawBy::Author(consents[1]), later(5)).unwrap();
    phone.erase(consents[0], WithdrawnBy::Author, Some(EraseReason::PatientRequest), later(6)).unwrap();
    grant(&mut ward.phones[1].vault, 7, later(6));
    ward.back_up_all();
    ward.pull();
    ward
}

fn rows(path: &Path) -> Vec<Value> {
    fs::read_to_string(path).unwrap().lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[test]
fn the_records_of_all_devices_are_one_view_in_order_of_time() {
    let (ward, desk) = (lived(), Desk::new());
    let said = done(&desk.export(&[ward.out.path()], "all.jsonl", "jsonl", &[]));
    let rows = rows(&desk.at("all.jsonl"));
    let [first, second] = [0, 1].map(|phone| ward.log(phone).to_string());
    let of = |log: &str| rows.iter().filter(|row| row["log"] == json!(log)).count();
    // Erasing withdraws first.
    assert_eq!((of(&first), of(&second), rows.len()), (6, 3, 9), "{rows:?}");
    assert_eq!(said["records"], json!(9));
    let order = |row: &Value| {
        let (at, log) = (row["at_unix_s"].as_i64().unwrap(), row["log"].as_str().unwrap().to_owned());
        (at, log, row["n"].as_u64().unwrap())
    };
    assert!(rows.windows(2).all(|pair| order(&pair[0]) < order(&pair[1])), "{rows:?}");
    assert!(rows.iter().all(|row| row.get("patient_name").is_none()));
    assert_eq!(
        said["silent"].as_array().unwrap().len(),
        1,
        "the officer's own device records nothing: {said}"
    );

    // With names, as far as they were not erased; the same in a table.
    done(&desk.with_names(&ward, "names.jsonl", "jsonl"));
    let named = self::rows(&desk.at("names.jsonl"));
    let patients: Vec<_> = named.iter().filter_map(|row| row["patient_name"].as_str()).collect();
    let mut sorted = patients.clone();
    sorted.sort_unstable();
    assert_eq!(
        sorted,
        ["Test Patient 1", "Test Patient 2", "Test Patient 2", "Test Patient 3", "Test Patient 7"]
    );
    done(&desk.with_names(&ward, "names.csv", "csv"));
    let table = fs::read_to_string(desk.at("names.csv")).unwrap();
    assert_eq!(table.lines().count(), 10);
    for (line, row) in table.lines().skip(1).zip(&named) {
        assert!(line.ends_with(row["log"].as_str().unwrap()), "{line}");
        assert!(line.contains(row["leaf_hash"].as_str().unwrap()), "{line}");
    }
    let mode = fs::metadata(desk.at("names.csv")).unwrap().permissions().mode();
    assert_eq!(mode & 0o077, 0, "for the officer alone");

    // A part in time, and one log by itself.
    let [from, to] = [later(2), later(5)].map(|at| at.to_string());
    done(&desk.export(&[ward.out.path()], "part.jsonl", "jsonl", &["--from", &from, "--to", &to]));
    let part: Vec<_> = self::rows(&desk.at("part.jsonl"));
    let expected: Vec<_> = rows
        .iter()
        .filter(|row| (from.as_str()..=to.as_str()).contains(&row["at"].as_str().unwrap()))
        .cloned()
        .collect();
    assert_eq!(part, expected);
    assert!(part.len() > 2 && part.len() < rows.len());
    done(&desk.export(&[&ward.folder(1)], "one.jsonl", "jsonl", &[]));
    let one: Vec<_> = rows.iter().filter(|row| row["log"] == json!(second)).cloned().collect();
    assert_eq!(self::rows(&desk.at("one.jsonl")), one);
    let empty = desk.export(&[ward.out.path()], "empty.jsonl", "jsonl", &["--from", "2099-01-01"]);
    assert_eq!(code(&empty), "no_such_records");
    assert_eq!(code(&desk.export(&[ward.out.path()], "all.jsonl", "jsonl", &[])), "exists");
}

#[test]
fn a_bundle_and_pages_hold_all_logs() {
    let (ward, desk) = (lived(), Desk::new());
    done(&desk.with_names(&ward, "all.fhir", "fhir"));
    let bundle: Value = serde_json::from_slice(&fs::read(desk.at("all.fhir")).unwrap()).unwrap();
    let entries = bundle["entry"].as_array().unwrap();
    let of = |kind: &str| -> Vec<&Value> {
        let resources = entries.iter().map(|entry| &entry["resource"]);
        resources.filter(|resource| resource["resourceType"] == json!(kind)).collect()
    };
    let logs: BTreeSet<_> =
        of("Device").iter().map(|device| device["identifier"][0]["value"].clone().to_string()).collect();
    assert_eq!(logs, [0, 1].map(|phone| json!(ward.log(phone)).to_string()).into());
    assert_eq!(of("Binary").len(), 2);
    let standing: Vec<_> = of("Consent")
        .iter()
        .map(|consent| {
            (consent["status"].as_str().unwrap(), consent["contained"][0]["name"][0]["text"].as_str())
        })
        .collect();
    let active = |name| ("active", Some(name));
    assert!(
        standing.contains(&("inactive", None)) && standing.contains(&("inactive", Some("Test Patient 2")))
    );
    assert!(standing.contains(&active("Test Patient 3")) && standing.contains(&active("Test Patient 7")));
    assert_eq!(standing.len(), 6);

    done(&desk.with_names(&ward, "all.pdf", "pdf"));
    let info = run_other("exiftool", &["-s3", "-Title", desk.at("all.pdf").to_str().unwrap()]);
    assert_eq!(String::from_utf8_lossy(&info.stdout).trim(), "Consent logs (2), volume 1 of 1");
    let evidence = desk.export(&[ward.out.path()], "all", "evidence", &[]);
    assert_eq!(code(&evidence), "evidence_already");
}

#[test]
fn one_edited_byte_in_any_log_is_named_and_refuses_all() {
    let (ward, desk) = (Ward::pulled(), Desk::new());
    for phone in 0..2 {
        let log = ward.log(phone).to_string();
        for name in ["README.txt", "checkpoint", "hashes.txt", "keys.txt", "leaves.jsonl"] {
            let path = ward.folder(phone).join("evidence").join(name);
            let whole = fs::read(&path).unwrap();
            for place in [0, whole.len() / 2, whole.len() - 1] {
                let mut edited = whole.clone();
                edited[place] ^= 1;
                fs::write(&path, &edited).unwrap();
                desk.refused(&desk.export(&[ward.out.path()], "all", "csv", &[]), &log);
            }
            fs::write(&path, &whole).unwrap();
        }
    }
    for format in ["csv", "jsonl", "fhir", "pdf"] {
        let leaves = ward.folder(1).join("evidence/leaves.jsonl");
        let whole = fs::read_to_string(&leaves).unwrap();
        fs::write(&leaves, whole.replacen("teaching", "teachinh", 1)).unwrap();
        assert_eq!(desk.refused(&desk.with_names(&ward, "all", format), &ward.log(1).to_string()), "broken");
        fs::write(&leaves, whole).unwrap();
    }
    done(&desk.export(&[ward.out.path()], "all.csv", "csv", &[]));
}

#[test]
fn details_that_are_missing_or_for_somebody_else_refuse_the_names() {
    let (ward, desk) = (Ward::pulled(), Desk::new());
    let sealed = ward.folder(0).join("sealed/1");
    let whole = fs::read(&sealed).unwrap();
    let log = ward.log(0).to_string();
    for (format, bytes) in
        [("csv", None), ("fhir", Some(&whole[..40])), ("pdf", None), ("jsonl", Some(&whole[1..]))]
    {
        match bytes {
            None => fs::remove_file(&sealed).unwrap(),
            Some(bytes) => fs::write(&sealed, bytes).unwrap(),
        }
        let expected = if bytes.is_none() { "details_missing" } else { "does_not_open" };
        let output = desk.with_names(&ward, "all", format);
        assert_eq!(desk.refused(&output, &log), expected, "{format}");
        assert!(String::from_utf8_lossy(&output.stderr).contains("record 1"));
        fs::write(&sealed, &whole).unwrap();
    }
    let other = curtain::keys::KeyFile::Officer.print(&[9; 32]);
    fs::write(desk.key(), other.as_bytes()).unwrap();
    assert_eq!(code(&desk.with_names(&ward, "all", "csv")), "does_not_open");
    assert_eq!(code(&desk.export(&[ward.out.path()], "all", "csv", &["--details"])), "details_want_a_key");
    assert_eq!(names(desk.out.path()), Vec::<String>::new());
}

#[test]
fn what_the_pull_found_wrong_is_named_and_refuses_all() {
    let desk = Desk::new();
    let mut ward = Ward::pulled();
    let log = ward.log(0).to_string();
    let export = |ward: &Ward| desk.export(&[ward.out.path()], "all", "csv", &[]);
    let before = tempdir().unwrap();
    copy_all(ward.out.path(), before.path());
    grant(&mut ward.phones[0].vault, 4, later(4));
    ward.back_up_all();
    ward.pull();

    // Set back at the relay.
    let checkpoint = named(ward.log(0), "checkpoints", 4);
    let kept = ward.relay.objects()[&checkpoint].clone();
    ward.relay.take_away(&checkpoint);
    ward.pull();
    assert_eq!(desk.refused(&export(&ward), &log), "not_whole");
    let one = desk.export(&[&ward.folder(0)], "all", "csv", &[]);
    assert_eq!(desk.refused(&one, &log), "not_whole", "by itself, too");
    let other = desk.at("other");
    done(&desk.export(&[&ward.folder(1)], "other", "csv", &[]));
    fs::remove_file(other).unwrap();
    drop(kept);

    // Set back here; gone; not what a pull made.
    let said = ward.out.path().join("devices.jsonl");
    let whole = fs::read_to_string(&said).unwrap().replace("rolled_back", "whole");
    fs::write(&said, &whole).unwrap();
    fs::remove_dir_all(ward.folder(0)).unwrap();
    assert_eq!(desk.refused(&export(&ward), &log), "gone");
    copy_all(&before.path().join(&log), &ward.folder(0));
    assert_eq!(desk.refused(&export(&ward), &log), "other_size");
    fs::write(
        &said,
        whole.lines().filter(|line| !line.contains(&log)).fold(String::new(), |all, line| all + line + "\n"),
    )
    .unwrap();
    assert_eq!(desk.refused(&export(&ward), &log), "not_named");
    for state in ["forked", "behind", "unverified", "rolled_back", "something"] {
        fs::write(&said, whole.replacen("\"whole\"", &format!("\"{state}\""), 2)).unwrap();
        assert_eq!(desk.refused(&export(&ward), &log), "not_whole");
    }
    fs::remove_file(&said).unwrap();
    assert_eq!(desk.refused(&export(&ward), ""), "not_pulled");
    let twice = desk.export(&[&ward.folder(0), &ward.folder(0)], "all", "csv", &[]);
    assert_eq!(desk.refused(&twice, &log), "twice");
    // Folders by themselves need no pull.
    let both = [ward.folder(0), ward.folder(1)];
    done(&desk.export(&[&both[0], &both[1]], "all.csv", "csv", &[]));
    assert!(files(ward.out.path()).len() > 10, "and nothing of what was pulled was touched");
}

#[test]
fn a_log_that_continues_another_ends_its_consents_if_it_is_of_the_same_user() {
    let (mut ward, desk) = (Ward::pulled(), Desk::new());
    let (_folder, mut old) = restored(&mut ward, 2);
    ward.back_up_all();
    run(&ward.relay, &mut old, &ward.phones[0].me).unwrap();
    let (before, after) = (ward.log(0), log(&old));
    let consent = old.consents(before, 0).unwrap().next().unwrap().unwrap().id();
    old.withdraw(&WithdrawBy::Author(consent), later(30)).unwrap();
    let pulled = tempdir().unwrap();
    let folder = |log: Id| pulled.path().join(log.to_string());
    for (vault, log) in [(&mut ward.phones[0].vault, before), (&mut old, after)] {
        fs::create_dir(folder(log)).unwrap();
        let request = Request {
            log,
            from: None,
            to: None,
            format: ExportFormat::Evidence,
            details: DetailsTaken::No,
            taken_by: "Test Officer",
        };
        hand_out(vault, &request, &folder(log).join("evidence"), later(40)).unwrap();
    }
    let withdrawn = |logs: &[&Path]| {
        let output = desk.export(logs, "all.fhir", "fhir", &[]);
        let said = done(&output);
        assert_eq!(said["gaps"][0]["before"], json!(before), "{said}");
        let bundle = fs::read_to_string(desk.at("all.fhir")).unwrap();
        fs::remove_file(desk.at("all.fhir")).unwrap();
        bundle.matches("\"status\":\"inactive\"").count()
    };
    assert_eq!(
        withdrawn(&[&folder(before), &folder(after)]),
        1,
        "who gives folders by hand vouches for them"
    );
    let entries =
        |log: Id| fs::read_to_string(folder(log).join("evidence/hashes.txt")).unwrap().lines().count();
    for (users, expected) in [([1, 1], 1), ([1, 2], 0)] {
        let line = |log: Id, user: u8| {
            let user = Id([user; 16]);
            json!({ "log": log, "state": "whole", "entries": entries(log), "user": user, "reason": null })
        };
        let said = format!("{}\n{}\n", line(before, users[0]), line(after, users[1]));
        fs::write(pulled.path().join("devices.jsonl"), said).unwrap();
        assert_eq!(withdrawn(&[pulled.path()]), expected, "{users:?}");
    }
}

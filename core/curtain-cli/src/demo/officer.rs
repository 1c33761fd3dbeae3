//! The officer: pulls the log, verifies it, and sees where somebody changed it.

use std::fs;
use std::path::{Path, PathBuf};

use curtain::transport::{Call, Transport as _};
use serde_json::{Value, json};

use super::PATIENT;
use super::check::{Wrong, check, text};
use super::narrate::{Narrator, Told, Voice};
use super::stage::Stage;
use crate::network::host;

/// The most bytes of what a relay says of itself.
const MAX_INFO_BYTES: usize = 16 << 10;

/// How long the relay may take to say it, in seconds.
const PATIENCE_S: u64 = 20;

pub(super) fn play(stage: &mut Stage, narrator: &mut Narrator) -> Result<(), Wrong> {
    narrator.step("pull", Voice::Officer, || {
        stage.known.witness = witness(stage)?;
        pull(stage)?;
        let names = opened(stage)?;
        check(names.iter().any(|name| name == PATIENT), "the officer does not learn whose consent it is")?;
        Ok(Told::done(
            "I pulled the clinician's log of consents through the relay. With my private key I can read whose consent it \
             is; the relay cannot. (evidence/ is for me alone.)",
        ))
    })?;
    narrator.step("verify", Voice::Officer, || {
        let report = verified(stage)?;
        let records = report["scope"]["size"].as_u64().unwrap_or(0);
        Ok(Told::done(format!(
            "I verified it: {records} records, all there, none changed, signed by the clinician's key and seen by a witness."
        )))
    })?;
    narrator.step("edit_caught", Voice::Officer, || {
        let what = tampered(stage, "edited", edit_one_byte)?;
        Ok(Told::refused("broken", format!("I changed one byte in a copy. It is caught: {what}.")))
    })?;
    narrator.step("drop_caught", Voice::Officer, || {
        let what = tampered(stage, "dropped", drop_one_record)?;
        Ok(Told::refused("broken", format!("I took one record out of a copy. It is caught: {what}.")))
    })
}

/// The key of the relay's witness, as the relay says it.
fn witness(stage: &Stage) -> Result<String, Wrong> {
    let call = Call {
        method: "GET",
        url: format!("{}/v1/relay", stage.url()),
        fields: Vec::new(),
        body: &[],
        limit: MAX_INFO_BYTES,
        patience_s: PATIENCE_S,
    };
    let answer = host().call(&call).map_err(|error| Wrong::new(error.to_string()))?;
    text(&serde_json::from_slice::<Value>(&answer.body)?["witness_key"])
}

/// Brings `evidence/` up to what the relay has.
pub(super) fn pull(stage: &Stage) -> Result<(), Wrong> {
    let pull = stage.officer.call("ledger pull")?.args(["--through", &stage.url()]);
    let pull = pull.args(["--witness", &stage.known.witness]).arg("--key").arg(stage.private("officer.key"));
    pull.arg("--out").arg(stage.out.join("evidence")).run()?.all_done().map(drop)
}

/// The names of patients that the officer's key opens.
fn opened(stage: &Stage) -> Result<Vec<String>, Wrong> {
    let open = stage.anybody("ledger open")?.arg("--key").arg(stage.private("officer.key"));
    let lines = open.arg(stage.out.join("evidence")).run()?.all_done()?;
    Ok(lines.iter().filter_map(|line| line["details"]["patient"].as_str()).map(str::to_owned).collect())
}

/// The evidence of the clinician's log.
fn evidence(stage: &Stage) -> Result<PathBuf, Wrong> {
    let log = stage.clinician.call("ledger checkpoint")?.done()?;
    Ok(stage.out.join("evidence").join(text(&log["log"])?).join("evidence"))
}

fn verify(stage: &Stage, folder: &Path) -> Result<super::check::Ran, Wrong> {
    let verify = stage.anybody("ledger verify")?.args(["--key", &stage.known.log_key]);
    let verify = verify.args(["--witness", &stage.known.witness, "--require", "signer,complete"]);
    verify.arg(folder).run()
}

/// What `ledger verify` says of the evidence, which holds.
pub(super) fn verified(stage: &Stage) -> Result<Value, Wrong> {
    let report = verify(stage, &evidence(stage)?)?.done()?;
    check(report["integrity"]["intact"] == json!(true), "the evidence is not intact")?;
    check(report["signer"] == json!("authenticated"), "its signer is not authenticated")?;
    check(report["completeness"]["proven"] == json!(true), "that it is complete is not proven")?;
    Ok(report)
}

/// Changes a copy of the evidence, and gives what `ledger verify` says of it: that it is broken.
fn tampered(
    stage: &Stage,
    name: &str,
    change: impl FnOnce(&Path) -> Result<(), Wrong>,
) -> Result<String, Wrong> {
    let copy = stage.private(name);
    copy_folder(&evidence(stage)?, &copy)?;
    change(&copy)?;
    let ran = verify(stage, &copy)?;
    let report = ran.lines.last().cloned().unwrap_or_default();
    check(ran.status == Some(1), "a copy that was changed is verified")?;
    check(report["integrity"]["intact"] == json!(false), "a copy that was changed is called intact")?;
    let what = text(&report["integrity"]["message"])?;
    Ok(match report["integrity"]["record"].as_u64() {
        Some(record) => format!("\"broken at record {record}: {what}\""),
        None => format!("\"broken: {what}\""),
    })
}

fn copy_folder(from: &Path, to: &Path) -> Result<(), Wrong> {
    fs::create_dir(to)?;
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        fs::copy(entry.path(), to.join(entry.file_name()))?;
    }
    Ok(())
}

fn edit_one_byte(folder: &Path) -> Result<(), Wrong> {
    let path = folder.join("leaves.jsonl");
    let mut bytes = fs::read(&path)?;
    let digits = bytes.iter_mut().filter(|byte| byte.is_ascii_digit());
    let last = digits.last().ok_or_else(|| Wrong::new("the evidence has no records"))?;
    *last = if *last == b'9' { b'0' } else { *last + 1 };
    Ok(fs::write(path, bytes)?)
}

/// Takes out the record and its fingerprint, as whoever wants it forgotten would.
fn drop_one_record(folder: &Path) -> Result<(), Wrong> {
    for name in ["leaves.jsonl", "hashes.txt"] {
        let path = folder.join(name);
        let text = fs::read_to_string(&path)?;
        let rest: String = text.split_inclusive('\n').skip(1).collect();
        check(rest.len() < text.len(), "the evidence has no records")?;
        fs::write(path, rest)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folder(name: &str) -> PathBuf {
        let folder = std::env::temp_dir().join(format!("curtain-demo-{}-{name}", std::process::id()));
        let _ = fs::remove_dir_all(&folder);
        fs::create_dir(&folder).unwrap();
        fs::write(folder.join("leaves.jsonl"), "{\"n\":0}\n{\"n\":9}\n").unwrap();
        fs::write(folder.join("hashes.txt"), "a\nb\n").unwrap();
        folder
    }

    #[test]
    fn one_byte_is_edited_and_one_record_dropped() {
        let edited = folder("edited");
        edit_one_byte(&edited).unwrap();
        assert_eq!(fs::read_to_string(edited.join("leaves.jsonl")).unwrap(), "{\"n\":0}\n{\"n\":0}\n");
        let dropped = folder("dropped");
        drop_one_record(&dropped).unwrap();
        assert_eq!(fs::read_to_string(dropped.join("leaves.jsonl")).unwrap(), "{\"n\":9}\n");
        assert_eq!(fs::read_to_string(dropped.join("hashes.txt")).unwrap(), "b\n");
        for folder in [edited, dropped] {
            fs::remove_dir_all(folder).unwrap();
        }
    }
}

//! The patient takes the case back, and it goes; what the log says in the end; and what strangers ever had of the name.

use std::fs;
use std::path::Path;

use curtain::consent::WithdrawalCode;
use serde_json::{Value, json};

use super::check::{Wrong, check, text};
use super::narrate::{Narrator, Told, Voice};
use super::officer;
use super::read::search;
use super::send::blobs;
use super::stage::Stage;
use super::wire::words_in;

/// How often the clinician syncs until the log says who followed.
const SYNCS: u32 = 3;

pub(super) fn play(stage: &mut Stage, narrator: &mut Narrator) -> Result<(), Wrong> {
    // What the relay had is looked at before it lets go of it, and once more at the end.
    let files_before = look(stage)?;
    narrator.step("withdraw", Voice::Patient, || withdraw(stage))?;
    narrator.step("gone", Voice::Student, || gone(stage))?;
    narrator.step("acknowledged", Voice::Clinician, || acknowledged(stage))?;
    narrator.step("export", Voice::Officer, || export(stage))?;
    narrator.step("nothing_leaked", Voice::Officer, || {
        let files = files_before + look(stage)?;
        let seen = stage.wire.seen();
        check(seen.is_empty(), format!("on the way to the relay stood: {}", seen.join(", ")))?;
        Ok(Told::done(format!(
            "I searched all that the relay had on its disk before and after, {files} files and its log, and every byte on \
             its way there and back, for the patient's name, village and phone number. I found nothing."
        )))
    })
}

/// The withdrawal codes on a page, as receipts print them.
fn codes(page: &str) -> Vec<String> {
    // The page sets the groups of a code apart.
    let page = page.replace("<span>", "").replace("</span>", "");
    let words = page.split(|c: char| !(c.is_ascii_alphanumeric() || c == '-'));
    let like = words.filter(|word| word.split('-').count() == 7);
    like.filter(|word| WithdrawalCode::parse(word).is_ok()).map(str::to_owned).collect()
}

fn withdraw(stage: &Stage) -> Result<Told, Wrong> {
    let page = fs::read_to_string(stage.out.join("receipt.html"))?;
    let code = codes(&page).pop().ok_or_else(|| Wrong::new("there is no code on the receipt"))?;
    let had = blobs(stage)?;
    let withdrawn = stage.anybody("withdraw")?.args(["--relay", &stage.url(), &code]).done()?;
    check(withdrawn["posts"] == json!(1), "the relay withdrew no case, or another")?;
    check(had > 0 && blobs(stage)? == 0, "the relay still has the case")?;
    Ok(Told::done(
        "I changed my mind. I gave the code on my receipt to the relay, from somebody else's phone. I was asked nothing. \
         The relay deleted the case, and takes it no more.",
    ))
}

fn gone(stage: &Stage) -> Result<Told, Wrong> {
    const CODE: &str = "withdrawn";
    stage.clinician.sync()?;
    let shown = stage.clinician.call("consent show")?.arg(&stage.known.consent).done()?;
    check(shown["standing"] == json!(CODE), "the clinician's log does not say that it is withdrawn")?;
    let awaited = shown["awaited"].as_array().map_or(0, Vec::len);
    check(awaited > 0, "the clinician's log awaits nobody")?;

    let told = stage.student.sync()?;
    check(
        told.iter().any(|line| line["withdrawn"].as_u64() > Some(0)),
        "the student's sync withdrew nothing",
    )?;
    let listed = stage.student.call("feed list")?.run()?.all_done()?;
    check(listed.is_empty(), "the case is still in the student's list")?;
    check(search(stage)?.is_empty(), "the case is still found")?;
    let show = stage.student.call("feed show")?.arg(&stage.known.post).run()?;
    check(show.status == Some(1), "the case can still be opened")?;
    Ok(Told::refused(
        show.lines.last().and_then(|line| line["error"]["code"].as_str()).unwrap_or_default(),
        "After my next sync the case was gone: from my list, from my search, and I cannot open it. My phone told the \
         clinician's so.",
    ))
}

fn acknowledged(stage: &Stage) -> Result<Told, Wrong> {
    for _ in 0..SYNCS {
        stage.clinician.sync()?;
        let shown = stage.clinician.call("consent show")?.arg(&stage.known.consent).done()?;
        if shown["awaited"].as_array().is_some_and(Vec::is_empty) {
            return Ok(Told::done(
                "My log has the withdrawal, and that the circle's readers deleted their copies. I did nothing for that \
                 but sync.",
            ));
        }
    }
    Err(Wrong::new("the log does not say that the readers followed"))
}

fn export(stage: &Stage) -> Result<Told, Wrong> {
    for (format, name) in [
        ("csv", "consent.csv"),
        ("jsonl", "consent.jsonl"),
        ("fhir", "consent.fhir.json"),
        ("pdf", "consent.pdf"),
    ] {
        let export = stage.clinician.call("ledger export")?.args(["--format", format]);
        let export = export.args(["--taken-by", "Test Officer, for the yearly audit"]);
        export.arg("--out").arg(stage.out.join(name)).done()?;
    }
    let lines = fs::read_to_string(stage.out.join("consent.jsonl"))?;
    let records = lines.lines().map(serde_json::from_str).collect::<Result<Vec<Value>, _>>()?;
    for event in ["grant", "disclose", "withdraw", "acknowledge"] {
        let has = records.iter().any(|record| record.to_string().contains(&format!("\"{event}\"")));
        check(has, format!("the exported log has no \"{event}\""))?;
    }
    // That it was exported is in the log, too.
    stage.clinician.sync()?;
    officer::pull(stage)?;
    let report = officer::verified(stage)?;
    text(&report["scope"]["log"])?;
    Ok(Told::done(format!(
        "I took the log as a table, as lines, for a hospital's system and to print: agreed, sent, withdrawn, deleted. No \
         name is in them. Then I pulled once more and verified: {} records, all there.",
        report["scope"]["size"]
    )))
}

/// Searches all that the relay has, and its log. How many files there were.
fn look(stage: &Stage) -> Result<usize, Wrong> {
    let mut found = Vec::new();
    let files = walk(&stage.relay_folder(), &mut |bytes| {
        found.extend(words_in(&bytes.to_ascii_lowercase()));
    })?;
    check(found.is_empty(), format!("in the relay's folder stood: {}", found.join(", ")))?;
    check(files > 0, "the relay's folder is empty: nothing was searched")?;
    Ok(files)
}

/// Shows all names and files of a folder, and those below. How many files there were.
fn walk(folder: &Path, see: &mut impl FnMut(&[u8])) -> Result<usize, Wrong> {
    let mut files = 0;
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        see(entry.file_name().to_string_lossy().as_bytes());
        if entry.file_type()?.is_dir() {
            files += walk(&entry.path(), see)?;
        } else {
            see(&fs::read(entry.path())?);
            files += 1;
        }
    }
    Ok(files)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_is_found_on_a_page() {
        let printed = WithdrawalCode::new(*b"0123456789abcdef").printed().to_string();
        let groups: Vec<&str> = printed.split_inclusive('-').collect();
        let groups = format!("<span>{}</span>", groups.join("</span><span>"));
        let page = format!("<p>2027-01-02</p><p class=\"value\">{groups}</p><p>a-b-c-d-e-f-g</p>");
        assert_eq!(codes(&page), [printed]);
    }
}

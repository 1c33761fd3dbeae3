//! Who they are, and the circle in which they meet.

use super::check::{Wrong, check, text};
use super::narrate::{Narrator, Told, Voice};
use super::stage::{Person, Stage};

/// The circle in which cases are taught.
pub(super) const TEACHING: &str = "Teaching";

/// The circle from which cases are published.
pub(super) const PUBLICATION: &str = "Publication";

pub(super) fn play(stage: &mut Stage, narrator: &mut Narrator) -> Result<(), Wrong> {
    narrator.step("circle", Voice::Clinician, || {
        be_somebody(stage)?;
        meet(stage)?;
        Ok(Told::done(
            "I have a phone and a circle called Teaching: a student and our officer are in it. A relay carries what we send. \
             It gets sealed bytes, and no key.",
        ))
    })?;
    narrator.step("officer_key", Voice::Officer, || {
        hand_out_key(stage)?;
        Ok(Told::done(
            "I gave the clinician my public key. Who the patient of a consent is reaches me, and no one on the way.",
        ))
    })
}

/// Everybody makes their keys and gets a credential.
fn be_somebody(stage: &mut Stage) -> Result<(), Wrong> {
    let key = stage.private("issuer.key");
    let made = stage.anybody("identity issuer")?.arg("--key").arg(&key).done()?;
    stage.known.issuer = text(&made["issuer"])?;
    let people = [
        (&stage.clinician, "Test Clinician", "clinician"),
        (&stage.student, "Test Student", "student"),
        (&stage.officer, "Test Officer", "officer"),
    ];
    for (person, name, kind) in people {
        let me = person.call("identity new")?.args(["--name", name]).done()?;
        let credential = stage.private(&format!("{kind}.credential"));
        let issue = stage.anybody("identity issue")?.arg("--key").arg(&key).args(["--kind", kind]);
        issue
            .args(["--days", "365", "--user", &text(&me["user"])?, "--device", &text(&me["device"])?])
            .arg("--out")
            .arg(&credential)
            .done()?;
        person.call("identity credential")?.arg(&credential).done()?;
    }
    Ok(())
}

/// The clinician makes the circles and lets the others into one.
fn meet(stage: &Stage) -> Result<(), Wrong> {
    let url = stage.url();
    for (name, audience) in [(TEACHING, "teaching"), (PUBLICATION, "publication")] {
        let new = stage.clinician.call("circle new")?.args(["--name", name, "--audience", audience]);
        new.args(["--history", "archive", "--issuer", &stage.known.issuer, "--through", &url]).done()?;
    }
    let join = |person: &Person, role: &str| -> Result<(), Wrong> {
        let (invite, request) =
            (stage.private(&format!("{role}.invite")), stage.private(&format!("{role}.request")));
        let invited =
            stage.clinician.call("circle invite")?.arg(TEACHING).arg("--out").arg(&invite).done()?;
        let asked = person.call("circle join")?.arg(&invite).arg("--out").arg(&request).done()?;
        check(
            invited["fingerprint"] == asked["invite_fingerprint"],
            "the fingerprints of the invitation differ",
        )?;
        let add = stage.clinician.call("circle add")?.arg(TEACHING).arg(&request);
        let added = add.args(["--role", role, "--through", &url]).done()?;
        check(added["fingerprint"] == asked["fingerprint"], "the fingerprints of the request differ")?;
        person.call("circle pull")?.arg(&invite).args(["--through", &url]).done()?;
        Ok(())
    };
    join(&stage.student, "student")?;
    join(&stage.officer, "officer")
}

/// The officer makes a key; what identifies a patient is sealed to it from now on.
fn hand_out_key(stage: &Stage) -> Result<(), Wrong> {
    let (key, public) = (stage.private("officer.key"), stage.private("officer.public"));
    stage.anybody("identity officer")?.arg("--key").arg(&key).arg("--out").arg(&public).done()?;
    let kept = stage.clinician.call("ledger officer")?.arg(&public).done()?;
    check(kept["officer"].is_string(), "the officer's key was not kept")
}

//! The upload that is killed half way, and goes on.

use std::time::Duration;

use serde_json::json;

use super::check::{Wrong, check};
use super::narrate::{Narrator, Told, Voice};
use super::stage::Stage;

/// How long a sync may take to send half of a case.
const PATIENCE: Duration = Duration::from_mins(2);

pub(super) fn play(stage: &mut Stage, narrator: &mut Narrator) -> Result<(), Wrong> {
    let mut first = 0;
    narrator.step("killed", Voice::Clinician, || {
        first = kill_half_way(stage)?;
        Ok(Told::done(format!(
            "My phone was sending it. After {first} bytes, half of it, the process was killed and the line was cut."
        )))
    })?;
    narrator.step("resumed", Voice::Clinician, || {
        let second = send_the_rest(stage)?;
        Ok(Told::done(format!(
            "I sent again. It went on where it had stopped: {second} bytes, not all {}. The relay has the case now.",
            stage.known.sealed_bytes
        )))
    })
}

/// Bytes that the phone sent until it was killed.
fn kill_half_way(stage: &Stage) -> Result<u64, Wrong> {
    let (wire, before) = (&stage.wire, stage.wire.up());
    wire.hold_after(stage.known.sealed_bytes / 2);
    let mut phone = stage.clinician.call("sync")?.start()?;
    let deadline = std::time::Instant::now() + PATIENCE;
    let mut is_held = false;
    while !is_held && phone.is_running() && std::time::Instant::now() < deadline {
        is_held = wire.wait_until_held(Duration::from_millis(200));
    }
    let killed = phone.kill();
    wire.cut();
    check(is_held, "the phone did not send half of the case")?;
    killed?;
    Ok(wire.up() - before)
}

fn send_the_rest(stage: &Stage) -> Result<u64, Wrong> {
    let (before, had) = (stage.wire.up(), blobs(stage)?);
    let told = stage.clinician.sync()?;
    let sent = told.iter().any(|line| line["kind"] == "post" && line["state"] == "sent");
    check(sent, "the second sync did not send the case")?;
    let second = stage.wire.up() - before;
    check(second < stage.known.sealed_bytes, "the second sync sent all of it once more")?;
    check(blobs(stage)? > had, "the relay does not have the case")?;
    let shown = stage.clinician.call("post show")?.arg(&stage.known.post).done()?;
    check(shown["standing"] == json!("live"), "the consent is not live")?;
    Ok(second)
}

/// Sealed files that the relay has whole.
pub(super) fn blobs(stage: &Stage) -> Result<usize, Wrong> {
    let folder = stage.relay_folder().join("store").join("blobs");
    match std::fs::read_dir(folder) {
        Ok(entries) => Ok(entries.count()),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(0),
        Err(error) => Err(error.into()),
    }
}

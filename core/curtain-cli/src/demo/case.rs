//! The clinician's case: cleaned, reviewed, agreed to, refused to the wrong circle, sealed.

use std::fs;
use std::path::{Path, PathBuf};

use curtain::time::UnixTime;
use serde_json::{Value, json};

use super::check::{Wrong, check, text};
use super::narrate::{Narrator, Told, Voice};
use super::people::{PUBLICATION, TEACHING};
use super::stage::Stage;
use super::wire::words_in;
use super::{PATIENT, PHONE, VILLAGE};
use crate::vault::now;

/// Lies on its side; has a place, a serial number and a film in its file, and a face, a board and a wristband in its pixels.
/// Drawn but for an astronaut's face: `fixtures/README.md`.
const PHOTO: &[u8] = include_bytes!("../../../../fixtures/ward_photo.jpg");

/// Where the wristband's text is on the upright photo, `[x, y, width, height]`: `fixtures/expected.json`.
const WRISTBAND: [u64; 4] = [1759, 3070, 368, 245];

/// Two strokes of a pen.
const SIGNATURE: &str = "[[[10,10],[60,40],[20,80]],[[15,50],[70,50]]]";

/// For how many days the patient agrees.
const DAYS: u32 = 300;

pub(super) fn play(stage: &mut Stage, narrator: &mut Narrator) -> Result<(), Wrong> {
    let photo = stage.hand("photo.jpg", PHOTO)?;
    narrator.step("clean", Voice::Clinician, || clean(stage, &photo))?;
    narrator.step("story", Voice::Clinician, || review(stage, &photo))?;
    narrator.step("consent", Voice::Patient, || consent(stage))?;
    narrator.step("receipt", Voice::Patient, || receipt(stage))?;
    narrator.step("publication_refused", Voice::Clinician, || publish(stage))?;
    narrator.step("seal", Voice::Clinician, || seal(stage))
}

/// Whether two boxes `[x, y, width, height]` overlap.
fn overlap(found: &Value, wanted: [u64; 4]) -> bool {
    let [x, y, w, h] = [0, 1, 2, 3].map(|at| found[at].as_u64().unwrap_or(0));
    let [wx, wy, ww, wh] = wanted;
    x < wx + ww && wx < x + w && y < wy + wh && wy < y + h
}

fn clean(stage: &Stage, photo: &Path) -> Result<Told, Wrong> {
    let pictures = stage.out.join("pictures");
    fs::create_dir(&pictures)?;
    let clean = stage.anybody("clean")?.arg("--sheet").arg(pictures.join("before-after.jpg"));
    let line = clean.arg("--out").arg(stage.private("cleaned")).arg(photo).done()?;
    let leaks: Vec<&str> =
        line["leaks"].as_array().into_iter().flatten().filter_map(|leak| leak["class"].as_str()).collect();
    for class in ["gps", "owner_or_serial", "motion_video", "thumbnail"] {
        check(leaks.contains(&class), format!("the photo's {class} was not seen"))?;
    }
    let findings: Vec<&Value> = line["findings"].as_array().into_iter().flatten().collect();
    let of = |kind: &str| findings.iter().filter(|found| found["kind"] == kind).count();
    let (faces, texts) = (of("face"), of("text"));
    check(faces > 0, "no face was found")?;
    let band = |found: &&Value| found["kind"] == "text" && overlap(&found["box"], WRISTBAND);
    check(findings.iter().copied().any(|found| band(&found)), "the wristband was not found")?;
    let written = PathBuf::from(text(&line["output"])?);
    let (width, height) = (line["width"].as_u64(), line["height"].as_u64());
    check(written.exists() && width < height, "the picture was not written upright")?;
    Ok(Told::done(format!(
        "I took a photo at the bedside. It lies on its side. Its file also tells where it was taken and with which camera, \
         and hides a short film. Curtain turned it, covered {faces} faces and {texts} pieces of text, the wristband among \
         them, and wrote a new file with none of the rest.",
    )))
}

fn review(stage: &mut Stage, photo: &Path) -> Result<Told, Wrong> {
    let story = format!(
        "{PATIENT}, a farmer from {VILLAGE} village. Seen 3 July 2024. He has had a dark patch on the forearm for a year. It \
         grows, and itches at night. His phone is {PHONE}.\n"
    );
    let story = stage.hand("story.txt", story)?;
    let known = format!("name: {PATIENT}\nplace: {VILLAGE}\n");
    let known = stage.hand("known.txt", known)?;
    let new = stage.clinician.call("post new")?.args([
        "--title",
        "A dark patch on the forearm",
        "--specialty",
        "dermatology",
    ]);
    let new = new.args(["--site", "forearm", "--question", "What is it, and what would you do first?"]);
    stage.known.case = text(&new.arg("--text").arg(&story).arg(photo).done()?["case"])?;

    let review = || {
        Ok::<_, Wrong>(stage.clinician.call("post review")?.arg(&stage.known.case).arg("--known").arg(&known))
    };
    let found = review()?.done()?;
    let in_text: usize = found["text"]
        .as_array()
        .into_iter()
        .flatten()
        .map(|part| part["findings"].as_array().map_or(0, Vec::len))
        .sum();
    check(in_text >= 4, "name, village, date and phone were not all found in the story")?;
    // A person looks at each photo and answers for what no detector looks for.
    let mut decided = found["template"].clone();
    for photo in decided["photos"].as_array_mut().into_iter().flatten() {
        for check in found["checks"].as_array().into_iter().flatten().filter_map(Value::as_str) {
            photo["checks"][check] = json!("absent");
        }
    }
    let decisions = stage.hand("decisions.json", decided.to_string())?;
    review()?.arg("--decisions").arg(decisions).arg("--out").arg(to_show(stage)).done()?;
    let settled = fs::read_to_string(to_show(stage).join("text.txt"))?;
    let left: Vec<_> = words_in(&settled.to_ascii_lowercase().into_bytes()).collect();
    check(left.is_empty() && !settled.contains("3 July"), "the story still says who the patient is")?;
    let story: String =
        settled.lines().filter(|line| line.contains("patch") && line.contains("itches")).collect();
    check(!story.is_empty(), "the story lost what the case is about")?;
    Ok(Told::done(format!(
        "I wrote the story with name, village, date and phone, as one does. Curtain marked each, and I decided on each. \
         It reads now: \"{story}\""
    )))
}

/// What the patient is shown.
fn to_show(stage: &Stage) -> PathBuf {
    stage.private("to-show")
}

/// The covered picture that the patient was shown.
pub(super) fn shown_picture(stage: &Stage) -> Result<Vec<u8>, Wrong> {
    for entry in fs::read_dir(to_show(stage))? {
        let path = entry?.path();
        if path.extension().is_some_and(|ending| ending == "jpg") {
            return Ok(fs::read(path)?);
        }
    }
    Err(Wrong::new("there is no picture to show the patient"))
}

fn consent(stage: &mut Stage) -> Result<Told, Wrong> {
    shown_picture(stage)?;
    let signature = stage.hand("signature.json", SIGNATURE)?;
    let today = now().map_err(|failure| Wrong::new(failure.message))?;
    let expires = UnixTime::plus_days(today, DAYS).date();
    let consent = stage.clinician.call("post consent")?.arg(&stage.known.case);
    let consent = consent.arg("--known").arg(stage.private("known.txt")).arg("--signature").arg(signature);
    let consent = consent.args(["--regime", "hipaa", "--level", "teaching", "--purpose", "teaching"]);
    let consent =
        consent.args(["--giver", "patient", "--patient", PATIENT, "--affirm", "understood", "--shown"]);
    let consent =
        consent.args(["--recipients", "members of the circle Teaching", "--discloser", "Test Clinic"]);
    let consent =
        consent.args(["--contact", "Test Clinic, room 1", "--description", "a dark patch on the forearm"]);
    let granted = consent.args(["--expires", &expires]).done()?;
    stage.known.consent = text(&granted["consent"])?;
    stage.known.log_key = text(&stage.clinician.call("ledger key")?.done()?["key"])?;
    Ok(Told::done(format!(
        "They showed me the very picture and text that will be sent. My face is not in it. I signed for teaching, and for \
         nothing else, until {expires}."
    )))
}

/// Where the receipt lies: the page, and the file.
fn receipt(stage: &Stage) -> Result<Told, Wrong> {
    let folder = stage.private("receipt");
    let written = stage
        .clinician
        .call("consent receipt")?
        .arg("--out")
        .arg(&folder)
        .arg(&stage.known.consent)
        .done()?;
    let mut endings = Vec::new();
    for path in written["receipt"].as_array().into_iter().flatten().filter_map(Value::as_str) {
        let ending = Path::new(path).extension().and_then(|ending| ending.to_str()).unwrap_or_default();
        fs::rename(path, stage.out.join(format!("receipt.{ending}")))?;
        endings.push(ending.to_owned());
    }
    endings.sort_unstable();
    check(endings == ["html", "json"], "the receipt is not a page and a file")?;
    let file = stage.out.join("receipt.json");
    let verify = stage.anybody("consent verify-receipt")?.args(["--key", &stage.known.log_key]);
    let verified = verify.arg(file).done()?;
    check(verified["consent"] == json!(stage.known.consent), "the receipt is of another consent")?;
    Ok(Told::done(
        "I got a receipt on paper. It has a code. Whoever shows that code takes the case back, anywhere, without asking \
         anybody. (receipt.html and receipt.json are the patient's papers: they name them.)",
    ))
}

fn publish(stage: &Stage) -> Result<Told, Wrong> {
    const CODE: &str = "consent_falls_short";
    seal_to(stage, PUBLICATION)?.refused(CODE)?;
    let waiting = stage.clinician.call("outbox list")?.done()?;
    check(waiting["waiting"] == json!(0), "something waits to be sent")?;
    Ok(Told::refused(
        CODE,
        "I tried to put it into a circle for publication. Curtain refused: the patient signed for teaching. Nothing was sealed.",
    ))
}

fn seal(stage: &mut Stage) -> Result<Told, Wrong> {
    let sealed = seal_to(stage, TEACHING)?.done()?;
    check(sealed["queued"] == json!(true), "the sealed case does not wait to be sent")?;
    stage.known.post = text(&sealed["post"])?;
    stage.known.sealed_bytes = sealed["bytes"].as_u64().unwrap_or(0);
    check(stage.known.sealed_bytes > 0, "the sealed case is empty")?;
    Ok(Told::done(format!(
        "I sealed it for the circle Teaching: {} bytes that only its members can open. It works without a network; it waits \
         to be sent.",
        stage.known.sealed_bytes
    )))
}

fn seal_to(stage: &Stage, circle: &str) -> Result<super::check::Ran, Wrong> {
    let seal = stage.clinician.call("post seal")?.arg(&stage.known.case);
    seal.arg("--known").arg(stage.private("known.txt")).args(["--circle", circle]).run()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn boxes_overlap_or_do_not() {
        assert!(overlap(&json!([1700, 3000, 500, 400]), WRISTBAND));
        assert!(overlap(&json!([1800, 3100, 10, 10]), WRISTBAND));
        assert!(!overlap(&json!([0, 0, 1759, 5000]), WRISTBAND));
        assert!(!overlap(&json!([1759, 0, 10, 3070]), WRISTBAND));
        assert!(!overlap(&json!(null), WRISTBAND));
    }
}

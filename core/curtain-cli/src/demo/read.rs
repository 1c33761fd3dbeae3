//! The student: reads, searches, votes, and is stopped where a comment names the patient.

use std::fs;
use std::path::PathBuf;

use serde_json::{Value, json};

use super::check::{Wrong, check, text};
use super::narrate::{Narrator, Told, Voice};
use super::stage::Stage;
use super::{PATIENT, VILLAGE, case};

/// What the student votes for.
const DIAGNOSIS: &str = "Suspected melanoma";

pub(super) fn play(stage: &mut Stage, narrator: &mut Narrator) -> Result<(), Wrong> {
    narrator.step("read", Voice::Student, || read(stage))?;
    narrator.step("search", Voice::Student, || {
        let found = search(stage)?;
        check(found.len() == 1 && found[0]["post"] == json!(stage.known.post), "the case was not found")?;
        let none = stage.student.call("feed search")?.arg(VILLAGE).run()?.all_done()?;
        check(none.is_empty(), "the village can be found")?;
        Ok(Told::done("I searched for \"itches\" and found it, on my phone, without a network. The village is not to be found."))
    })?;
    narrator.step("vote", Voice::Student, || vote(stage))?;
    narrator.step("comment_stopped", Voice::Student, || comment(stage))
}

/// What the student finds with a word of the story.
pub(super) fn search(stage: &Stage) -> Result<Vec<Value>, Wrong> {
    stage.student.call("feed search")?.arg("itches").run()?.all_done()
}

fn read(stage: &Stage) -> Result<Told, Wrong> {
    stage.student.sync()?;
    let listed = stage.student.call("feed list")?.done()?;
    check(listed["post"] == json!(stage.known.post), "the case is not in the student's list")?;
    // Pictures are asked for where somebody looks at them, and come with the next sync.
    let mut shown = Value::Null;
    let mut picture = None;
    for look in ["first-look", "second-look"] {
        let folder = stage.private(look);
        let show = stage.student.call("feed show")?.arg("--pictures").arg(&folder).arg(&stage.known.post);
        shown = show.done()?;
        let written = shown["written"].as_array().into_iter().flatten().filter_map(Value::as_str);
        picture = written.filter(|name| name.starts_with("picture")).map(|name| folder.join(name)).next();
        if picture.is_some() {
            break;
        }
        stage.student.sync()?;
    }
    let picture: PathBuf = picture.ok_or_else(|| Wrong::new("the picture did not come"))?;
    let bytes = fs::read(picture)?;
    check(bytes == case::shown_picture(stage)?, "the student's picture is not the one that the patient saw")?;
    fs::write(stage.out.join("pictures").join("as-the-student-opened-it.jpg"), bytes)?;
    let body = text(&shown["text"]["body"])?;
    check(body.contains("itches"), "the story did not come")?;
    Ok(Told::done(
        "I opened the case. The story names nobody. The picture is, byte for byte, the one that the patient saw and \
         signed for.",
    ))
}

fn vote(stage: &Stage) -> Result<Told, Wrong> {
    stage.student.call("feed vote")?.args([&stage.known.post, DIAGNOSIS, "--read"]).done()?;
    stage.student.sync()?;
    stage.clinician.sync()?;
    let seen = stage.clinician.call("feed show")?.arg(&stage.known.post).done()?;
    let votes = seen["votes"].as_array().into_iter().flatten();
    let mine = votes.filter(|vote| vote["diagnosis"] == json!(DIAGNOSIS) && vote["count"] == json!(1));
    check(mine.count() == 1, "the clinician does not see the vote")?;
    Ok(Told::done(format!("I voted for \"{DIAGNOSIS}\". The clinician sees it.")))
}

fn comment(stage: &Stage) -> Result<Told, Wrong> {
    const CODE: &str = "text_not_read";
    let words = format!("I know him. This is {PATIENT} from {VILLAGE}.\n");
    let comment = stage.hand("comment.txt", &words)?;
    let up = stage.wire.up();
    let comment = stage.student.call("feed comment")?.arg("--text").arg(comment).arg(&stage.known.post);
    let lines = comment.run()?.refused(CODE)?;
    let found: Vec<&Value> = lines.iter().filter_map(|line| line["findings"].as_array()).flatten().collect();
    let stands = |finding: &&Value, word: &str| {
        let place =
            |name: &str| finding[name].as_u64().and_then(|place| usize::try_from(place).ok()).unwrap_or(0);
        words.get(place("start")..place("end")).is_some_and(|found| found.contains(word))
    };
    for word in [PATIENT, VILLAGE] {
        check(
            found.iter().any(|finding| stands(finding, word)),
            format!("\"{word}\" was not found in the comment"),
        )?;
    }
    let waiting = stage.student.call("outbox list")?.done()?;
    check(waiting["waiting"] == json!(0) && stage.wire.up() == up, "the comment waits, or was sent")?;
    Ok(Told::refused(
        CODE,
        "I wrote a comment with the patient's name and village. Curtain found both and stopped it. Nothing was sent.",
    ))
}

//! What identifies a patient in a text is found and decided on before anybody else reads it.

use std::io::Write;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use curtain::clean::Options;
use curtain::consent::{Assent, ConsentDraft, Giver, Level, Witness};
use curtain::detect::Detectors;
use curtain::hash::Sha256;
use curtain::post::{
    CaseText, Comment, Draft, MAX_COMMENT, PostError, Reviewed, Scanned, Step, TextPart, resume,
};
use curtain::review::{CommentVerdict, Decided, TextVerdict};
use curtain::story::{Country, Decision, KeepReason, Known, KnownTerm, StoryError, WarningKind};
use curtain::vault::{ToGrant, Vault, VaultError};
use curtain_tests::fixture;
use serde_json::Value;
use tempfile::tempdir;

use crate::command::{curtain, lines, path};
use crate::no_consent_no_post::cover_all;
use crate::people::{SIGNATURE, anywhere, draft, now, open, reworded, story};

/// A name that nobody has.
const NAME: &str = "Quillibrand";

/// Runs `curtain story` with `input` on its standard input.
fn story_of(input: &[u8], args: &[&str]) -> Output {
    let mut child = Command::new(env!("CARGO_BIN_EXE_curtain-under-test"))
        .arg("story")
        .args(args)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // It may stop reading early, where there is too much.
    let _ = child.stdin.take().unwrap().write_all(input);
    child.wait_with_output().unwrap()
}

fn written(output: &Output) -> &str {
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
    std::str::from_utf8(&output.stdout).unwrap()
}

/// A file of `bytes` in `folder`, as an argument.
fn file(folder: &Path, name: &str, bytes: impl AsRef<[u8]>) -> String {
    let path = folder.join(name);
    std::fs::write(&path, bytes).unwrap();
    path.to_str().unwrap().to_owned()
}

fn terms(folder: &Path) -> String {
    file(folder, "terms.txt", format!("# of this case\n\nname: {NAME}\r\nnumber: 12-3456-7\n"))
}

#[test]
fn the_example_of_the_design_is_scrubbed() {
    let folder = tempdir().unwrap();
    let text = "Asha, 93, from Sonepur village, 3 July 2024, BP 120/80";
    let case = file(folder.path(), "case.txt", text);
    let output = curtain(&["story", "--apply", "--locale", "en-IN", &case]);
    assert_eq!(written(&output), "[patient], 90+, from [village], 2024, BP 120/80");
}

#[test]
fn later_dates_become_days_where_that_is_asked_for() {
    let text = b"Rash on 3 July 2024. Better on 10 July 2024.";
    assert_eq!(written(&story_of(text, &["--apply", "-"])), "Rash on 2024. Better on 2024.");
    let days = story_of(text, &["--apply", "--intervals", "-"]);
    assert_eq!(written(&days), "Rash on 2024. Better on day 7.");
    let line = &lines(&story_of(text, &["--json", "-"]))[0];
    assert_eq!(line["spans"][1]["interval"], "day 7");
    assert_eq!(line["spans"][1]["replacement"], "2024");
}

#[test]
fn places_are_counted_in_characters() {
    let folder = tempdir().unwrap();
    let text = format!("😀 नमस्ते, é: we met {NAME} there.\nthen {NAME} again 👍🏽");
    let case = file(folder.path(), "case.txt", &text);
    let terms = terms(folder.path());
    let args = ["story", "--json", "--known", &terms, &case];
    let output = curtain(&args);
    assert_eq!(output.status.code(), Some(0));
    let lines = lines(&output);
    let [line] = &lines[..] else { panic!("one line a file") };
    assert_eq!(line["file"], case.as_str());
    assert!(line.get("text").is_none(), "the text only where it was asked for");
    let (letters, units): (Vec<char>, Vec<u16>) = (text.chars().collect(), text.encode_utf16().collect());
    let number = |value: &Value| usize::try_from(value.as_u64().unwrap()).unwrap();
    let known: Vec<_> =
        line["spans"].as_array().unwrap().iter().filter(|span| span["rule"] == "known").collect();
    assert_eq!(known.len(), 2);
    for span in known {
        let letters = &letters[number(&span["start"])..number(&span["end"])];
        assert_eq!(letters.iter().collect::<String>(), NAME);
        let units = &units[number(&span["utf16"][0])..number(&span["utf16"][1])];
        assert_eq!(String::from_utf16(units).unwrap(), NAME);
        assert_eq!((&span["class"], &span["paragraph"]), (&"name".into(), &"A".into()));
        assert!(span["replacement"].as_str().unwrap().starts_with('['));
        assert!((0.0..=1.0).contains(&span["confidence"].as_f64().unwrap()));
    }

    // The same for a person: lines and columns as editors count them.
    let report = curtain(&["story", "--known", &terms, &case]);
    let report = written(&report);
    let found: Vec<_> = report.lines().filter(|line| line.ends_with(&format!("for  {NAME}"))).collect();
    assert_eq!(found.len(), 2, "{report}");
    assert!(found[0].starts_with("  1:21 ") && found[1].starts_with("  2:6 "), "{report}");
    assert!(report.trim_end().ends_with("This helps a reader; it does not replace one."));
}

#[test]
fn what_is_not_replaced_stays_byte_for_byte() {
    let folder = tempdir().unwrap();
    let terms = terms(folder.path());
    for (before, after) in [("\u{FEFF}  rash\r\n\t", " \u{200B}rash\r\n\r\n"), ("", ""), ("(", ") é\n")] {
        let text = format!("{before}{NAME}{after}");
        let output = story_of(text.as_bytes(), &["--apply", "--known", &terms, "-"]);
        let written = written(&output);
        let middle = written.strip_prefix(before).and_then(|rest| rest.strip_suffix(after)).unwrap();
        assert!(middle.starts_with('[') && middle.ends_with(']'), "{middle}");
        assert!(String::from_utf8_lossy(&output.stderr).contains("1 replaced"));

        let again = story_of(written.as_bytes(), &["--json", "--known", &terms, "-"]);
        assert_eq!(lines(&again)[0]["spans"], Value::Array(Vec::new()), "the second reading finds nothing");
    }
    let nothing = story_of(b"", &["--apply", "-"]);
    assert_eq!(written(&nothing), "");
}

#[test]
fn beside_a_replaced_text_stands_no_word_of_it() {
    let text = b"Fabry disease in a 7-year-old boy.";
    let report = story_of(text, &["-"]);
    assert!(written(&report).contains("warning") && written(&report).contains("Fabry"));
    let output = story_of(text, &["--apply", "-"]);
    let beside = std::str::from_utf8(&output.stderr).unwrap();
    assert!(beside.contains("1:1 ") && beside.contains("a rare condition and an exact age"), "{beside}");
    assert!(!beside.contains("Fabry"), "{beside}");
}

#[test]
fn a_known_name_is_found_however_it_is_spelled() {
    let folder = tempdir().unwrap();
    let terms = terms(folder.path());
    for spelled in ["Quillibrand", "quilibrand", "QUILLIBRANT", "Kuillibrand", "Quillybrand"] {
        let text = format!("we met {spelled} there");
        let line = &lines(&story_of(text.as_bytes(), &["--json", "--known", &terms, "-"]))[0];
        assert_eq!(line["spans"][0]["rule"], "known", "{spelled}: {line}");
    }
    for number in ["1234567", "12 3456 7", "12/3456/7"] {
        let text = format!("we saw {number} there");
        let written = story_of(text.as_bytes(), &["--apply", "--known", &terms, "-"]);
        assert!(!self::written(&written).contains("3456"), "{number}");
    }
}

#[test]
fn many_texts_are_told_one_line_each() {
    let folder = tempdir().unwrap();
    let terms = terms(folder.path());
    let one = file(folder.path(), "one.txt", format!("we met {NAME}"));
    let two = file(folder.path(), "two.txt", "a rash");
    let output = curtain(&["story", "--json", "--apply", "--known", &terms, &one, "missing.txt", &two]);
    assert_eq!(output.status.code(), Some(1), "one is missing, the others were read");
    let lines = lines(&output);
    assert_eq!(lines.len(), 3);
    assert_ne!(lines[0]["text"], format!("we met {NAME}"));
    assert_eq!(lines[1]["error"]["code"], "not_found");
    assert_eq!(lines[2]["text"], "a rash");
}

#[test]
fn what_is_no_text_is_refused_with_a_reason() {
    let folder = tempdir().unwrap();
    let file = |name: &str, bytes: &[u8]| file(folder.path(), name, bytes);
    let utf16: Vec<u8> = "a rash".encode_utf16().flat_map(u16::to_le_bytes).collect();
    let long = "a rash. ".repeat((1 << 17) + 1);
    let cases = [
        (file("latin.txt", b"d\xE9j\xE0 vu"), "not_utf8"),
        (file("utf16.txt", &utf16), "not_utf8"),
        (file("long.txt", long.as_bytes()), "file_too_large"),
        (file("photo.txt", &fixture("orient/o1.jpg")), "not_a_text"),
        (file("page.txt", b"%PDF-1.4\n"), "not_a_text"),
        (path("hostile/video.mp4"), "not_a_text"),
        (folder.path().join("missing").to_str().unwrap().to_owned(), "not_found"),
        (folder.path().to_str().unwrap().to_owned(), "not_a_file"),
    ];
    for (path, code) in &cases {
        for apply in [&["--json"][..], &["--json", "--apply"]] {
            let output = curtain(&[&["story"], apply, &[path]].concat());
            assert_eq!(output.status.code(), Some(1), "{code}");
            assert_eq!(lines(&output)[0]["error"]["code"], *code);
        }
        let output = curtain(&["story", "--apply", path]);
        assert!(output.stdout.is_empty() && output.status.code() == Some(1), "{code}");
    }
    for (input, code) in [
        (fixture("orient/o1.jpg"), "not_a_text"),
        (format!("{long}é").into_bytes(), "file_too_large"),
        ("é".repeat(1 << 20).into_bytes(), "file_too_large"),
        (b"\xFF".to_vec(), "not_utf8"),
    ] {
        let output = story_of(&input, &["--json", "-"]);
        assert_eq!(lines(&output)[0]["error"]["code"], code);
    }
    let hint = curtain(&["story", &cases[3].0]);
    assert!(String::from_utf8(hint.stderr).unwrap().contains("curtain inspect"));
    // As long as may be is read.
    let longest = &long[..1 << 20];
    assert_eq!(story_of(longest.as_bytes(), &["--json", "-"]).status.code(), Some(0));
}

#[test]
fn terms_that_cannot_be_read_stop_the_command() {
    let folder = tempdir().unwrap();
    for (bytes, code) in [
        (&b"name: A B\nJane\n"[..], "known_line"),
        (b"name:\n", "known_line"),
        (b"patient: A B\n", "known_line"),
        (b"name: A B\nname: J\n", "known_line"),
        (b"number: 12-3\n", "known_line"),
        (b"\xFF", "not_utf8"),
    ] {
        let terms = file(folder.path(), "terms.txt", bytes);
        let output = story_of(b"a rash", &["--json", "--known", &terms, "-"]);
        assert_eq!(output.status.code(), Some(1));
        assert_eq!(lines(&output)[0]["error"]["code"], code);
        let message = String::from_utf8(output.stderr).unwrap();
        assert!(message.contains("--known") && !message.contains("Jane"), "{message}");
    }
    let terms = file(folder.path(), "terms.txt", "name: Jane\n\nname: J\n");
    let output = story_of(b"a rash", &["--known", &terms, "-"]);
    let message = String::from_utf8(output.stderr).unwrap();
    let said = "--known: line 3 cannot be used: a term has two letters or four digits at least";
    assert!(message.contains(said), "{message}");
    let missing = folder.path().join("missing");
    let output = story_of(b"a rash", &["--known", missing.to_str().unwrap(), "-"]);
    assert!(output.status.code() == Some(1) && output.stdout.is_empty());
}

#[test]
fn a_call_that_cannot_be_meant_is_not_understood() {
    for args in [
        &["story"][..],
        &["story", "--apply", "a.txt", "b.txt"],
        &["story", "-", "-"],
        &["story", "--known", "-", "-"],
        &["story", "--locale", "english", "-"],
        &["story", "--locale", "en", "-"],
        &["story", "--locale", "en_IN", "-"],
        &["story", "--locale", "", "-"],
    ] {
        let output = curtain(args);
        assert_eq!(output.status.code(), Some(2), "{args:?}");
        assert!(!output.stderr.is_empty());
    }
}

fn name() -> Known {
    let mut known = Known::default();
    known.add(KnownTerm::Name, NAME).unwrap();
    known
}

struct Desk {
    vault: Vault,
    _folder: tempfile::TempDir,
    detectors: Detectors,
    options: Options,
}

impl Desk {
    fn new() -> Self {
        let folder = tempdir().unwrap();
        let vault = open(folder.path()).unwrap();
        Self { vault, _folder: folder, detectors: Detectors::load().unwrap(), options: Options::default() }
    }

    #[expect(clippy::needless_pass_by_value, reason = "tests write the text where they ask for it")]
    fn scanned(&self, text: CaseText, known: Known) -> Scanned {
        let draft = Draft::new(vec![fixture("orient/o6.jpg")], &text, anywhere()).unwrap();
        draft.knowing(known).scan(&self.detectors, &self.options).unwrap()
    }

    fn reviewed(&self, text: CaseText, known: Known, decision: Decision) -> Reviewed {
        let scanned = self.scanned(text, known);
        let decided = decide(&scanned, decision);
        scanned.review(&decided, &self.options).unwrap()
    }
}

/// Covers all that was found on photos, and decides so on all that was found in the text.
fn decide(scanned: &Scanned, decision: Decision) -> Decided {
    let mut decided = cover_all(scanned);
    if let TextVerdict::Read { decisions, .. } = &mut decided.text {
        decisions.iter_mut().flatten().for_each(|made| *made = decision);
    }
    decided
}

fn keep(reason: KeepReason) -> Decision {
    Decision::Keep { reason }
}

fn case_text() -> CaseText {
    ["A rash", &format!("we met {NAME} there"), "which cream?"].map(str::to_owned).into()
}

#[test]
fn a_text_is_not_shown_before_it_is_decided_on() {
    let desk = Desk::new();
    let mut scanned = desk.scanned(case_text(), name());
    assert_eq!(scanned.text_findings().each_ref().map(|part| part.found.len()), [0, 1, 0]);
    let whole = cover_all(&scanned);
    let with = |text| Decided { text, ..whole.clone() };
    let of = scanned.text_fingerprint();
    let undecided = StoryError::Undecided { decisions: 0, findings: 1 };
    let in_title = StoryError::Undecided { decisions: 1, findings: 0 };
    let one = || vec![Decision::Replace];
    for (text, error) in [
        (TextVerdict::NotRead, PostError::TextNotRead),
        (
            TextVerdict::Read { of: Sha256([0; 32]), decisions: [vec![], one(), vec![]] },
            PostError::TextNotRead,
        ),
        (
            TextVerdict::Read { of, decisions: Default::default() },
            PostError::Text { part: TextPart::Body, error: undecided },
        ),
        (
            TextVerdict::Read { of, decisions: [one(), vec![], vec![]] },
            PostError::Text { part: TextPart::Title, error: in_title },
        ),
    ] {
        let refused = scanned.review(&with(text), &desk.options).unwrap_err();
        assert_eq!(refused.error, error);
        scanned = refused.state;
    }
    let json = serde_json::to_string(&whole).unwrap();
    assert!(!json.contains(NAME) && !json.contains("cream"), "{json}");

    let reviewed = scanned.review(&whole, &desk.options).unwrap();
    let object = reviewed.objects().last().unwrap();
    let sent: Value = serde_json::from_slice(object.bytes()).unwrap();
    assert_eq!(sent["type"], "curtain/v1/text");
    let CaseText { title, body, question } = reviewed.text();
    assert_eq!([&sent["title"], &sent["body"], &sent["question"]], [title, body, question]);
    assert!(!body.contains(NAME) && body.starts_with("we met ["), "{body}");
    assert_eq!(desk.reviewed(case_text(), name(), keep(KeepReason::PublicName)).text(), &case_text());
}

#[test]
fn nothing_found_is_still_to_be_read() {
    let desk = Desk::new();
    let scanned = desk.scanned(story("a rash"), Known::default());
    assert!(scanned.text_findings().iter().all(|part| part.found.is_empty()));
    let decided = Decided { text: TextVerdict::NotRead, ..cover_all(&scanned) };
    let refused = scanned.review(&decided, &desk.options).unwrap_err();
    assert_eq!(refused.error, PostError::TextNotRead);
}

#[test]
fn a_text_that_names_whom_the_consent_names_is_not_posted() {
    let folder = tempdir().unwrap();
    let mut vault = open(folder.path()).unwrap();
    let mut consent = |reviewed: Reviewed, change: fn(&mut ConsentDraft)| {
        let mut draft = draft("Test Patient One", reviewed.shown());
        change(&mut draft);
        let grant = ToGrant { draft: reworded(draft), media: Some(SIGNATURE), case: None };
        let id = vault.grant(grant, now()).unwrap().id;
        let consented =
            reviewed.consent(&vault, id, Level::Teaching, now()).map_err(|refused| refused.error)?;
        consented.ask_again(&vault, now())
    };
    let text = || story(&format!("we met {NAME} there"));
    let desk = Desk::new();
    let patient = |draft: &mut ConsentDraft| draft.patient = Some(format!("{NAME} Testmann"));
    let giver = |draft: &mut ConsentDraft| {
        let (name, authority) = (format!("{NAME} Testmann"), "mother".to_owned());
        draft.giver = Some(Giver::Guardian { name, authority, assent: Assent::Given });
    };
    let witness = |draft: &mut ConsentDraft| {
        draft.witness = Some(Witness { name: format!("{NAME} Testmann"), role: "nurse".into() });
    };
    let discloser = |draft: &mut ConsentDraft| draft.discloser = Some(format!("Dr {NAME}"));
    let named = PostError::NamedInText { count: 1 };
    // Nobody said that it was a name; or somebody said that it was none.
    for known in [Known::default(), name()] {
        for change in [patient as fn(&mut ConsentDraft), discloser] {
            let kept = desk.reviewed(text(), known.clone(), keep(KeepReason::NotAnIdentifier));
            assert_eq!(consent(kept, change), Err(named.clone()));
        }
    }
    assert!(!named.to_string().contains(NAME));
    let own = desk.reviewed(text(), name(), keep(KeepReason::MyOwn));
    assert_eq!(consent(own, discloser), Ok(()));
    // Nobody is whom the consent is about, or who was there with the patient.
    for change in [patient as fn(&mut ConsentDraft), giver, witness] {
        let own = desk.reviewed(text(), name(), keep(KeepReason::MyOwn));
        assert_eq!(consent(own, change), Err(named.clone()));
    }
    let replaced = desk.reviewed(text(), name(), Decision::Replace);
    assert_eq!(consent(replaced, patient), Ok(()));
}

#[test]
fn a_text_taken_up_again_is_the_same_text() {
    let mut desk = Desk::new();
    let country = Country::new("IN");
    let id = desk.vault.keep_case(&[fixture("orient/o6.jpg")], &case_text(), country, now()).unwrap();
    let kept = desk.vault.case(id).unwrap();
    assert_eq!((&kept.text, kept.country), (&case_text(), country));
    let again = |desk: &Desk, further: Known| {
        let kept = desk.vault.case(id).unwrap();
        resume(&kept, &desk.vault, Level::Teaching, &desk.detectors, &desk.options, further, now())
    };
    // The consent is filled in before the review: its names are known.
    desk.vault.keep_consent_draft(id, &draft(NAME, Vec::new())).unwrap();
    let none = Known::default;
    let Ok(Step::Scanned(scanned)) = again(&desk, none()) else { panic!("it waits for its review") };
    assert_eq!(scanned.text_findings()[1].found[0].why.rule, "known");
    let decided = decide(&scanned, Decision::Replace);
    let reviewed = scanned.review(&decided, &desk.options).unwrap();
    let hashes: Vec<_> = reviewed.objects().iter().map(curtain::post::Object::sha256).collect();
    desk.vault.keep_review(id, &decided, &hashes).unwrap();
    let Ok(Step::Reviewed(same)) = again(&desk, none()) else { panic!("it waits for its consent") };
    assert_eq!(same.text(), reviewed.text());
    assert!(!same.text().body.contains(NAME));
    let grant = ToGrant { draft: draft(NAME, same.shown()), media: Some(SIGNATURE), case: Some(id) };
    let consent = desk.vault.grant(grant, now()).unwrap().id;
    let Ok(Step::Consented(same)) = again(&desk, none()) else { panic!("the consent covers it") };
    assert!(same.objects().iter().map(curtain::post::Object::sha256).eq(hashes.iter().copied()));

    // A reading that finds more: what was decided is not about it, and the case is there to be reviewed again.
    let mut further = Known::default();
    further.add(KnownTerm::Facility, "Which Cream").unwrap();
    let Ok(Step::Scanned(scanned)) = again(&desk, further) else { panic!("it wants another review") };
    assert_eq!(scanned.text_findings().each_ref().map(|part| part.found.len()), [0, 1, 1]);
    assert!(matches!(again(&desk, none()), Ok(Step::Consented(_))), "nothing was lost");

    // Another text is another case to decide on; whoever agreed before is still known.
    let other = story(&format!("{NAME} came again"));
    desk.vault.keep_text(id, &other, None).unwrap();
    let kept = desk.vault.case(id).unwrap();
    assert_eq!((&kept.text, kept.country, kept.consent), (&other, None, None));
    assert!(kept.decided.is_none() && kept.objects.is_empty());
    let Ok(Step::Scanned(scanned)) = again(&desk, none()) else { panic!("it waits for its review") };
    assert_eq!(scanned.text_findings()[1].found[0].why.rule, "known");
    assert!(desk.vault.consent(consent).unwrap().record().unwrap().is_some(), "the consent itself stays");
    assert_eq!(desk.vault.keep_text(consent, &other, None), Err(VaultError::NotFound));

    desk.vault.discard_case(id).unwrap();
    assert!(desk.vault.case(id).is_err());
}

#[test]
fn what_may_identify_without_a_name_is_said() {
    let desk = Desk::new();
    let text: CaseText = ["Fabry disease", "a 7-year-old boy", ""].map(str::to_owned).into();
    let kinds = |warnings: [Vec<curtain::story::Warning>; 3]| {
        warnings.map(|part| part.iter().map(|warning| warning.kind).collect::<Vec<_>>())
    };
    let scanned = desk.scanned(text.clone(), Known::default());
    let told = [vec![WarningKind::RareAndAge], vec![], vec![]];
    assert_eq!(kinds(scanned.text_warnings(&Default::default())), told);
    let reviewed = desk.reviewed(text, Known::default(), keep(KeepReason::ClinicalTerm));
    assert_eq!(kinds(reviewed.text_warnings()), told);
}

#[test]
fn a_comment_goes_the_same_way() {
    let text = format!("I saw it too, ask {NAME}");
    let scanned = Comment::new(text.clone(), anywhere()).unwrap().scan(name());
    assert_eq!(scanned.findings().found.len(), 1);
    let of = scanned.fingerprint();
    let verdict = |decisions| CommentVerdict { of, decisions };
    let of_another = CommentVerdict { of: Sha256([0; 32]), decisions: vec![Decision::Replace] };
    let refused = scanned.settle(&of_another).unwrap_err();
    assert_eq!(refused.error, PostError::TextNotRead);
    let refused = refused.state.settle(&verdict(vec![])).unwrap_err();
    let undecided = StoryError::Undecided { decisions: 0, findings: 1 };
    assert_eq!(refused.error, PostError::Comment(undecided));
    assert_eq!(refused.error.code(), "text_undecided");
    let settled = refused.state.settle(&verdict(vec![Decision::Replace])).unwrap();
    assert!(settled.text().starts_with("I saw it too, ask ["), "{}", settled.text());
    let own = Comment::new(text.clone(), anywhere()).unwrap().scan(name());
    assert_eq!(own.settle(&verdict(vec![keep(KeepReason::MyOwn)])).unwrap().text(), text);
    let clear = Comment::new("Try zinc paste.".to_owned(), anywhere()).unwrap().scan(name());
    let nobody = CommentVerdict { of, decisions: vec![] };
    let refused = clear.settle(&nobody).unwrap_err();
    assert_eq!(refused.error, PostError::TextNotRead, "nothing found is still to be read");
    let read = CommentVerdict { of: refused.state.fingerprint(), decisions: vec![] };
    assert_eq!(refused.state.settle(&read).unwrap().text(), "Try zinc paste.");

    assert!(Comment::new("a".repeat(MAX_COMMENT), anywhere()).is_ok());
    let long = Comment::new("a".repeat(MAX_COMMENT + 1), anywhere());
    assert_eq!(long.err(), Some(PostError::CommentTooLong));
}

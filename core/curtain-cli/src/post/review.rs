//! `curtain post review`

use std::collections::BTreeMap;
use std::path::Path;

use curtain::clean::{self, Options};
use curtain::consent::ObjectKind;
use curtain::files;
use curtain::geometry::PixelRect;
use curtain::hash::Id;
use curtain::post::{self, Reviewed, Scanned, TextPart};
use curtain::review::{Answer, Check, Decided, Decision, KeepReason, TextVerdict, Verdict};
use curtain::story;
use curtain::vault::{KeptCase, Vault};
use dialoguer::{Confirm, Input, Select};
use ring::rand::SystemRandom;
use serde_json::{Value, json};
use std::io::IsTerminal;

use super::args::ReviewArgs;
use super::{detectors, known};
use crate::Outcome;
use crate::args::region;
use crate::output::{self, Failure, printable, read_handed, shown};

pub(super) fn run(args: &ReviewArgs) -> Result<Outcome, Failure> {
    let mut vault = args.vault.open()?;
    let case = vault.case(args.case.case)?;
    let options = Options::default();
    let scanned = post::look_again(&case, &vault, &detectors()?, &options, known(&args.case)?)?;
    let decided = match &args.decisions {
        Some(path) => read_decisions(path)?,
        None if asks(args) => ask(&scanned)?,
        None => {
            print(&case, &scanned, args.vault.json);
            return Ok(Outcome::AllDone);
        }
    };
    let reviewed = scanned.review(&decided, &options).map_err(|refused| refused.error)?;
    let hashes: Vec<_> = reviewed.objects().iter().map(post::Object::sha256).collect();
    vault.keep_review(case.id, &decided, &hashes)?;
    finish(&vault, case.id, &reviewed, args)
}

fn asks(args: &ReviewArgs) -> bool {
    std::io::stdin().is_terminal() && std::io::stderr().is_terminal() && !args.vault.json
}

fn read_decisions(path: &Path) -> Result<Decided, Failure> {
    serde_json::from_slice(&read_handed(path)?).map_err(|error| Failure {
        code: "decisions_form",
        message: format!(
            "{}: these are no decisions (line {}, column {}): fill in the template that `review --json` prints",
            shown(path),
            error.line(),
            error.column()
        ),
    })
}

/// Says what was made, and writes it where the patient can be shown it.
fn finish(vault: &Vault, case: Id, reviewed: &Reviewed, args: &ReviewArgs) -> Result<Outcome, Failure> {
    let paths = args.out.as_deref().map_or(Ok(Vec::new()), |folder| write(reviewed, folder))?;
    let objects: Vec<Value> = reviewed
        .objects()
        .iter()
        .map(|object| json!({ "kind": object.kind().code(), "sha256": object.sha256() }))
        .collect();
    let warnings: Vec<Value> = TextPart::ALL
        .into_iter()
        .zip(reviewed.text_warnings())
        .flat_map(|(part, warnings)| {
            warnings.into_iter().map(move |warning| {
                json!({ "part": part.code(), "kind": warning.kind.code(), "text": warning.kind.text() })
            })
        })
        .collect();
    for warning in &warnings {
        output::warn(&format!(
            "{}: {}",
            warning["part"].as_str().unwrap_or_default(),
            warning["text"].as_str().unwrap_or_default()
        ));
    }
    // What the review made may differ from what an earlier consent was given to.
    let consented = vault.case(case)?.consent.is_some();
    let value = json!({
        "case": case, "objects": objects, "paths": paths, "warnings": warnings, "consented": consented,
    });
    output::say(args.vault.json, &value, || {
        let mut lines: Vec<String> =
            paths.iter().map(|path| format!("To show the patient: {path}")).collect();
        lines.push(format!("Reviewed: {} files.", objects.len()));
        if !consented {
            lines.push(format!("Now: curtain post consent {case}"));
        }
        lines
    });
    Ok(Outcome::AllDone)
}

fn write(reviewed: &Reviewed, folder: &Path) -> Result<Vec<String>, Failure> {
    files::make_new_folder(folder)?;
    let random = SystemRandom::new();
    let mut paths = Vec::new();
    for object in reviewed.objects() {
        match object.kind() {
            ObjectKind::Picture => {
                let path = files::release(&clean::audit(object.bytes())?, folder, &random)?;
                paths.push(shown(&path));
            }
            // The very bytes that the consent names; and as a person reads it.
            ObjectKind::Text => {
                let text = reviewed.text();
                let words = format!("{}\n\n{}\n\n{}\n", text.title, text.body, text.question);
                for (name, bytes) in [("text.json", object.bytes()), ("text.txt", words.as_bytes())] {
                    let path = folder.join(name);
                    files::write_private(&path, bytes)?;
                    paths.push(shown(&path));
                }
            }
            ObjectKind::Thumbnail => {}
        }
    }
    Ok(paths)
}

/// What was found, and a template: it proposes to cover and to replace everything, and leaves the checklist to whoever looks.
fn print(case: &KeptCase, scanned: &Scanned, json: bool) {
    let photos: Vec<Value> = scanned
        .findings()
        .zip(scanned.fingerprints())
        .map(|(findings, of)| {
            let findings: Vec<Value> = findings
                .iter()
                .map(|finding| {
                    json!({
                        "kind": finding.kind.as_str(), "box": rect(finding.found), "region": rect(finding.region),
                        "score": finding.score.value(),
                    })
                })
                .collect();
            json!({ "fingerprint": of, "findings": findings })
        })
        .collect();
    let parts = TextPart::ALL.into_iter().zip(scanned.text().parts()).zip(scanned.text_findings());
    if json {
        let text: Vec<Value> = parts
            .map(|((part, text), findings)| {
                // As `story --json` counts: characters, not bytes.
                let place = |byte: usize| text[..byte].chars().count();
                let findings: Vec<Value> = findings
                    .found
                    .iter()
                    .map(|finding| {
                        json!({
                            "start": place(finding.span.start), "end": place(finding.span.end),
                            "class": finding.class.code(), "replacement": finding.replacement, "rule": finding.why.rule,
                        })
                    })
                    .collect();
                json!({ "part": part.code(), "findings": findings })
            })
            .collect();
        output::json_line(&json!({
            "case": case.id, "photos": photos, "text": text, "text_fingerprint": scanned.text_fingerprint(),
            "checks": Check::ALL, "template": template(scanned),
        }));
        return;
    }
    for (index, findings) in (1..).zip(scanned.findings()) {
        output::line(&format!("photo {index}: {} findings", findings.len()));
        for finding in findings {
            let PixelRect { x, y, width, height } = finding.region;
            output::line(&format!("  {:<6} {width} x {height} at {x},{y}", finding.kind.as_str()));
        }
    }
    for ((part, text), findings) in parts {
        for finding in &findings.found {
            output::line(&format!(
                "{}: {:<11} {} for {}",
                part.code(),
                finding.class.code(),
                finding.replacement,
                printable(&text[finding.span.clone()])
            ));
        }
    }
    output::line(
        "Decide on a terminal, or fill in the template of --json and give it with --decisions FILE.",
    );
}

fn rect(PixelRect { x, y, width, height }: PixelRect) -> [u32; 4] {
    [x, y, width, height]
}

fn template(scanned: &Scanned) -> Decided {
    let photo = |(findings, of): (&[curtain::detect::Finding], _)| Verdict {
        of,
        decisions: vec![Decision::Cover; findings.len()],
        added: Vec::new(),
        checks: BTreeMap::new(),
    };
    let decisions = scanned
        .text_findings()
        .each_ref()
        .map(|findings| vec![story::Decision::Replace; findings.found.len()]);
    Decided {
        photos: scanned.findings().zip(scanned.fingerprints()).map(photo).collect(),
        text: TextVerdict::Read { of: scanned.text_fingerprint(), decisions },
    }
}

fn not_answered(_: dialoguer::Error) -> Failure {
    Failure {
        code: "not_answered",
        message: "the questions were not answered: nothing was decided".to_owned(),
    }
}

fn choose<T: Copy>(question: &str, choices: &[(&str, T)]) -> Result<T, Failure> {
    let words: Vec<_> = choices.iter().map(|(words, _)| *words).collect();
    let chosen =
        Select::new().with_prompt(question).items(&words).default(0).interact().map_err(not_answered)?;
    Ok(choices[chosen].1)
}

/// Asks for one decision after the other.
fn ask(scanned: &Scanned) -> Result<Decided, Failure> {
    let mut decided = template(scanned);
    for (index, (findings, verdict)) in (1..).zip(scanned.findings().zip(&mut decided.photos)) {
        for (finding, decision) in findings.iter().zip(&mut verdict.decisions) {
            let PixelRect { x, y, width, height } = finding.region;
            let kind = finding.kind.as_str();
            let question = format!("Photo {index}: a {kind}, {width} x {height} at {x},{y}");
            let keep = |reason| Decision::Keep { reason };
            *decision = choose(
                &question,
                &[
                    ("cover it", Decision::Cover),
                    ("keep it: there is nothing", keep(KeepReason::NothingThere)),
                    ("keep it: a side marker", keep(KeepReason::SideMarker)),
                    ("keep it: a scale", keep(KeepReason::Scale)),
                    ("keep it: a clinical label", keep(KeepReason::ClinicalLabel)),
                ],
            )?;
        }
        ask_checks(index, verdict)?;
    }
    if scanned.text().is_blank() {
        return Ok(decided);
    }
    if let TextVerdict::Read { decisions, .. } = &mut decided.text {
        let parts = scanned.text().parts().into_iter().zip(scanned.text_findings()).zip(decisions);
        for ((text, findings), decisions) in parts {
            for (finding, decision) in findings.found.iter().zip(decisions) {
                *decision = ask_text(text, finding)?;
            }
        }
    }
    let read = "Did you read all of the text, and does it name nobody?";
    if !Confirm::new().with_prompt(read).default(false).interact().map_err(not_answered)? {
        decided.text = TextVerdict::NotRead;
    }
    Ok(decided)
}

fn ask_checks(index: usize, verdict: &mut Verdict) -> Result<(), Failure> {
    for check in Check::ALL {
        let question = format!("Photo {index}: is there a {}?", check.code().replace('_', " "));
        let answer = choose(
            &question,
            &[
                ("no", Answer::Absent),
                ("yes: cover it", Answer::Covered),
                ("yes, and the case is about it", Answer::NeededForTheCase),
            ],
        )?;
        if answer == Answer::Covered {
            let typed: String = Input::new()
                .with_prompt("Which region? X,Y,W,H in pixels")
                .validate_with(|typed: &String| region(typed).map(drop))
                .interact_text()
                .map_err(not_answered)?;
            verdict.added.extend(region(&typed));
        }
        verdict.checks.insert(check, answer);
    }
    Ok(())
}

fn ask_text(text: &str, finding: &story::Finding) -> Result<story::Decision, Failure> {
    use story::{Decision, KeepReason};
    let words = printable(&text[finding.span.clone()]);
    let question = format!("\"{words}\" ({})", finding.class.code());
    let replace = format!("write {}", finding.replacement);
    let keep = |reason| Decision::Keep { reason };
    choose(
        &question,
        &[
            (replace.as_str(), Decision::Replace),
            ("keep it: an ordinary word or number", keep(KeepReason::NotAnIdentifier)),
            ("keep it: a clinical term", keep(KeepReason::ClinicalTerm)),
            ("keep it: a state, or larger", keep(KeepReason::StateOrLarger)),
            ("keep it: a name that everybody knows", keep(KeepReason::PublicName)),
            ("keep it: my own name", keep(KeepReason::MyOwn)),
        ],
    )
}

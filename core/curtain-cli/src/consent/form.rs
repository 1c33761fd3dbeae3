//! Fills in a consent: from flags, and on a terminal by asking for what no flag says.

use std::io::IsTerminal;
use std::path::Path;

use curtain::consent::signature;
use curtain::consent::wording::{self, Fill, Wording};
use curtain::consent::{
    Affirmation, Assent, ConsentDraft, Giver, Method, NobodyWhy, ObjectKind, ShownObject, Witness,
};
use curtain::hash::Sha256;
use curtain::time::UnixTime;
use curtain::{clean, files, picture::Limits, post};
use dialoguer::{Confirm, Input, Select};

use super::args::{self, HowArgs, NewArgs, WhatArgs, WhoArgs};
use crate::output::{self, Failure};
use crate::vault::last_moment;

/// A draft, and the bytes of its signature, thumbprint or recording.
pub(super) struct Form {
    pub(super) draft: ConsentDraft,
    pub(super) media: Option<Vec<u8>>,
}

/// What the flags say, completed on a terminal.
///
/// `shown` is what the patient of a kept case was shown; flags may name more.
pub(super) fn fill(args: &NewArgs, shown: Vec<ShownObject>, now: UnixTime) -> Result<Form, Failure> {
    let mut form = from_flags(args, shown, now)?;
    if !asks(args) {
        word(&mut form.draft, &args.what, args.what.language.as_deref().unwrap_or("en"))?;
        return Ok(form);
    }
    ask_who(&mut form.draft, &args.who)?;
    if let Some(Giver::Nobody { .. }) = form.draft.giver {
        // There is nothing more to ask: it is refused.
        return Ok(form);
    }
    ask_what(&mut form.draft, now)?;
    let language = ask_language(&args.what)?;
    word(&mut form.draft, &args.what, &language)?;
    ask_how(&mut form, &args.how, now)?;
    Ok(form)
}

/// Whether there is someone to ask.
fn asks(args: &NewArgs) -> bool {
    std::io::stdin().is_terminal() && std::io::stderr().is_terminal() && !args.vault.json
}

fn from_flags(args: &NewArgs, shown: Vec<ShownObject>, now: UnixTime) -> Result<Form, Failure> {
    let NewArgs { what, who, how, .. } = args;
    let given_at = how.given_at.unwrap_or(now);
    let (method, media) = method(how)?;
    let draft = ConsentDraft {
        affirmed: how.affirm.iter().copied().collect(),
        contact: what.contact.clone(),
        description: what.description.clone(),
        discloser: what.discloser.clone(),
        expires: what.expires,
        explained: what.states.iter().copied().collect(),
        given_at: Some(given_at),
        giver: if asks(args) { None } else { giver(who)? },
        level: what.level.map(Into::into),
        method,
        objects: shown.into_iter().chain(objects(what)?).collect(),
        patient: who.patient.clone(),
        purpose: what.purpose.clone(),
        recipients: what.recipients.clone(),
        regime: what.regime.map(Into::into),
        shown_to_patient: how.shown.then_some(given_at),
        witness: witness(how),
        wording: None,
    };
    Ok(Form { draft, media })
}

/// Hashes of everything that will be sent. A picture must be one that this program made: audited, with nothing else
/// in the file.
fn objects(what: &WhatArgs) -> Result<Vec<ShownObject>, Failure> {
    let mut objects = Vec::new();
    for (kind, paths) in [(ObjectKind::Picture, &what.picture), (ObjectKind::Text, &what.text)] {
        for path in paths {
            let bytes = read(path)?;
            match kind {
                ObjectKind::Text => check_text(path, &bytes)?,
                _ => check_picture(path, &bytes)?,
            }
            objects.push(ShownObject { derived_from: None, kind, sha256: Sha256::of(&bytes) });
        }
    }
    Ok(objects)
}

fn check_picture(path: &Path, bytes: &[u8]) -> Result<(), Failure> {
    clean::audit(bytes).map(|_| ()).map_err(|error| {
        let failure = Failure::from(error);
        let message = format!(
            "{}: this is not a picture as `curtain clean` writes it, so it cannot be posted: clean it first ({})",
            output::shown(path),
            failure.message
        );
        Failure { message, ..failure }
    })
}

fn check_text(path: &Path, bytes: &[u8]) -> Result<(), Failure> {
    let is_text = std::str::from_utf8(bytes)
        .is_ok_and(|text| !text.chars().any(|c| c.is_control() && !matches!(c, '\n' | '\r' | '\t')));
    if is_text && bytes.len() <= post::MAX_TEXT {
        return Ok(());
    }
    Err(Failure {
        code: "not_text",
        message: format!(
            "{}: this is not a text in UTF-8 of at most {} KiB: give the case's text, and photos with --picture",
            output::shown(path),
            post::MAX_TEXT >> 10
        ),
    })
}

pub(super) fn read(path: &Path) -> Result<Vec<u8>, Failure> {
    files::read(path, &Limits::default()).map_err(|error| {
        let failure = Failure::from(error);
        Failure { message: format!("{}: {}", output::shown(path), failure.message), ..failure }
    })
}

fn method(how: &HowArgs) -> Result<(Option<Method>, Option<Vec<u8>>), Failure> {
    if let Some(path) = &how.signature {
        let bytes = read(path)?;
        let form = signature::check(&bytes)?;
        return Ok((Some(Method::Signature { sha256: Sha256::of(&bytes), form }), Some(bytes)));
    }
    if let Some(path) = &how.thumbprint {
        let bytes = read(path)?;
        return Ok((Some(Method::Thumbprint { sha256: Sha256::of(&bytes) }), Some(bytes)));
    }
    if let Some(path) = &how.audio {
        let bytes = read(path)?;
        return Ok((Some(Method::Audio { sha256: Sha256::of(&bytes) }), Some(bytes)));
    }
    Ok((how.oral.then_some(Method::WitnessedOral), None))
}

fn witness(how: &HowArgs) -> Option<Witness> {
    let name = how.witness.clone()?;
    Some(Witness { name, role: how.witness_role.clone().unwrap_or_default() })
}

/// Who agrees. A flag that does not belong to that answer is refused: it may hold what the patient really said.
fn giver(who: &WhoArgs) -> Result<Option<Giver>, Failure> {
    use args::{Assent as Said, Giver as Who};
    let Some(giver) = who.giver else { return Ok(None) };
    let named = matches!(giver, Who::Guardian | Who::Representative | Who::ForTheDead);
    let based = matches!(giver, Who::MatureMinor | Who::Representative);
    let young = who.assent == Some(Said::TooYoung);
    for (flag, given, fits) in [
        ("--giver-name", who.giver_name.is_some(), named),
        ("--authority", who.authority.is_some(), named),
        ("--basis", who.basis.is_some(), based),
        ("--assent", who.assent.is_some(), giver == Who::Guardian),
        ("--assent-reason", who.assent_reason.is_some(), young),
    ] {
        if given && !fits {
            return Err(Failure {
                code: "flags_disagree",
                message: format!(
                    "{flag} does not go with who agrees here: see --help, and say again who agrees"
                ),
            });
        }
    }
    let text = |value: &Option<String>| value.clone().unwrap_or_default();
    let nobody = |why| Giver::Nobody { why };
    let (name, authority, basis) = (text(&who.giver_name), text(&who.authority), text(&who.basis));
    Ok(Some(match giver {
        Who::Patient => Giver::AdultPatient,
        Who::MatureMinor => Giver::MatureMinor { basis },
        Who::Guardian => {
            let assent = match who.assent {
                Some(Said::Given) => Assent::Given,
                Some(Said::Refused) => Assent::Refused,
                Some(Said::TooYoung) => Assent::TooYoung { reason: text(&who.assent_reason) },
                None => {
                    return Err(Failure {
                        code: "assent_missing",
                        message: "say what the minor says to it: --assent given, too-young or refused"
                            .to_owned(),
                    });
                }
            };
            Giver::Guardian { name, authority, assent }
        }
        Who::Representative => Giver::Representative { name, authority, basis },
        Who::ForTheDead => Giver::ForTheDead { name, authority },
        Who::Unconscious => nobody(NobodyWhy::Unconscious),
        Who::Emergency => nobody(NobodyWhy::Emergency),
        Who::NoRepresentative => nobody(NobodyWhy::NoRepresentative),
    }))
}

/// The wording: the organisation's own, or ours filled in with what the form says.
fn word(draft: &mut ConsentDraft, what: &WhatArgs, language: &str) -> Result<(), Failure> {
    if let Some(path) = &what.wording {
        let text = String::from_utf8(read(path)?).map_err(|_| Failure {
            code: "wording_not_text",
            message: "the wording is not text in UTF-8: save it as such".to_owned(),
        })?;
        draft.wording = Some(Wording::own(language, &text));
        return Ok(());
    }
    let template = wording::newest(language).ok_or_else(|| {
        let languages: Vec<_> = wording::templates().iter().map(wording::Template::language).collect();
        Failure {
            code: "no_template",
            message: format!(
                "there is no wording of ours in that language: choose one of {}, or give your own with --wording",
                languages.join(", ")
            ),
        }
    })?;
    // What is not there yet is named as missing, and the wording with it.
    draft.wording = Fill::of(draft).map(|fill| wording::render(template, &fill));
    Ok(())
}

fn no_terminal(_: dialoguer::Error) -> Failure {
    Failure {
        code: "not_answered",
        message: "the questions were not answered: nothing was recorded".to_owned(),
    }
}

fn ask_text(value: &mut Option<String>, question: &str) -> Result<(), Failure> {
    if value.is_none() {
        *value = Some(Input::new().with_prompt(question).interact_text().map_err(no_terminal)?);
    }
    Ok(())
}

fn choose<T: Copy>(question: &str, choices: &[(&str, T)]) -> Result<T, Failure> {
    let words: Vec<_> = choices.iter().map(|(words, _)| *words).collect();
    let chosen =
        Select::new().with_prompt(question).items(&words).default(0).interact().map_err(no_terminal)?;
    Ok(choices[chosen].1)
}

fn ask_what(draft: &mut ConsentDraft, now: UnixTime) -> Result<(), Failure> {
    use curtain::consent::{Level, Regime};
    if draft.regime.is_none() {
        let choices = [
            ("HIPAA authorization (United States)", Regime::Hipaa),
            ("GDPR (European Union)", Regime::Gdpr),
            ("GMC guidance (United Kingdom)", Regime::Gmc),
        ];
        draft.regime = Some(choose("Under which law or guidance?", &choices)?);
    }
    if draft.level.is_none() {
        let choices = [
            ("care advice: clinicians who advise on this patient", Level::CareAdvice),
            ("teaching: also students, in closed circles", Level::Teaching),
            ("publication: also the public", Level::Publication),
        ];
        draft.level = Some(choose("How far may the case go?", &choices)?);
    }
    ask_text(&mut draft.purpose, "What is it for?")?;
    ask_text(&mut draft.recipients, "Who may see it?")?;
    ask_text(&mut draft.discloser, "Who shares it?")?;
    ask_text(&mut draft.contact, "Whom can the patient ask, and where withdraw?")?;
    ask_text(&mut draft.description, "What is shown, in words?")?;
    while draft.expires.is_none() {
        let date: String =
            Input::new().with_prompt("Until which day? (2027-12-31)").interact_text().map_err(no_terminal)?;
        match last_moment(date.trim()) {
            Ok(date) if date <= now => output::warn("That day is over already."),
            Ok(date) => draft.expires = Some(date),
            Err(error) => output::warn(&format!("{error}")),
        }
    }
    if draft.objects.is_empty() {
        output::warn("No --picture and no --text: there is nothing that the patient could agree to.");
    }
    Ok(())
}

/// In which language the patient reads or hears our wording.
fn ask_language(what: &WhatArgs) -> Result<String, Failure> {
    if let Some(language) = &what.language {
        return Ok(language.clone());
    }
    let languages: Vec<_> = wording::templates().iter().map(|one| (one.name(), one.language())).collect();
    Ok(choose("In which language does the patient read or hear it?", &languages)?.to_owned())
}

fn ask_who(draft: &mut ConsentDraft, given: &WhoArgs) -> Result<(), Failure> {
    ask_text(&mut draft.patient, "The patient's name")?;
    let choices = [
        ("the patient, an adult who can decide", args::Giver::Patient),
        ("the patient, a minor able to decide", args::Giver::MatureMinor),
        ("a guardian of a minor", args::Giver::Guardian),
        ("who may decide for an adult who cannot", args::Giver::Representative),
        ("who may decide for a patient who has died", args::Giver::ForTheDead),
        ("no one: the patient is unconscious", args::Giver::Unconscious),
        ("no one: there is no time to ask", args::Giver::Emergency),
        ("no one may decide for the patient", args::Giver::NoRepresentative),
    ];
    let mut who = given.clone();
    let chosen = match who.giver {
        Some(already) => already,
        None => choose("Who agrees?", &choices)?,
    };
    who.giver = Some(chosen);
    if matches!(chosen, args::Giver::Guardian | args::Giver::Representative | args::Giver::ForTheDead) {
        ask_text(&mut who.giver_name, "The name of who agrees")?;
        ask_text(&mut who.authority, "Where does that authority come from? (mother, court order...)")?;
    }
    if matches!(chosen, args::Giver::Representative | args::Giver::MatureMinor) {
        ask_text(&mut who.basis, "Why is that so? (why the adult cannot decide, why the minor can)")?;
    }
    if chosen == args::Giver::Guardian && who.assent.is_none() {
        let choices = [
            ("agrees too", args::Assent::Given),
            ("is too young to be asked", args::Assent::TooYoung),
            ("does not want it", args::Assent::Refused),
        ];
        who.assent = Some(choose("The minor...", &choices)?);
    }
    if who.assent == Some(args::Assent::TooYoung) {
        ask_text(&mut who.assent_reason, "Why can the minor not be asked? (two years old...)")?;
    }
    draft.giver = giver(&who)?;
    Ok(())
}

/// Shows the wording, then asks how it was agreed to.
fn ask_how(form: &mut Form, given: &HowArgs, now: UnixTime) -> Result<(), Failure> {
    let draft = &mut form.draft;
    if let Some(wording) = &draft.wording {
        output::warn(&format!("\n{}\n", wording.text));
    }
    let confirm =
        |question: &str| Confirm::new().with_prompt(question).default(false).interact().map_err(no_terminal);
    if draft.shown_to_patient.is_none() && confirm("Was every file shown, as it will be sent?")? {
        draft.shown_to_patient = Some(draft.given_at.unwrap_or(now));
    }
    for (affirmation, question) in [
        (
            Affirmation::Understood,
            "Was the text read by or to them in a language they follow, and understood?",
        ),
        (Affirmation::Explicit, "Did they say yes clearly, to this alone?"),
        (Affirmation::DiscussionRecorded, "Is the discussion noted in the medical record?"),
    ] {
        if !draft.affirmed.contains(&affirmation) && confirm(question)? {
            draft.affirmed.insert(affirmation);
        }
    }
    if draft.method.is_none() {
        (draft.method, form.media) = loop {
            match method(&ask_method()?) {
                Ok(answer) => break answer,
                Err(failure) => output::warn(&failure.message),
            }
        };
        if given.given_at.is_none() {
            draft.given_at = Some(now);
            draft.shown_to_patient = draft.shown_to_patient.map(|_| now);
        }
    }
    if draft.witness.is_none() && confirm("Was there a witness?")? {
        let (mut name, mut role) = (None, None);
        ask_text(&mut name, "The witness's name")?;
        ask_text(&mut role, "What is the witness? (nurse, interpreter...)")?;
        draft.witness = Some(Witness { name: name.unwrap_or_default(), role: role.unwrap_or_default() });
    }
    Ok(())
}

fn ask_method() -> Result<HowArgs, Failure> {
    #[derive(Clone, Copy)]
    enum Way {
        Signature,
        Thumbprint,
        Oral,
        Audio,
    }
    let choices = [
        ("a signature, in a file", Way::Signature),
        ("a thumbprint, in a file, before a witness", Way::Thumbprint),
        ("said aloud, before a witness", Way::Oral),
        ("said aloud, recorded in a file", Way::Audio),
    ];
    let way = choose("How is consent given?", &choices)?;
    let mut path = None;
    if !matches!(way, Way::Oral) {
        ask_text(&mut path, "The file")?;
    }
    let path = path.map(Into::into);
    let mut how = HowArgs {
        signature: None,
        thumbprint: None,
        audio: None,
        oral: false,
        witness: None,
        witness_role: None,
        affirm: Vec::new(),
        shown: false,
        given_at: None,
    };
    match way {
        Way::Signature => how.signature = path,
        Way::Thumbprint => how.thumbprint = path,
        Way::Oral => how.oral = true,
        Way::Audio => how.audio = path,
    }
    Ok(how)
}

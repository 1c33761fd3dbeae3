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
use curtain::{clean, files, picture::Limits};
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
pub(super) fn fill(args: &NewArgs, now: UnixTime) -> Result<Form, Failure> {
    let mut form = from_flags(args, now)?;
    let asks = std::io::stdin().is_terminal() && std::io::stderr().is_terminal() && !args.vault.json;
    if asks {
        ask_what(&mut form.draft, args)?;
        ask_who(&mut form.draft)?;
        word(&mut form.draft, &args.what)?;
        ask_how(&mut form, now)?;
    } else {
        word(&mut form.draft, &args.what)?;
    }
    Ok(form)
}

fn from_flags(args: &NewArgs, now: UnixTime) -> Result<Form, Failure> {
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
        giver: giver(who),
        level: what.level.map(Into::into),
        method,
        objects: objects(what)?,
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
    for (kind, paths) in [
        (ObjectKind::Picture, &what.picture),
        (ObjectKind::Thumbnail, &what.thumbnail),
        (ObjectKind::Text, &what.text),
    ] {
        for path in paths {
            let bytes = read(path)?;
            if kind != ObjectKind::Text {
                clean::audit(&bytes).map_err(|error| {
                    let failure = Failure::from(error);
                    Failure {
                        message: format!(
                            "{}: this is not a picture that was cleaned, so it cannot be posted: {}",
                            output::shown(path),
                            failure.message
                        ),
                        ..failure
                    }
                })?;
            }
            objects.push(ShownObject { derived_from: None, kind, sha256: Sha256::of(&bytes) });
        }
    }
    Ok(objects)
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

fn giver(who: &WhoArgs) -> Option<Giver> {
    let text = |value: &Option<String>| value.clone().unwrap_or_default();
    let nobody = |why| Some(Giver::Nobody { why });
    let (name, authority, basis) = (text(&who.giver_name), text(&who.authority), text(&who.basis));
    match who.giver? {
        args::Giver::Patient => Some(Giver::AdultPatient),
        args::Giver::MatureMinor => Some(Giver::MatureMinor { basis }),
        args::Giver::Guardian => {
            let assent = match who.assent {
                Some(args::Assent::Given) => Assent::Given,
                Some(args::Assent::Refused) => Assent::Refused,
                // Without a reason it is missing, and said so.
                Some(args::Assent::TooYoung) | None => Assent::TooYoung { reason: text(&who.assent_reason) },
            };
            Some(Giver::Guardian { name, authority, assent })
        }
        args::Giver::Representative => Some(Giver::Representative { name, authority, basis }),
        args::Giver::ForTheDead => Some(Giver::ForTheDead { name, authority }),
        args::Giver::Unconscious => nobody(NobodyWhy::Unconscious),
        args::Giver::Emergency => nobody(NobodyWhy::Emergency),
        args::Giver::NoRepresentative => nobody(NobodyWhy::NoRepresentative),
    }
}

/// The wording: the organisation's own, or ours filled in with what the form says.
fn word(draft: &mut ConsentDraft, what: &WhatArgs) -> Result<(), Failure> {
    let language = what.language.as_deref().unwrap_or("en");
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

fn ask_what(draft: &mut ConsentDraft, args: &NewArgs) -> Result<(), Failure> {
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
            Ok(date) => draft.expires = Some(date),
            Err(error) => output::warn(&format!("{error}")),
        }
    }
    if args.what.picture.is_empty() && args.what.text.is_empty() {
        output::warn("No --picture and no --text: there is nothing that the patient could agree to.");
    }
    Ok(())
}

fn ask_who(draft: &mut ConsentDraft) -> Result<(), Failure> {
    ask_text(&mut draft.patient, "The patient's name")?;
    if draft.giver.is_some() {
        return Ok(());
    }
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
    let chosen = choose("Who agrees?", &choices)?;
    let mut who = WhoArgs {
        patient: None,
        giver: Some(chosen),
        giver_name: None,
        authority: None,
        basis: None,
        assent: None,
        assent_reason: None,
    };
    if matches!(chosen, args::Giver::Guardian | args::Giver::Representative | args::Giver::ForTheDead) {
        ask_text(&mut who.giver_name, "The name of who agrees")?;
        ask_text(&mut who.authority, "Where does that authority come from? (mother, court order...)")?;
    }
    if matches!(chosen, args::Giver::Representative | args::Giver::MatureMinor) {
        ask_text(&mut who.basis, "Why is that so? (why the adult cannot decide, why the minor can)")?;
    }
    if chosen == args::Giver::Guardian {
        let choices = [
            ("agrees too", args::Assent::Given),
            ("is too young to be asked", args::Assent::TooYoung),
            ("does not want it", args::Assent::Refused),
        ];
        who.assent = Some(choose("The minor...", &choices)?);
        if who.assent == Some(args::Assent::TooYoung) {
            ask_text(&mut who.assent_reason, "Why can the minor not be asked? (two years old...)")?;
        }
    }
    draft.giver = giver(&who);
    Ok(())
}

/// Shows the wording, then asks how it was agreed to.
fn ask_how(form: &mut Form, now: UnixTime) -> Result<(), Failure> {
    let draft = &mut form.draft;
    if let Some(wording) = &draft.wording {
        output::warn(&format!("\n{}\n", wording.text));
    }
    let confirm =
        |question: &str| Confirm::new().with_prompt(question).default(false).interact().map_err(no_terminal);
    if draft.shown_to_patient.is_none() && confirm("Was every file shown, as it will be sent?")? {
        draft.shown_to_patient = Some(now);
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
        let how = ask_method()?;
        (draft.method, form.media) = method(&how)?;
        draft.given_at = Some(now);
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

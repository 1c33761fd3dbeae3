//! What somebody says of a case on this device.

use curtain::feed::{self, Hidden};
use curtain::outbox;
use curtain::post::{self, Say, SettledComment};
use serde_json::json;

use super::args::{
    HideArgs, OfArgs, PageArgs, PostArgs, ReportArgs, SettlingArgs, StatusArgs, TextArgs, VoteArgs,
};
use super::found;
use crate::Outcome;
use crate::output::{self, Failure};
use crate::post::settled;
use crate::story::read_text;

/// Queues what is said of the case: it is sealed when it is sent, under the key of then.
fn say(args: &PostArgs, say: &Say) -> Result<Outcome, Failure> {
    let mut owner = args.vault.owner()?;
    let (id, header) = found(&owner.vault, args)?;
    // Of what cannot be seen nothing is said; moderators may have hidden it.
    let shown = feed::show(&owner.vault, header, owner.me.user, Hidden::Shown, owner.now)?;
    let circle = owner.kept(&owner.circle_named(&id.to_string())?)?;
    post::check_say(&owner.me, &circle, shown.post.listed.user, say)?;
    outbox::say(&mut owner.vault, id, header, say, owner.now)?;
    output::say(args.vault.json, &json!({ "circle": id, "about": header, "queued": true }), || {
        vec!["Said: it is sent with the next sync.".to_owned()]
    });
    Ok(Outcome::AllDone)
}

fn words(args: &PostArgs, text: String, settling: &SettlingArgs) -> Result<SettledComment, Failure> {
    settled(text, settling.known.as_deref(), settling.read, args.vault.json)
}

pub(super) fn comment(args: &TextArgs) -> Result<Outcome, Failure> {
    let text = words(&args.post, read_text(&args.text)?, &args.settling)?;
    say(&args.post, &Say::Comment(text))
}

pub(super) fn outcome(args: &TextArgs) -> Result<Outcome, Failure> {
    let text = words(&args.post, read_text(&args.text)?, &args.settling)?;
    say(&args.post, &Say::Outcome(text))
}

pub(super) fn vote(args: &VoteArgs) -> Result<Outcome, Failure> {
    let diagnosis = words(&args.post, args.diagnosis.clone(), &args.settling)?;
    say(&args.post, &Say::Vote(diagnosis))
}

pub(super) fn helpful(args: &OfArgs) -> Result<Outcome, Failure> {
    say(&args.post, &Say::Helpful(args.of))
}

pub(super) fn status(args: &StatusArgs) -> Result<Outcome, Failure> {
    say(&args.post, &Say::Status(args.status.into()))
}

pub(super) fn report(args: &ReportArgs) -> Result<Outcome, Failure> {
    say(&args.post, &Say::Report { of: args.of, reason: args.reason.into() })
}

pub(super) fn hide(args: &HideArgs) -> Result<Outcome, Failure> {
    say(&args.post, &Say::Hide(args.of))
}

pub(super) fn page(args: &PageArgs) -> Result<Outcome, Failure> {
    say(&args.post, &Say::Page(args.specialty))
}

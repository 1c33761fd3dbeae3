//! What somebody says of a case on this device.

use curtain::circle::Doing;
use curtain::feed::{self, Hidden};
use curtain::hash::Sha256;
use curtain::post::{self, Addressed, Say, SettledComment};
use curtain::vault::Vault;
use serde_json::{Value, json};

use super::args::{
    HideArgs, OfArgs, PageArgs, PostArgs, ReportArgs, SettlingArgs, StatusArgs, TextArgs, VoteArgs,
};
use super::found;
use crate::Outcome;
use crate::output::{self, Failure};
use crate::post::{fresh, settled};
use crate::story::read_text;
use crate::vault::Owner;

/// Hands what was said on, to be sent with the next sync. The vault keeps its header already.
fn queue(_vault: &mut Vault, _circle: Sha256, ready: &Addressed) -> Value {
    json!({ "header": ready.hash })
}

/// Seals what is said of the case, and queues it.
fn say(args: &PostArgs, say: &Say) -> Result<Outcome, Failure> {
    let mut owner = args.vault.owner()?;
    let (id, header) = found(&owner.vault, args)?;
    // Of what cannot be seen nothing is said; moderators may have hidden it.
    let shown = feed::show(&owner.vault, header, owner.me.user, Hidden::Shown, owner.now)?;
    let named = owner.circle_named(&id.to_string())?;
    let circle = owner.kept(&named)?;
    post::check_say(&owner.me, &circle, shown.post.listed.user, say)?;
    let Owner { vault, me, random, now, .. } = &mut owner;
    let seen = feed::head(vault, id)?;
    let fresh = fresh(vault, me, &circle, Doing::Discussing, *now)??;
    let ready = post::seal_event(vault, &fresh, header, say, Some(seen), *now, random)?;
    let queued = queue(vault, id, &ready);
    output::say(args.vault.json, &queued, || vec!["Said: it is sent with the next sync.".to_owned()]);
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

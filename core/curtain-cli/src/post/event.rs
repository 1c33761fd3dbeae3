//! `curtain post comment` and `curtain post withdraw`

use std::path::Path;

use curtain::circle::{Doing, MyCircle};
use curtain::exchange::{self, ExchangeError, Road};
use curtain::post::{self, Addressed, Comment, Received, Say, SettledComment};
use curtain::review::CommentVerdict;
use curtain::story::{Decision, Known, Locale};
use serde_json::{Value, json};

use super::args::{AboutArgs, CommentArgs, WithdrawArgs};
use super::fresh;
use crate::Outcome;
use crate::circle::pulled;
use crate::output::{self, Failure, printable};
use crate::story::{read_known, read_text};
use crate::vault::{Owner, now};

/// A post in a circle as the folder has it.
struct About {
    owner: Owner,
    road: Box<dyn Road>,
    circle: MyCircle,
    /// The post's header.
    post: Received,
}

impl About {
    fn find(args: &AboutArgs) -> Result<Self, Failure> {
        let mut owner = args.vault.owner()?;
        let named = owner.circle_named(&args.circle)?;
        let road = args.through.road(&owner.me.device)?;
        let circle = pulled(&mut owner, road.as_ref(), &named)?;
        // No witness is needed to find it: nothing of it is opened.
        let feed = exchange::feed(road.as_ref(), &circle, &[], owner.now)?;
        let post = feed.post(args.post).ok_or(ExchangeError::NoSuchPost)?.1.clone();
        Ok(Self { owner, road, circle, post })
    }

    fn push(&self, ready: &Addressed) -> Result<u64, Failure> {
        Ok(self.road.put_header(self.circle.circle().id(), &ready.header)?)
    }
}

pub(super) fn comment(args: &CommentArgs) -> Result<Outcome, Failure> {
    let text = read_text(&args.text)?;
    let settled = settled(text, args.known.as_deref(), args.read, args.about.vault.json)?;
    let mut about = About::find(&args.about)?;
    let now = about.owner.now;
    let said = settled.text().to_owned();
    let Owner { vault, me, random, .. } = &mut about.owner;
    let live = fresh(vault, me, &about.circle, Doing::Discussing, now)??;
    let ready = post::seal_event(vault, &live, about.post.hash, &Say::Comment(settled), None, now, random)?;
    let n = about.push(&ready)?;
    output::say(args.about.vault.json, &json!({ "n": n, "header": ready.hash, "text": said }), || {
        vec![format!("Sent, as number {n} of the feed: {}", printable(&said))]
    });
    Ok(Outcome::AllDone)
}

/// Somebody's words, read and settled: `read` says that they were read, and that all that is found is to be replaced.
pub(crate) fn settled(
    text: String,
    known: Option<&Path>,
    read: bool,
    json: bool,
) -> Result<SettledComment, Failure> {
    let known = known.map_or(Ok(Known::default()), read_known)?;
    let scanned = Comment::new(text, Locale::new(None, now()?.year()))?.scan(known);
    if !read {
        return Err(not_read(&scanned, json));
    }
    let decisions = vec![Decision::Replace; scanned.findings().found.len()];
    let verdict = CommentVerdict { of: scanned.fingerprint(), decisions };
    Ok(scanned.settle(&verdict).map_err(|refused| refused.error)?)
}

/// Shows what would be replaced, and sends nothing.
fn not_read(scanned: &post::ScannedComment, json: bool) -> Failure {
    let found = &scanned.findings().found;
    let place = |byte: usize| scanned.text()[..byte].chars().count();
    let findings: Vec<Value> = found
        .iter()
        .map(|finding| {
            json!({
                "start": place(finding.span.start), "end": place(finding.span.end), "class": finding.class.code(),
                "replacement": finding.replacement,
            })
        })
        .collect();
    if json {
        output::json_line(&json!({ "findings": findings }));
    } else {
        for finding in found {
            let words = printable(&scanned.text()[finding.span.clone()]);
            output::line(&format!("{:<11} {} for {words}", finding.class.code(), finding.replacement));
        }
    }
    Failure {
        code: "text_not_read",
        message:
            "nothing was sent: read the comment, and say with --read that what is found is to be replaced"
                .to_owned(),
    }
}

pub(super) fn withdraw(args: &WithdrawArgs) -> Result<Outcome, Failure> {
    let mut about = About::find(&args.about)?;
    let Owner { vault, me, now, .. } = &mut about.owner;
    let reason = args.reason.into();
    post::may_withdraw(me, &about.circle, &about.post, reason).map_err(|error| Failure {
        code: error.code(),
        message: "nothing was sent, since readers would not follow: its author, an officer, a moderator or an admin may \
                  say for themselves that it must go"
            .to_owned(),
    })?;
    let ready = post::withdraw(vault, me, &about.circle, about.post.hash, reason, None, *now)?;
    let n = about.push(&ready)?;
    output::say(
        args.about.vault.json,
        &json!({ "n": n, "header": ready.hash, "post": args.about.post }),
        || {
            vec![
                format!("Withdrawn, as number {n} of the feed: who reads the feed opens it no more."),
                "Withdraw the consent too, if the patient wants it: curtain consent withdraw".to_owned(),
            ]
        },
    );
    Ok(Outcome::AllDone)
}

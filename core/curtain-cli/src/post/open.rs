//! `curtain post open`

use std::path::Path;

use curtain::circle::MyCircle;
use curtain::clean;
use curtain::exchange::{self, ExchangeError, Feed, Item};
use curtain::files;
use curtain::hash::Id;
use curtain::post::{OpenedBody, Reading, Received};
use curtain::time::UnixTime;
use curtain::wire::header::{Content, ObjectKind, ObjectRef};
use curtain::wire::note::VerifierKey;
use serde_json::{Value, json};

use super::args::OpenArgs;
use crate::Outcome;
use crate::circle::pulled;
use crate::ledger::key;
use crate::output::{self, Failure, printable, shown};

/// How posts are read and where they go.
pub(super) struct Job<'a> {
    pub(super) circle: &'a MyCircle,
    /// Gives a sealed file.
    pub(super) object: &'a dyn Fn(&ObjectRef) -> Result<Vec<u8>, ExchangeError>,
    pub(super) witnesses: &'a [VerifierKey],
    pub(super) now: UnixTime,
    pub(super) out: &'a Path,
    pub(super) json: bool,
}

pub(super) fn run(args: &OpenArgs) -> Result<Outcome, Failure> {
    let witnesses = args.witness.iter().map(|given| key(given)).collect::<Result<Vec<_>, _>>()?;
    let mut owner = args.vault.owner()?;
    let named = owner.circle_named(&args.circle)?;
    let road = args.through.road(&owner.me.device)?;
    let circle = pulled(&mut owner, road.as_ref(), &named)?;
    let feed = exchange::feed(road.as_ref(), &circle, &witnesses, owner.now)?;
    let job = Job {
        circle: &circle,
        object: &|about| road.object(&circle, about),
        witnesses: &witnesses,
        now: owner.now,
        out: &args.out,
        json: args.vault.json,
    };
    let mut outcome = Outcome::AllDone;
    let mut found = false;
    for item in &feed.items {
        let post = post_of(item);
        if args.post.is_some() && args.post != post {
            continue;
        }
        found = true;
        if let Err(failure) = job.tell(&feed, item) {
            output::warn(&format!("number {}: {}", item.n, failure.message));
            if job.json {
                output::json_line(&json!({
                    "n": item.n, "header": item.hash, "post": post, "error": failure.json(),
                }));
            }
            outcome = Outcome::SomethingFailed;
        }
    }
    if let Some(n) = feed.hole {
        let failure = Failure::from(ExchangeError::Hole { n });
        output::warn(&failure.message);
        if job.json {
            output::json_line(&json!({ "n": n, "error": failure.json() }));
        }
        outcome = Outcome::SomethingFailed;
    }
    if args.post.is_some() && !found {
        return Err(ExchangeError::NoSuchPost.into());
    }
    if feed.items.is_empty() && !job.json {
        output::line("Nothing was posted in this circle yet.");
    }
    Ok(outcome)
}

/// The post that a verified header is of.
fn post_of(item: &Item) -> Option<Id> {
    match &item.received.as_ref().ok()?.header.content {
        Content::Post(post) => Some(post.post),
        _ => None,
    }
}

impl Job<'_> {
    pub(super) fn tell(&self, feed: &Feed, item: &Item) -> Result<(), Failure> {
        let received = item.received.as_ref().map_err(Failure::of)?;
        if let Some(gap) = item.gap {
            output::warn(&format!("number {}: {gap}", item.n));
        }
        let reading =
            Reading { circle: self.circle, witnesses: self.witnesses, cited: item.cited, now: self.now };
        let Content::Post(post) = &received.header.content else { return Ok(()) };
        if let Some(reason) = feed.withdrawn(received) {
            return Err(ExchangeError::Withdrawn(reason).into());
        }
        let opened = received.clone().post(&reading)?;
        let body = opened.body(&(self.object)(&post.objects[0])?, self.now)?;
        // All of it is verified before any of it is written.
        let pictures: Vec<(u32, &ObjectRef)> =
            (0..).zip(&post.objects).filter(|(_, about)| about.kind == ObjectKind::Picture).collect();
        for (index, about) in &pictures {
            body.picture(*index, &(self.object)(about)?)?;
        }
        let target = self.out.join(post.post.to_string());
        files::make_new_folder(&target)?;
        let mut names = Vec::new();
        for (place, (index, about)) in (1..).zip(&pictures) {
            let picture = clean::audit(&body.picture(*index, &(self.object)(about)?)?)?;
            let extension = match picture.format() {
                curtain::metadata::Format::Png => "png",
                _ => "jpg",
            };
            let name = format!("picture-{place}.{extension}");
            files::write_new(&picture, &target.join(&name))?;
            names.push(name);
        }
        let mut value = self.value(received, &body, &names);
        value["events"] = json!(self.events(feed, received, &reading));
        files::write_private(&target.join("text.json"), value.to_string().as_bytes())?;
        self.say(item, post.post, &target, &value);
        Ok(())
    }

    /// What was said of a post. What is refused is said on standard error, and the rest is there.
    fn events(&self, feed: &Feed, post: &Received, reading: &Reading<'_>) -> Vec<Value> {
        let mut events = Vec::new();
        for event in feed.events(post, reading) {
            match event {
                Ok(event) => {
                    let header = &event.received.header;
                    let name = self.circle.profile(header.author.user).ok().map(|profile| profile.name);
                    events.push(json!({
                        "header": event.received.hash, "author": { "user": header.author.user, "name": name },
                        "at": header.at.to_string(), "said": event.body.what,
                    }));
                }
                Err(error) => output::warn(&format!("something said of this post: {error}")),
            }
        }
        events
    }

    fn value(&self, received: &Received, body: &OpenedBody, pictures: &[String]) -> Value {
        let author = received.header.author.user;
        let name = self.circle.profile(author).ok().map(|profile| profile.name);
        let text = body
            .text()
            .map(|text| json!({ "title": text.title.0, "body": text.body.0, "question": text.question.0 }));
        json!({
            "author": { "user": author, "device": received.header.author.device, "name": name,
                        "role": curtain::circle::role_code(received.role) },
            "at": received.header.at.to_string(), "text": text, "pictures": pictures,
            "manifest": body.body().manifest.body(),
        })
    }

    fn say(&self, item: &Item, post: Id, target: &Path, value: &Value) {
        let line = json!({
            "n": item.n, "header": item.hash, "post": post, "author": value["author"], "at": value["at"],
            "out": shown(target), "pictures": value["pictures"], "events": value["events"],
            "gap": item.gap.map(curtain::wire::chain::ChainError::code),
        });
        output::say(self.json, &line, || {
            let title = value["text"]["title"].as_str().unwrap_or_default();
            let name = value["author"]["name"].as_str().unwrap_or("(no name)");
            vec![format!("{}: {} by {}", shown(target), printable(title), printable(name))]
        });
    }
}

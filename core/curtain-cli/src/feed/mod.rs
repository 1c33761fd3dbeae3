//! `curtain feed`

mod args;
mod say;
mod show;

pub(crate) use args::FeedCommand;

use curtain::feed::{self, Filter, Listed, Page};
use curtain::hash::Sha256;
use curtain::time::UnixTime;
use curtain::vault::Vault;
use serde_json::{Value, json};

use crate::Outcome;
use crate::output::{self, Failure, printable};
use crate::vault::{circle_in, now};

use args::{FilterArgs, ListArgs, PackArgs, PostArgs, SaveArgs, SearchArgs};

/// How many posts are read at once.
const PAGE: usize = 200;

pub(crate) fn run(command: &FeedCommand) -> Outcome {
    let (done, json) = match command {
        FeedCommand::List(args) => (list(args), args.vault.json),
        FeedCommand::Show(args) => (show::run(args), args.post.vault.json),
        FeedCommand::Search(args) => (search(args), args.vault.json),
        FeedCommand::Comment(args) => (say::comment(args), args.post.vault.json),
        FeedCommand::Vote(args) => (say::vote(args), args.post.vault.json),
        FeedCommand::Helpful(args) => (say::helpful(args), args.post.vault.json),
        FeedCommand::Outcome(args) => (say::outcome(args), args.post.vault.json),
        FeedCommand::Status(args) => (say::status(args), args.post.vault.json),
        FeedCommand::Report(args) => (say::report(args), args.post.vault.json),
        FeedCommand::Save(args) => (save(args), args.vault.json),
        FeedCommand::Hide(args) => (say::hide(args), args.post.vault.json),
        FeedCommand::Page(args) => (say::page(args), args.post.vault.json),
        FeedCommand::Pack(args) => (pack(args), args.vault.json),
    };
    output::finish(done, json)
}

impl FilterArgs {
    fn filter(&self, vault: &Vault) -> Result<Filter, Failure> {
        let circle = self.circle.as_deref().map(|named| circle_in(vault, named)).transpose()?;
        Ok(Filter {
            circle: circle.map(|circle| circle.id),
            specialty: self.specialty,
            site: self.site,
            tag: self.tag.clone(),
            status: self.status.map(Into::into),
            unread: self.unread,
            saved: self.saved,
            collection: self.collection.clone(),
            paged: self.paged,
        })
    }
}

/// The circle and header of the case that is named.
fn found(vault: &Vault, args: &PostArgs) -> Result<(Sha256, Sha256), Failure> {
    let circle = args.circle.as_deref().map(|named| circle_in(vault, named)).transpose()?;
    Ok(feed::post_named(vault, args.post, circle.map(|circle| circle.id))?)
}

fn list(args: &ListArgs) -> Result<Outcome, Failure> {
    let (mut vault, now) = (args.vault.open()?, now()?);
    feed::tidy(&mut vault, now)?;
    let filter = args.filter.filter(&vault)?;
    let (mut after, mut left) = (None, usize::try_from(args.count).unwrap_or(usize::MAX));
    let mut none = true;
    while left > 0 {
        let page = Page { after, count: left.min(PAGE) };
        let posts = feed::list(&vault, &filter, page, now)?;
        let Some(last) = posts.last() else { break };
        (after, left, none) = (Some(last.cursor()), left - posts.len(), false);
        for post in &posts {
            output::say(args.vault.json, &value(post), || vec![line(post)]);
        }
    }
    if none && !args.vault.json {
        output::line("No such cases on this device.");
    }
    say_stale(&vault, now)?;
    Ok(Outcome::AllDone)
}

/// Says of which circles nothing is shown.
fn say_stale(vault: &Vault, now: UnixTime) -> Result<(), Failure> {
    let stale = feed::stale(vault, now)?;
    let days = feed::pack(vault)?.stale_days;
    for circle in vault.circles()?.into_iter().filter(|circle| stale.contains(&circle.id)) {
        output::warn(&format!(
            "{}: not synced for {days} days, so none of its cases are shown: sync it first",
            printable(&circle.name)
        ));
    }
    Ok(())
}

fn value(post: &Listed) -> Value {
    json!({
        "circle": post.circle, "post": post.post, "header": post.header, "author": post.user,
        "at": post.at.to_string(), "title": post.title, "specialty": post.specialty, "site": post.site,
        "status": post.status, "read": post.read, "saved": post.saved, "hidden_by": post.hidden_by,
        "comments": post.comments, "thumbnail": post.thumbnail,
    })
}

fn line(post: &Listed) -> String {
    let title = match (post.hidden_by, post.title.as_str()) {
        (Some(_), _) => "(hidden by a moderator)".to_owned(),
        (None, "") => "(no title)".to_owned(),
        (None, title) => printable(title),
    };
    let mark = if post.read { ' ' } else { '*' };
    let specialty = post.specialty.map_or("-", |word| word.code());
    format!("{mark} {}  {}  {specialty:<20}  {title}", post.post, post.at.date())
}

fn search(args: &SearchArgs) -> Result<Outcome, Failure> {
    let (mut vault, now) = (args.vault.open()?, now()?);
    feed::tidy(&mut vault, now)?;
    let filter = args.filter.filter(&vault)?;
    let count = usize::try_from(args.count).unwrap_or(usize::MAX);
    let hits = feed::search(&vault, &args.words.join(" "), &filter, count, now)?;
    for hit in &hits {
        let mut value = value(&hit.post);
        value["snippet"] = json!(hit.snippet);
        output::say(args.vault.json, &value, || {
            let snippet = printable(&hit.snippet.replace('\n', " "));
            vec![line(&hit.post), format!("    {snippet}")]
        });
    }
    if hits.is_empty() && !args.vault.json {
        output::line("Nothing was found on this device.");
    }
    say_stale(&vault, now)?;
    Ok(Outcome::AllDone)
}

fn save(args: &SaveArgs) -> Result<Outcome, Failure> {
    let mut vault = args.vault.open()?;
    let (Some(post), Some(collection)) = (args.post, &args.collection) else {
        for kept in feed::collections(&vault)? {
            output::say(args.vault.json, &json!({ "collection": kept.name, "posts": kept.posts }), || {
                vec![format!("{:>6}  {}", kept.posts, printable(&kept.name))]
            });
        }
        return Ok(Outcome::AllDone);
    };
    let circle = args.circle.as_deref().map(|named| circle_in(&vault, named)).transpose()?;
    let (_, header) = feed::post_named(&vault, post, circle.map(|circle| circle.id))?;
    let done = if args.remove {
        feed::uncollect(&mut vault, header, collection)?;
        "Taken out of"
    } else {
        feed::collect(&mut vault, header, collection)?;
        "Saved in"
    };
    output::say(
        args.vault.json,
        &json!({ "post": post, "collection": collection, "saved": !args.remove }),
        || vec![format!("{done} {}.", printable(collection))],
    );
    Ok(Outcome::AllDone)
}

fn pack(args: &PackArgs) -> Result<Outcome, Failure> {
    let mut vault = args.vault.open()?;
    if let Some(limit) = args.limit {
        feed::set_pack_limit(&mut vault, u64::from(limit) * 1_000_000)?;
    }
    if let Some(days) = args.days {
        feed::set_stale_days(&mut vault, days)?;
    }
    let pack = feed::pack(&vault)?;
    let value = json!({ "limit": pack.limit, "bytes": pack.bytes, "days": pack.stale_days });
    output::say(args.vault.json, &value, || {
        vec![
            format!("{} of at most {} bytes of pictures are here.", pack.bytes, pack.limit),
            format!("Cases of a circle that was not synced for {} days are hidden.", pack.stale_days),
        ]
    });
    Ok(Outcome::AllDone)
}

//! `curtain feed show`

use std::path::Path;

use curtain::circle::MyCircle;
use curtain::clean;
use curtain::feed::{self, Hidden, PictureHere, Pictured, Shown};
use curtain::files;
use curtain::hash::{Id, Sha256};
use curtain::metadata::Format;
use curtain::vault::Vault;
use serde_json::{Value, json};

use super::args::ShowArgs;
use super::{found, value};
use crate::Outcome;
use crate::output::{self, Failure, printable};

pub(super) fn run(args: &ShowArgs) -> Result<Outcome, Failure> {
    let mut owner = args.post.vault.owner()?;
    feed::tidy(&mut owner.vault, owner.now)?;
    let (circle, header) = found(&owner.vault, &args.post)?;
    let hidden = if args.hidden { Hidden::Shown } else { Hidden::LeftOut };
    let shown = feed::show(&owner.vault, header, owner.me.user, hidden, owner.now)?;
    let named = owner.circle_named(&circle.to_string())?;
    let circle = owner.kept(&named)?;
    let written = match &args.pictures {
        Some(folder) => write(&mut owner.vault, header, &shown, folder, owner.now)?,
        None => Vec::new(),
    };
    feed::mark_read(&mut owner.vault, header, owner.now)?;
    let name = |user: Id| name(&circle, user);
    let line = json(&shown, &name, &written);
    output::say(args.post.vault.json, &line, || lines(&shown, &name));
    let missing = shown.post.pictures.iter().filter(|picture| is_missing(picture)).count();
    if args.pictures.is_some() && missing > 0 {
        output::warn(&format!("{missing} pictures are not here yet: they come with the next sync"));
    }
    Ok(Outcome::AllDone)
}

fn is_missing(picture: &Pictured) -> bool {
    !picture.thumbnail && matches!(picture.here, PictureHere::Wanted | PictureHere::NotAsked)
}

/// Writes what is here, and asks for the rest.
fn write(
    vault: &mut Vault,
    header: Sha256,
    shown: &Shown,
    folder: &Path,
    now: curtain::time::UnixTime,
) -> Result<Vec<String>, Failure> {
    files::make_new_folder(folder)?;
    let mut names = Vec::new();
    for picture in &shown.post.pictures {
        let Some(bytes) = feed::file(vault, header, picture.index, now)? else { continue };
        let audited = clean::audit(&bytes)?;
        let extension = match audited.format() {
            Format::Png => "png",
            _ => "jpg",
        };
        let kind = if picture.thumbnail { "thumbnail" } else { "picture" };
        let name = format!("{kind}-{}.{extension}", picture.index);
        files::write_new(&audited, &folder.join(&name))?;
        names.push(name);
    }
    feed::ask_for_pictures(vault, header)?;
    Ok(names)
}

fn name(circle: &MyCircle, user: Id) -> Option<String> {
    circle.profile(user).ok().map(|profile| profile.name)
}

fn here(picture: &Pictured) -> Value {
    let (here, why) = match &picture.here {
        PictureHere::Here => ("here", None),
        PictureHere::Wanted => ("wanted", None),
        PictureHere::Refused(code) => ("refused", Some(code)),
        _ => ("not_asked", None),
    };
    json!({ "index": picture.index, "thumbnail": picture.thumbnail, "bytes": picture.size, "here": here, "why": why })
}

fn json(shown: &Shown, name: &dyn Fn(Id) -> Option<String>, written: &[String]) -> Value {
    let post = &shown.post;
    let mut line = value(&post.listed);
    let by = |user: Id| json!({ "user": user, "name": name(user) });
    line["author"] = by(post.listed.user);
    line["text"] =
        json!({ "title": post.text.title, "body": post.text.body, "question": post.text.question });
    line["tags"] = json!(post.tags);
    line["ends"] = json!(post.ends.to_string());
    line["pictures"] = post.pictures.iter().map(here).collect();
    line["written"] = json!(written);
    line["comments"] = shown
        .comments
        .iter()
        .map(|comment| {
            json!({
                "header": comment.header, "author": by(comment.user), "at": comment.at.to_string(),
                "text": comment.text, "hidden_by": comment.hidden_by, "helpful": comment.helpful,
                "helped_me": comment.helped_me,
            })
        })
        .collect();
    line["votes"] = shown
        .votes
        .iter()
        .map(|votes| json!({ "diagnosis": votes.diagnosis, "count": votes.count, "mine": votes.mine }))
        .collect();
    line["outcomes"] = shown
        .outcomes
        .iter()
        .map(|said| json!({ "author": by(said.user), "at": said.at.to_string(), "text": said.text }))
        .collect();
    line["reports"] = shown
        .reports
        .iter()
        .map(|report| json!({ "by": by(report.user), "of": report.of, "reason": report.reason }))
        .collect();
    line["paged"] = json!(shown.paged);
    line
}

fn lines(shown: &Shown, name: &dyn Fn(Id) -> Option<String>) -> Vec<String> {
    let post = &shown.post;
    let name = |user: Id| printable(&name(user).unwrap_or_else(|| "(no name)".to_owned()));
    let mut lines = vec![
        printable(&post.text.title),
        format!("by {}, {}, until {}", name(post.listed.user), post.listed.at.date(), post.ends.date()),
    ];
    let words = |text: &str| text.lines().map(printable).collect::<Vec<_>>();
    lines.extend(words(&post.text.body));
    lines.extend(words(&post.text.question));
    for votes in &shown.votes {
        let mine = if votes.mine { "  (yours)" } else { "" };
        lines.push(format!("{:>4}  {}{mine}", votes.count, printable(&votes.diagnosis)));
    }
    for comment in &shown.comments {
        lines.push(format!("{}, {}, helped {}:", name(comment.user), comment.at.date(), comment.helpful));
        match &comment.text {
            Some(text) => lines.extend(text.lines().map(|line| format!("  {}", printable(line)))),
            None => lines.push("  (hidden by a moderator)".to_owned()),
        }
    }
    for outcome in &shown.outcomes {
        lines.push(format!("Outcome, {}:", outcome.at.date()));
        lines.extend(outcome.text.lines().map(|line| format!("  {}", printable(line))));
    }
    lines
}

//! `curtain post`

mod args;
mod event;
mod open;
mod review;

use std::path::PathBuf;

pub(crate) use args::PostCommand;
pub(crate) use event::settled;

use curtain::circle::{Doing, Fresh, Identity, MyCircle, NotLive};
use curtain::clean::Options;
use curtain::consent::Level;
use curtain::detect::Detectors;
use curtain::exchange::{self, ExchangeError, Road};
use curtain::files;
use curtain::hash::Id;
use curtain::outbox;
use curtain::picture::Limits;
use curtain::post::{self, About, CaseText, SealedPost, Step};
use curtain::story::Known;
use curtain::time::UnixTime;
use curtain::vault::{KeptCase, Vault};
use curtain::wire::note::Note;
use serde_json::{Value, json};

use crate::Outcome;
use crate::output::{self, Failure, say, shown};
use crate::story::{read_known, read_text};
use crate::vault::{Owner, VaultArgs, now};
use crate::{circle, consent};

use args::{AddPhotoArgs, CaseArgs, ConsentForCaseArgs, NewArgs, SealArgs, ShowArgs};

pub(crate) fn run(command: &PostCommand) -> Outcome {
    let (done, json) = match command {
        PostCommand::New(args) => (new(args), args.vault.json),
        PostCommand::AddPhoto(args) => (add_photo(args), args.vault.json),
        PostCommand::Review(args) => (review::run(args), args.vault.json),
        PostCommand::Consent(args) => (consent_to(args), args.consent.vault.json),
        PostCommand::Seal(args) => (seal(args), args.vault.json),
        PostCommand::Comment(args) => (event::comment(args), args.about.vault.json),
        PostCommand::Withdraw(args) => (event::withdraw(args), args.about.vault.json),
        PostCommand::List(args) => (list(args), args.json),
        PostCommand::Show(args) => (show(args), args.vault.json),
        PostCommand::Open(args) => (open::run(args), args.vault.json),
    };
    output::finish(done, json)
}

fn read_photos(paths: &[PathBuf]) -> Result<Vec<Vec<u8>>, Failure> {
    let read = |path: &PathBuf| {
        files::read(path, &Limits::default()).map_err(|error| {
            let failure = Failure::from(error);
            Failure { message: format!("{}: {}", shown(path), failure.message), ..failure }
        })
    };
    paths.iter().map(read).collect()
}

fn new(args: &NewArgs) -> Result<Outcome, Failure> {
    let photos = read_photos(&args.photos)?;
    let body = args.text.as_deref().map(read_text).transpose()?.unwrap_or_default();
    let text = CaseText { title: args.title.clone(), body, question: args.question.clone() };
    let count = photos.len();
    let about = About::new(args.specialty, args.site, args.tags.clone())?;
    let mut vault = args.vault.open_or_make()?;
    let case = post::begin(&mut vault, photos, &text, args.country, Some(about), now()?)?;
    say(args.vault.json, &json!({ "case": case, "photos": count }), || {
        vec![format!("Case {case}"), format!("Now: curtain post review {case}")]
    });
    Ok(Outcome::AllDone)
}

fn add_photo(args: &AddPhotoArgs) -> Result<Outcome, Failure> {
    let photos = read_photos(&args.photos)?;
    let mut vault = args.vault.open()?;
    post::add_photos(&mut vault, args.case, &photos)?;
    let count = vault.case(args.case)?.photos.len();
    say(args.vault.json, &json!({ "case": args.case, "photos": count }), || {
        vec![format!("The case has {count} photos, and is to be reviewed anew.")]
    });
    Ok(Outcome::AllDone)
}

fn known(args: &CaseArgs) -> Result<Known, Failure> {
    args.known.as_deref().map_or(Ok(Known::default()), read_known)
}

fn detectors() -> Result<Detectors, Failure> {
    Detectors::load().map_err(|error| Failure { code: error.code(), message: error.to_string() })
}

/// Takes a kept case up again, with every check.
fn resumed(
    case: &KeptCase,
    args: &CaseArgs,
    vault: &Vault,
    audience: Level,
    now: UnixTime,
) -> Result<Step, Failure> {
    let known = known(args)?;
    Ok(post::resume(case, vault, audience, &detectors()?, &Options::default(), known, now)?)
}

fn not_reviewed(case: Id) -> Failure {
    Failure {
        code: "not_reviewed",
        message: format!(
            "this case is to be reviewed first, or again, as it is now: curtain post review {case}"
        ),
    }
}

fn consent_to(args: &ConsentForCaseArgs) -> Result<Outcome, Failure> {
    let vault = args.consent.vault.open()?;
    let case = vault.case(args.case.case)?;
    let shown = match resumed(&case, &args.case, &vault, Level::CareAdvice, now()?)? {
        Step::Scanned(_) => return Err(not_reviewed(case.id)),
        Step::Reviewed(reviewed) => reviewed.shown(),
        Step::Consented(consented) => consented.objects().iter().map(post::Object::shown).collect(),
    };
    consent::grant(&args.consent, vault, Some((case.id, shown)))
}

/// The sealed post of a case: the one that is kept, or a new one.
fn sealed(owner: &mut Owner, args: &SealArgs, circle: &MyCircle) -> Result<(SealedPost, bool), Failure> {
    let Owner { vault, me, random, now, .. } = owner;
    let case = vault.case(args.case.case)?;
    if !args.again
        && let Some(kept) = post::sealed_of(&case, me, vault)?
    {
        return Ok((kept, false));
    }
    let live = circle.live(me, Doing::Posting, *now)?;
    let audience = circle.circle().audience();
    let consented = match resumed(&case, &args.case, vault, audience, *now)? {
        Step::Scanned(_) => return Err(not_reviewed(case.id)),
        Step::Reviewed(reviewed) => {
            let Some(consent) = case.consent else {
                return Err(Failure {
                    code: "no_consent",
                    message: format!(
                        "the patient has not agreed to this case as it is now: curtain post consent {}",
                        case.id
                    ),
                });
            };
            // What falls short is said by asking once more.
            reviewed.consent(vault, consent, audience, *now).map_err(|refused| refused.error)?
        }
        Step::Consented(consented) => consented,
    };
    let sealed = consented.seal(vault, &live, *now, random).map_err(|refused| refused.error)?;
    sealed.keep(vault, Some(case.id))?;
    Ok((sealed, true))
}

fn seal(args: &SealArgs) -> Result<Outcome, Failure> {
    let mut owner = args.vault.owner()?;
    let named = owner.circle_named(&args.circle)?;
    let road = args.through.as_ref().map(|through| through.road(&owner.me.device)).transpose()?;
    let circle = match &road {
        Some(road) => circle::pulled(&mut owner, road.as_ref(), &named)?,
        None => owner.kept(&named)?,
    };
    let (sealed, new) = sealed(&mut owner, args, &circle)?;
    let mut missing = Vec::new();
    let (mut place, mut queued) = (None, false);
    match &road {
        Some(road) => match send(&mut owner, &sealed, &circle, road.as_ref())? {
            Ok(n) => place = Some(n),
            Err(all) => missing = all,
        },
        None if owner.vault.relay_of(named.id)?.is_some() => {
            outbox::post(&mut owner.vault, named.id, sealed.post, owner.now)?;
            queued = true;
        }
        None => missing.push(Failure {
            code: "not_sent",
            message: "it is sealed and kept, and nothing was sent: say --through DIR to send it".to_owned(),
        }),
    }
    let value = json!({
        "post": sealed.post, "case": args.case.case, "circle": named.id, "new": new, "bytes": sealed.size(),
        "sent": place.is_some(), "place": place, "queued": queued, "missing": missing.iter().map(Failure::json).collect::<Vec<_>>(),
    });
    say(args.vault.json, &value, || {
        let mut lines = vec![format!(
            "{} post {}, {} bytes.",
            if new { "Sealed" } else { "Kept before:" },
            sealed.post,
            sealed.size()
        )];
        lines.extend(place.map(|n| format!("Sent to the circle, as number {n} of its feed.")));
        if queued {
            lines.push("It waits to be sent: curtain sync".to_owned());
        }
        lines
    });
    for failure in &missing {
        output::warn(&failure.message);
    }
    let failed = road.is_some() && place.is_none();
    Ok(if failed { Outcome::SomethingFailed } else { Outcome::AllDone })
}

/// Makes the post ready and puts it into the folder; or says everything that is missing.
fn send(
    owner: &mut Owner,
    sealed: &SealedPost,
    circle: &MyCircle,
    road: &dyn Road,
) -> Result<Result<u64, Vec<Failure>>, Failure> {
    let Owner { vault, me, random, now, .. } = owner;
    let mut missing = Vec::new();
    missing.extend(sealed.check_consent(vault, circle.circle(), *now).err().map(Failure::from));
    let fresh = fresh(vault, me, circle, Doing::Posting, *now)?;
    let fresh = match fresh {
        Ok(fresh) if missing.is_empty() => fresh,
        Ok(_) => return Ok(Err(missing)),
        Err(failure) => {
            missing.push(failure);
            return Ok(Err(missing));
        }
    };
    let ready = match sealed.address(vault, &fresh, None, *now, random) {
        Ok(ready) => ready,
        Err(error) => return Ok(Err(vec![error.into()])),
    };
    Ok(Ok(exchange::push_post(road, circle.circle().id(), sealed, &ready)?))
}

/// The circle with the cosigned head that is kept; or what is missing for that.
pub(crate) fn fresh<'a>(
    vault: &Vault,
    me: &'a Identity,
    circle: &'a MyCircle,
    doing: Doing,
    now: UnixTime,
) -> Result<Result<Fresh<'a>, Failure>, Failure> {
    if let Err(error) = exchange::check_gone(vault, circle, me.user) {
        return Ok(Err(error.into()));
    }
    let live = circle.live(me, doing, now);
    Ok(match (live, vault.head(circle.circle().id())?) {
        (Err(error), _) => Err(Failure::from(error)),
        (Ok(_), None) => Err(Failure {
            code: "no_cosigned_head",
            message: "no witness has seen this circle: have the text of `curtain circle head` cosigned, and keep it \
                      with `curtain circle meet`"
                .to_owned(),
        }),
        (Ok(live), Some(head)) => {
            let note = Note::parse(head.note.as_bytes()).map_err(|error| Failure::from(ExchangeError::from(error)))?;
            live.fresh(&note, std::slice::from_ref(&head.witness), now).map_err(|error| not_fresh(&error))
        }
    })
}

fn not_fresh(error: &NotLive) -> Failure {
    let message = format!("{error} (curtain circle head, and curtain circle meet)");
    Failure { code: error.code(), message }
}

fn list(args: &VaultArgs) -> Result<Outcome, Failure> {
    let vault = args.open()?;
    let (cases, posts) = (vault.cases()?, vault.posts()?);
    for case in &cases {
        let value = json!({ "case": case.id, "made_at": case.made_at.to_string(), "consent": case.consent });
        say(args.json, &value, || {
            let consent = if case.consent.is_some() { "consented" } else { "not consented" };
            vec![format!("case  {}  {}  {consent}", case.id, case.made_at)]
        });
    }
    for post in &posts {
        let value = json!({
            "post": post.post, "case": post.case, "consent": post.consent, "sealed_at": post.at.to_string(),
            "bytes": post.size, "circles": post.circles,
        });
        say(args.json, &value, || {
            vec![format!(
                "post  {}  {}  {} bytes  in {} circles",
                post.post, post.at, post.size, post.circles
            )]
        });
    }
    if cases.is_empty() && posts.is_empty() && !args.json {
        output::line("No cases in this vault yet.");
    }
    Ok(Outcome::AllDone)
}

fn show(args: &ShowArgs) -> Result<Outcome, Failure> {
    let vault = args.vault.open()?;
    let kept = vault.post(args.post)?;
    let held = vault.consent(kept.consent)?;
    let now = now()?;
    let mut circles: Vec<Value> = Vec::new();
    for circle in vault.circles()? {
        if vault.header_of(circle.id, kept.post)?.is_some() {
            circles.push(json!({ "circle": circle.id, "name": circle.name }));
        }
    }
    let standing = consent::standing_code(&held, now);
    if args.vault.json {
        let objects: Vec<Value> = kept
            .objects
            .iter()
            .map(|(about, _)| json!({ "kind": about.kind, "sha256": about.sha256, "size": about.size }))
            .collect();
        output::json_line(&json!({
            "post": kept.post, "case": kept.case, "author": kept.author, "sealed_at": kept.at.to_string(),
            "circles": circles, "objects": objects, "consent": kept.consent, "standing": standing,
        }));
        return Ok(Outcome::AllDone);
    }
    output::line(&format!("post        {}", kept.post));
    output::line(&format!("sealed      {}", kept.at));
    output::line(&format!("consent     {}: {}", kept.consent, consent::standing_words(&held, now)));
    for circle in &circles {
        let name = output::printable(circle["name"].as_str().unwrap_or_default());
        output::line(&format!("circle      {} {name}", circle["circle"].as_str().unwrap_or_default()));
    }
    for (about, _) in &kept.objects {
        output::line(&format!("{:<11} {} bytes", about.kind.code(), about.size));
    }
    Ok(Outcome::AllDone)
}

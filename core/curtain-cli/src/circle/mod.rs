//! `curtain circle`

mod args;
mod show;

use std::path::Path;

pub(crate) use args::CircleCommand;

use curtain::circle::{
    CircleError, Invite, JoinRequest, MyCircle, Paper, Pen, Revocation, read_aloud, role_code,
};
use curtain::exchange::{self, Changed, ExchangeError, Pulled, Road, Rotate, Written};
use curtain::files;
use curtain::hash::Sha256;
use curtain::vault::CircleSummary;
use curtain::wire::statement::Signed;
use serde_json::json;

use crate::Outcome;
use crate::identity::{signed, told_json, told_lines};
use crate::ledger::key;
use crate::output::{self, Failure, printable, read_handed, say, shown};
use crate::vault::{Owner, VaultArgs, chosen};

use args::{
    AddArgs, FileArgs, InviteArgs, JoinArgs, MeetArgs, MemberArgs, NameArgs, NewArgs, OneArgs, PullArgs,
    RevokeArgs, RoleArgs, TravelArgs,
};

pub(crate) fn run(command: &CircleCommand) -> Outcome {
    let (done, json) = match command {
        CircleCommand::New(args) => (new(args), args.vault.json),
        CircleCommand::List(args) => (list(args), args.json),
        CircleCommand::Show(args) => (show::show(args), args.vault.json),
        CircleCommand::Name(args) => (name(args), args.one.vault.json),
        CircleCommand::Invite(args) => (invite(args), args.one.vault.json),
        CircleCommand::Join(args) => (join(args), args.vault.json),
        CircleCommand::Add(args) => (add(args), args.travel.one.vault.json),
        CircleCommand::Remove(args) => (remove(args), args.travel.one.vault.json),
        CircleCommand::Role(args) => (role(args), args.member.travel.one.vault.json),
        CircleCommand::Rotate(args) => (rotate(args), args.one.vault.json),
        CircleCommand::Revoke(args) => (revoke(args), args.member.travel.one.vault.json),
        CircleCommand::Rekey(args) => (rekey(args), args.one.vault.json),
        CircleCommand::Discredit(args) => (discredit(args), args.travel.one.vault.json),
        CircleCommand::Pull(args) => (pull(args), args.vault.json),
        CircleCommand::Head(args) => (head(args), args.vault.json),
        CircleCommand::Meet(args) => (meet(args), args.one.vault.json),
    };
    output::finish(done, json)
}

fn new(args: &NewArgs) -> Result<Outcome, Failure> {
    let mut owner = args.vault.owner()?;
    let road = args.through.road(&owner.me.device)?;
    let kind = (args.audience.into(), args.history.into());
    let circle = exchange::create(&mut owner.here(), road.as_ref(), &args.name, kind, args.issuer.clone())?;
    let id = circle.circle().id();
    args.through.remember(&mut owner, id)?;
    if let Err(error) = circle.member(owner.me.user, owner.now).and_then(|me| Ok(me.credential?)) {
        output::warn(&format!("You cannot post in it yet: {error}"));
    }
    say(args.vault.json, &json!({ "circle": id, "name": args.name, "epoch": 0 }), || {
        vec![
            format!("Circle {id}"),
            format!("Invite others: curtain circle invite {} --out FILE", &id.to_string()[..8]),
        ]
    });
    Ok(Outcome::AllDone)
}

fn list(args: &VaultArgs) -> Result<Outcome, Failure> {
    let owner = args.owner()?;
    let circles = owner.vault.circles()?;
    for circle in &circles {
        let value = json!({ "circle": circle.id, "name": circle.name, "entries": circle.entries });
        say(args.json, &value, || vec![format!("{}  {}", circle.id, printable(&circle.name))]);
    }
    if circles.is_empty() && !args.json {
        output::line("No circles in this vault yet.");
    }
    Ok(Outcome::AllDone)
}

fn name(args: &NameArgs) -> Result<Outcome, Failure> {
    let mut owner = args.one.vault.owner()?;
    let circle = owner.circle_named(&args.one.circle)?.id;
    owner.vault.rename_circle(circle, &args.name)?;
    say(args.one.vault.json, &json!({ "circle": circle, "name": args.name }), || {
        vec![format!("{circle}  {}", printable(&args.name))]
    });
    Ok(Outcome::AllDone)
}

fn invite(args: &InviteArgs) -> Result<Outcome, Failure> {
    let owner = args.one.vault.owner()?;
    let circle = owner.circle_named(&args.one.circle)?;
    let entries = owner.vault.entries(circle.id)?;
    let first = entries.first().ok_or(CircleError::NotIn)?;
    let invite = Invite::new(&owner.me, first, &circle.name)?.to_bytes();
    files::share(&args.out, &invite)?;
    let fingerprint = read_aloud(&invite);
    let value = json!({ "circle": circle.id, "invite": shown(&args.out), "fingerprint": fingerprint });
    say(args.one.vault.json, &value, || {
        vec![
            format!("Invitation: {}", shown(&args.out)),
            format!("Fingerprint, to compare with whom you invite: {fingerprint}"),
        ]
    });
    Ok(Outcome::AllDone)
}

fn join(args: &JoinArgs) -> Result<Outcome, Failure> {
    let owner = args.vault.owner()?;
    let bytes = read_handed(&args.invite)?;
    let invite = Invite::parse(&bytes)?;
    let circle = invite.circle()?;
    let request = JoinRequest::new(&owner.me, &invite, owner.now, &owner.random)?.to_bytes();
    files::share(&args.out, &request)?;
    let (invited, fingerprint) = (read_aloud(&bytes), read_aloud(&request));
    let value = json!({
        "circle": circle.id(), "audience": circle.audience().code(), "history": circle.history(),
        "request": shown(&args.out), "fingerprint": fingerprint, "invite_fingerprint": invited,
    });
    say(args.vault.json, &value, || {
        vec![
            format!("circle      {} {}", circle.id(), printable(invite.name())),
            format!("serves      {}", circle.audience().code()),
            format!("Fingerprint of the invitation, to compare with the admin: {invited}"),
            format!("Request: {}", shown(&args.out)),
            format!("Fingerprint of the request, for the admin: {fingerprint}"),
        ]
    });
    Ok(Outcome::AllDone)
}

/// A circle as the folder has it now, about to be changed.
struct Travelling {
    owner: Owner,
    road: Box<dyn Road>,
    circle: MyCircle,
}

impl Travelling {
    fn new(args: &TravelArgs) -> Result<Self, Failure> {
        let mut owner = args.one.vault.owner()?;
        let named = owner.circle_named(&args.one.circle)?;
        let road = args.through.road(&owner.me.device)?;
        let circle = pulled(&mut owner, road.as_ref(), &named)?;
        Ok(Self { owner, road, circle })
    }

    fn change(
        &mut self,
        rotate: Rotate,
        write: impl FnOnce(&Pen<'_>, &mut MyCircle) -> Result<Vec<Written>, ExchangeError>,
    ) -> Result<Changed, Failure> {
        Ok(exchange::change(&mut self.owner.here(), self.road.as_ref(), &mut self.circle, rotate, write)?)
    }

    fn member(&self, typed: &str) -> Result<curtain::hash::Id, Failure> {
        chosen(self.circle.circle().members().map(|(user, _)| user), typed, "member")
    }
}

/// Takes in what is new, and says where there is no key.
pub(crate) fn pulled(
    owner: &mut Owner,
    road: &dyn Road,
    circle: &CircleSummary,
) -> Result<MyCircle, Failure> {
    let Pulled { circle, no_key, .. } = exchange::pull(&mut owner.here(), road, circle.id, &circle.name)?;
    if let Some(error) = no_key {
        output::warn(&format!("No key of the present epoch: {error}"));
    }
    Ok(circle)
}

/// Says what became of a change.
fn done(changed: Changed, circle: Sha256, json: bool, mut value: serde_json::Value, what: &str) -> Outcome {
    value["circle"] = json!(circle);
    value["epoch"] = json!(changed.epoch);
    value["rotation_due"] = json!(changed.due);
    say(json, &value, || {
        let epoch = changed.epoch.map(|epoch| format!(" Epoch {epoch} began.")).unwrap_or_default();
        let due = if changed.due { " A new epoch is due: curtain circle rotate" } else { "" };
        vec![format!("{what}{epoch}{due}")]
    });
    Outcome::AllDone
}

fn add(args: &AddArgs) -> Result<Outcome, Failure> {
    let bytes = read_handed(&args.request)?;
    let request = JoinRequest::parse(&bytes)?;
    let mut travelling = Travelling::new(&args.travel)?;
    let asked = request.open(&travelling.owner.me, &travelling.circle)?;
    let (user, name) = (asked.join.body().member.user, printable(&asked.profile.name));
    let fingerprint = read_aloud(&bytes);
    let json = args.travel.one.vault.json;
    if !json {
        output::line(&format!("{name}, user {user}"));
        output::line(&format!("Fingerprint of the request, to compare: {fingerprint}"));
    }
    let rotate = if args.later { Rotate::Later } else { Rotate::IfDue };
    let role = args.role.into();
    let changed = travelling.change(rotate, |pen, circle| {
        let entry = pen.add(circle, asked.join, &asked.profile, role)?;
        Ok(vec![Written { entry, boxes: None, keyring: Some(asked.keyring), seals: asked.seals }])
    })?;
    let id = travelling.circle.circle().id();
    let value = json!({
        "user": user, "name": asked.profile.name, "role": role_code(role), "fingerprint": fingerprint,
    });
    Ok(done(changed, id, json, value, &format!("Added {name} as {}.", role_code(role))))
}

fn remove(args: &MemberArgs) -> Result<Outcome, Failure> {
    let mut travelling = Travelling::new(&args.travel)?;
    let user = travelling.member(&args.user)?;
    let changed = travelling
        .change(Rotate::IfDue, |pen, circle| Ok(vec![Written::entry(pen.remove(circle, user)?)]))?;
    let id = travelling.circle.circle().id();
    Ok(done(changed, id, args.travel.one.vault.json, json!({ "removed": user }), &format!("Removed {user}.")))
}

fn role(args: &RoleArgs) -> Result<Outcome, Failure> {
    let mut travelling = Travelling::new(&args.member.travel)?;
    let user = travelling.member(&args.member.user)?;
    let role = args.role.into();
    let changed = travelling
        .change(Rotate::IfDue, |pen, circle| Ok(vec![Written::entry(pen.role(circle, user, role)?)]))?;
    let id = travelling.circle.circle().id();
    let value = json!({ "user": user, "role": role_code(role) });
    let what = format!("{user} is {} now.", role_code(role));
    Ok(done(changed, id, args.member.travel.one.vault.json, value, &what))
}

fn rotate(args: &TravelArgs) -> Result<Outcome, Failure> {
    let mut travelling = Travelling::new(args)?;
    let changed = travelling.change(Rotate::Always, |_, _| Ok(Vec::new()))?;
    let id = travelling.circle.circle().id();
    Ok(done(changed, id, args.one.vault.json, json!({}), "Rotated."))
}

fn revoke(args: &RevokeArgs) -> Result<Outcome, Failure> {
    let mut travelling = Travelling::new(&args.member.travel)?;
    let user = travelling.member(&args.member.user)?;
    let member = travelling.circle.circle().member(&user).ok_or(CircleError::NotIn)?;
    let device = chosen(member.devices.iter().copied(), &args.device, "device of that member")?;
    let changed = travelling
        .change(Rotate::IfDue, |pen, circle| Ok(vec![Written::entry(pen.revoke(circle, user, device)?)]))?;
    let id = travelling.circle.circle().id();
    let what = format!(
        "Revoked {device}. Its owner reads nothing new until they make a new key: curtain circle rekey."
    );
    let value = json!({ "user": user, "revoked": device });
    Ok(done(changed, id, args.member.travel.one.vault.json, value, &what))
}

fn rekey(args: &TravelArgs) -> Result<Outcome, Failure> {
    let mut travelling = Travelling::new(args)?;
    let Travelling { owner, road, circle } = &mut travelling;
    let told = exchange::rekey(&mut owner.here(), road.as_ref(), circle)?;
    say(args.one.vault.json, &json!({ "circles": told_json(&told) }), || {
        vec!["You have a new key.".to_owned()]
    });
    Ok(told_lines(&told, args.one.vault.json))
}

fn discredit(args: &FileArgs) -> Result<Outcome, Failure> {
    let revocation: Signed<Revocation> = signed(&read_handed(&args.file)?)?;
    let credential = revocation.body().credential;
    let mut travelling = Travelling::new(&args.travel)?;
    let changed = travelling
        .change(Rotate::Later, |pen, circle| Ok(vec![Written::entry(pen.discredit(circle, revocation)?)]))?;
    let id = travelling.circle.circle().id();
    let value = json!({ "credential": credential });
    Ok(done(changed, id, args.travel.one.vault.json, value, "The credential does not count any more."))
}

fn pull(args: &PullArgs) -> Result<Outcome, Failure> {
    let mut owner = args.vault.owner()?;
    let road = args.through.road(&owner.me.device)?;
    let named = match owner.circle_named(&args.circle) {
        Ok(circle) => circle,
        Err(failure) => unknown(args, failure)?,
    };
    let Pulled { circle, new, no_key } =
        exchange::pull(&mut owner.here(), road.as_ref(), named.id, &named.name)?;
    args.through.remember(&mut owner, named.id)?;
    let log = circle.circle();
    let (member, epoch) = (log.member(&owner.me.user).is_some(), log.epoch().map(|epoch| epoch.number));
    let failure = no_key.map(Failure::from);
    let value = json!({
        "circle": log.id(), "new": new, "entries": log.size(), "epoch": epoch, "member": member,
        "no_key": failure.as_ref().map(Failure::json),
    });
    say(args.vault.json, &value, || {
        let mut lines = vec![format!("{new} new entries, {} in all.", log.size())];
        if !member {
            lines.push("You are not a member (any more, or not yet).".to_owned());
        }
        lines
    });
    let Some(failure) = failure else { return Ok(Outcome::AllDone) };
    output::warn(&format!("No key of the present epoch: {}", failure.message));
    Ok(Outcome::SomethingFailed)
}

/// A circle that is not kept yet: an invitation, or a whole id.
fn unknown(args: &PullArgs, failure: Failure) -> Result<CircleSummary, Failure> {
    if let Ok(id) = args.circle.parse::<Sha256>() {
        let name = args.name.clone().unwrap_or_else(|| args.circle[..8].to_owned());
        return Ok(CircleSummary { id, name, entries: 0 });
    }
    let path = Path::new(&args.circle);
    if !path.exists() {
        return Err(failure);
    }
    let invite = Invite::parse(&read_handed(path)?)?;
    let name = args.name.clone().unwrap_or_else(|| invite.name().to_owned());
    Ok(CircleSummary { id: invite.circle()?.id(), name, entries: 0 })
}

fn head(args: &OneArgs) -> Result<Outcome, Failure> {
    let owner = args.vault.owner()?;
    let circle = owner.kept(&owner.circle_named(&args.circle)?)?;
    let head = exchange::head_text(&circle);
    if args.vault.json {
        let log = circle.circle();
        output::json_line(&json!({ "circle": log.id(), "size": log.size(), "head": head }));
    } else {
        output::exactly(&head);
    }
    Ok(Outcome::AllDone)
}

fn meet(args: &MeetArgs) -> Result<Outcome, Failure> {
    let witness = key(&args.witness)?;
    let note = read_handed(&args.note)?;
    let mut owner = args.one.vault.owner()?;
    let circle = owner.kept(&owner.circle_named(&args.one.circle)?)?;
    let met = exchange::meet(&mut owner.vault, &circle, &note, &witness, owner.now)?;
    let value = json!({
        "circle": circle.circle().id(), "size": met.head.head.size, "here": met.here,
        "at": met.head.at.to_string(), "age_s": met.age_s,
    });
    say(args.one.vault.json, &value, || {
        let mut lines = vec![format!(
            "The witness saw {} of {} entries, {}.",
            met.head.head.size,
            met.here,
            show::ago(met.age_s)
        )];
        if met.age_s > curtain::circle::HEAD_MAX_AGE_S {
            lines.push("That is too long ago to post: have it cosigned anew.".to_owned());
        }
        lines
    });
    Ok(Outcome::AllDone)
}

//! `curtain circle show`

use curtain::circle::{CircleError, Member, Role, role_code};
use curtain::exchange;
use curtain::hash::Id;
use curtain::wire::membership::{Access, CircleMember};
use curtain::wire::statement::Signed;
use serde_json::{Value, json};

use super::args::OneArgs;
use crate::Outcome;
use crate::output::{self, Failure, printable};

/// How long ago, for a person.
pub(super) fn ago(age_s: u64) -> String {
    match age_s {
        0..60 => "just now".to_owned(),
        60..7200 => format!("{} minutes ago", age_s / 60),
        _ => format!("{} hours ago", age_s / 3600),
    }
}

fn access_code(member: &CircleMember) -> &'static str {
    match member.access {
        // There is no box for an officer, now or later.
        _ if member.role == Role::Officer => "none",
        Access::Current => "current",
        Access::NextEpoch => "next_epoch",
        Access::Waiting => "waiting",
    }
}

pub(super) fn show(args: &OneArgs) -> Result<Outcome, Failure> {
    let owner = args.vault.owner()?;
    let named = owner.circle_named(&args.circle)?;
    let circle = owner.kept(&named)?;
    let log = circle.circle();
    let head = exchange::kept_head(&owner.vault, &circle, owner.now)?;
    let members: Vec<(Id, Result<Member, CircleError>)> = circle.members(owner.now).collect();
    if args.vault.json {
        let members: Vec<Value> =
            members.iter().map(|(user, member)| member_json(&circle, *user, member)).collect();
        let epochs: Vec<Value> = log
            .epochs()
            .iter()
            .map(|epoch| {
                json!({
                    "number": epoch.number, "at": epoch.at.to_string(), "boxes": epoch.boxes.count,
                    "key": circle.secret(epoch.number).is_ok(),
                })
            })
            .collect();
        let head = head.map(
            |met| json!({ "size": met.head.head.size, "at": met.head.at.to_string(), "age_s": met.age_s }),
        );
        output::json_line(&json!({
            "circle": log.id(), "name": named.name, "audience": log.audience().code(), "history": log.history(),
            "issuers": log.issuers(), "entries": log.size(), "members": members, "epochs": epochs,
            "rotation_due": log.rotation_due(), "blocked": log.blocked(), "cosigned": head,
        }));
        return Ok(Outcome::AllDone);
    }
    output::line(&format!("circle      {}", log.id()));
    output::line(&format!("name        {}", printable(&named.name)));
    output::line(&format!("serves      {}", log.audience().code()));
    for (user, member) in &members {
        output::line(&member_line(&circle, *user, member));
    }
    if let Some(epoch) = log.epoch() {
        let key = if circle.secret(epoch.number).is_ok() { "" } else { ", of which this device has no key" };
        output::line(&format!("epoch       {} since {}{key}", epoch.number, epoch.at));
    }
    output::line(&match head {
        Some(met) => {
            format!("witness     saw {} of {} entries, {}", met.head.head.size, log.size(), ago(met.age_s))
        }
        None => "witness     none has seen this circle yet: curtain circle head".to_owned(),
    });
    if log.blocked() {
        output::line(
            "Nothing can be posted until an admin runs curtain circle rotate: somebody left or lost a device.",
        );
    } else if log.rotation_due() {
        output::line("A new epoch is due, since somebody waits for a key: curtain circle rotate");
    }
    Ok(Outcome::AllDone)
}

fn member_json(circle: &curtain::circle::MyCircle, user: Id, member: &Result<Member, CircleError>) -> Value {
    let Some(listed) = circle.circle().member(&user) else { return Value::Null };
    let mut value = json!({
        "user": user, "role": role_code(listed.role), "access": access_code(listed),
        "devices": listed.devices,
    });
    match member {
        Ok(Member { profile, credential, .. }) => {
            value["name"] = json!(profile.name);
            value["credential_until"] =
                json!(profile.credential.as_ref().map(|said| said.body().expires.to_string()));
            value["credential"] = match credential {
                Ok(()) => json!("valid"),
                Err(error) => json!(error.code()),
            };
        }
        Err(error) => value["error"] = json!({ "code": error.code(), "message": error.to_string() }),
    }
    value
}

fn member_line(circle: &curtain::circle::MyCircle, user: Id, member: &Result<Member, CircleError>) -> String {
    let Some(listed) = circle.circle().member(&user) else { return String::new() };
    let devices = match listed.devices.len() {
        1 => "1 device".to_owned(),
        more => format!("{more} devices"),
    };
    let waits = match listed.access {
        _ if listed.role == Role::Officer => ", reads no case",
        Access::Current => "",
        Access::NextEpoch => ", reads from the next epoch on",
        Access::Waiting => ", must make a new key",
    };
    let who = match member {
        Ok(Member { profile, credential, .. }) => {
            let until = profile.credential.as_ref().map(Signed::body).map(|said| said.expires.date());
            let credential = match (credential, until) {
                (Ok(()), Some(until)) => format!("credential until {until}"),
                (Ok(()), None) => "no credential needed".to_owned(),
                (Err(error), _) => error.to_string(),
            };
            format!("{}, {credential}", printable(&profile.name))
        }
        Err(error) => error.to_string(),
    };
    format!("{:<11} {user}  {who}, {devices}{waits}", role_code(listed.role))
}

//! `curtain identity`

mod args;
mod issuer;

use std::io::{IsTerminal, Read};

pub(crate) use args::IdentityCommand;

use curtain::circle::{self, Credential, Identity, LinkGrant, LinkRequest, Paper, Pen, read_aloud};
use curtain::exchange::{self, Announced, Here, Road, Rotate, Written};
use curtain::files;
use curtain::hash::Sha256;
use curtain::keys::{DeviceKeys, RecoveryCode};
use curtain::wire::membership::Use;
use curtain::wire::statement::{Signed, Statement};
use ring::rand::SystemRandom;
use serde_json::{Value, json};
use zeroize::Zeroizing;

use crate::Outcome;
use crate::network::Through;
use crate::output::{self, Failure, confirm, printable, read_handed, say, shown};
use crate::vault::{Owner, VaultArgs, chosen, now};

use args::{
    AcceptArgs, AnnounceArgs, ApproveArgs, CredentialArgs, LinkArgs, NewArgs, RecoveryArgs, RestoreArgs,
    RevokeArgs,
};

pub(crate) fn run(command: &IdentityCommand) -> Outcome {
    let (done, json) = match command {
        IdentityCommand::New(args) => (new(args), args.vault.json),
        IdentityCommand::Show(args) => (show(args), args.json),
        IdentityCommand::Credential(args) => (credential(args), args.vault.json),
        IdentityCommand::RecoveryCode(args) => (recovery_code(args), args.vault.json),
        IdentityCommand::Link(args) => (link(args), args.vault.json),
        IdentityCommand::Approve(args) => (approve(args), args.vault.json),
        IdentityCommand::Accept(args) => (accept(args), args.vault.json),
        IdentityCommand::Restore(args) => (restore(args), args.vault.json),
        IdentityCommand::Revoke(args) => (revoke(args), args.vault.json),
        IdentityCommand::Announce(args) => (announce(args), args.vault.json),
        IdentityCommand::Issuer(args) => (issuer::issuer(args), args.json),
        IdentityCommand::Issue(args) => (issuer::issue(args), args.json),
        IdentityCommand::Discredit(args) => (issuer::discredit(args), args.json),
        IdentityCommand::Officer(args) => (issuer::officer(args), args.json),
    };
    output::finish(done, json)
}

/// Reads a signed statement that somebody handed over.
pub(crate) fn signed<T: Statement + Clone>(bytes: &[u8]) -> Result<Signed<T>, Failure> {
    Signed::parse(bytes.strip_suffix(b"\n").unwrap_or(bytes))
        .map_err(|error| circle::PaperError::Form(error).into())
}

fn new(args: &NewArgs) -> Result<Outcome, Failure> {
    let (mut vault, keys) = args.vault.open_or_make_with_keys()?;
    let (now, random) = (now()?, SystemRandom::new());
    if vault.identity(&keys)?.is_some() {
        return Err(curtain::vault::VaultError::Exists.into());
    }
    let user = vault.make_id()?;
    let device = DeviceKeys::make(user, &vault.log_key(now)?, &random)?;
    let me = Identity::make(user, &args.name, device, &random)?;
    vault.keep_identity(&keys, &me, now)?;
    say(args.vault.json, &json!({ "user": user, "device": me.device.id() }), || {
        vec![
            format!("user        {user}"),
            format!("device      {}", me.device.id()),
            "Give both to an issuer, who signs your credential: curtain identity credential FILE".to_owned(),
        ]
    });
    Ok(Outcome::AllDone)
}

fn use_code(r#use: Use) -> &'static str {
    match r#use {
        Use::Posting => "device",
        Use::Recovery => "recovery code",
    }
}

fn show(args: &VaultArgs) -> Result<Outcome, Failure> {
    let owner = args.owner()?;
    let me = &owner.me;
    let this = me.device.id();
    let said = me.credential.as_ref().map(Signed::body);
    if args.json {
        let devices: Vec<_> = me
            .devices
            .iter()
            .map(|listed| {
                json!({
                    "device": listed.id(), "use": listed.claimed.device.r#use, "this": listed.id() == this,
                })
            })
            .collect();
        let credential = said.map(|said| {
            json!({
                "kind": said.kind, "issuer": said.issuer, "issued": said.issued.to_string(),
                "expires": said.expires.to_string(), "serial": said.serial,
            })
        });
        output::json_line(&json!({
            "user": me.user, "name": me.name, "device": this, "linked": me.key.is_some(), "devices": devices,
            "credential": credential,
        }));
        return Ok(Outcome::AllDone);
    }
    output::line(&format!("user        {}", me.user));
    output::line(&format!("name        {}", printable(&me.name)));
    for listed in &me.devices {
        let mark = if listed.id() == this { " (this one)" } else { "" };
        output::line(&format!("{:<11} {}{mark}", use_code(listed.claimed.device.r#use), listed.id()));
    }
    output::line(&match said {
        Some(said) if said.expires < owner.now => format!("credential  expired on {}", said.expires.date()),
        Some(said) => format!("credential  {} until {}", circle::kind_code(said.kind), said.expires.date()),
        None => "credential  none".to_owned(),
    });
    if me.key.is_none() {
        output::line("This device waits to be linked: curtain identity approve, on a linked one.");
    }
    Ok(Outcome::AllDone)
}

fn credential(args: &CredentialArgs) -> Result<Outcome, Failure> {
    let mut owner = args.vault.owner()?;
    let said: Signed<Credential> = signed(&read_handed(&args.file)?)?;
    let (kind, expires) = (said.body().kind, said.body().expires);
    owner.me.take_credential(said, owner.now)?;
    owner.keep()?;
    let mut told = Vec::new();
    if let Some(through) = &args.through {
        let road = through.road(&owner.me.device)?;
        for circle in owner.vault.circles()? {
            let changed = profile_in(&mut owner.here(), road.as_ref(), circle.id, &circle.name);
            told.push(Announced { circle: circle.id, changed });
        }
    }
    let value = json!({ "kind": kind, "expires": expires.to_string(), "circles": told_json(&told) });
    say(args.vault.json, &value, || {
        vec![format!("Credential as {} until {}.", circle::kind_code(kind), expires.date())]
    });
    Ok(told_lines(&told, args.vault.json))
}

fn profile_in(
    here: &mut Here<'_>,
    road: &dyn Road,
    circle: Sha256,
    name: &str,
) -> Result<exchange::Changed, exchange::ExchangeError> {
    let mut mine = exchange::pull(here, road, circle, name)?.circle;
    exchange::change(here, road, &mut mine, Rotate::Later, |pen: &Pen<'_>, circle| {
        Ok(vec![Written::entry(pen.profile(circle)?)])
    })
}

fn recovery_code(args: &RecoveryArgs) -> Result<Outcome, Failure> {
    let mut owner = args.vault.owner()?;
    owner.me.key()?;
    let code = RecoveryCode::make(&owner.random)?;
    let device = code.device(owner.me.user).listed();
    let id = device.id();
    owner.me.list(device)?;
    owner.keep()?;
    let told = told_all(&mut owner, args.through.as_ref())?;
    let printed = code.printed();
    if args.vault.json {
        output::json_line(&json!({
            "recovery_code": printed.as_str(), "user": owner.me.user, "device": id, "circles": told_json(&told),
        }));
    } else {
        output::line(&format!("Recovery code: {}", printed.as_str()));
        output::line(&format!("for user       {}", owner.me.user));
        output::line(
            "Write both on paper and keep it in a safe place: whoever has it can take your place. It is not shown again.",
        );
    }
    if args.through.is_none() && !owner.vault.circles()?.is_empty() {
        output::warn("No circle knows the code yet: curtain identity announce --through DIR");
    }
    Ok(told_lines(&told, args.vault.json))
}

fn told_all(owner: &mut Owner, through: Option<&Through>) -> Result<Vec<Announced>, Failure> {
    let Some(through) = through else { return Ok(Vec::new()) };
    let road = through.road(&owner.me.device)?;
    Ok(exchange::announce(&mut owner.here(), road.as_ref(), None)?)
}

pub(crate) fn told_json(told: &[Announced]) -> Vec<Value> {
    let one = |announced: &Announced| match &announced.changed {
        Ok(changed) => json!({
            "circle": announced.circle, "entries": changed.entries, "epoch": changed.epoch,
            "rotation_due": changed.due,
        }),
        Err(error) => json!({
            "circle": announced.circle, "error": { "code": error.code(), "message": error.to_string() },
        }),
    };
    told.iter().map(one).collect()
}

/// Says for a person how each circle took it, and on standard error where one did not.
pub(crate) fn told_lines(told: &[Announced], json: bool) -> Outcome {
    let mut outcome = Outcome::AllDone;
    for Announced { circle, changed } in told {
        match changed {
            Ok(changed) if !json => {
                let epoch = changed.epoch.map(|epoch| format!(", new epoch {epoch}")).unwrap_or_default();
                let due = if changed.due { "; an admin must rotate it" } else { "" };
                output::line(&format!("circle {circle}: {} entries{epoch}{due}", changed.entries));
            }
            Ok(_) => {}
            Err(error) => {
                output::warn(&format!("circle {circle}: {error}"));
                outcome = Outcome::SomethingFailed;
            }
        }
    }
    outcome
}

fn link(args: &LinkArgs) -> Result<Outcome, Failure> {
    let (mut vault, keys) = args.vault.open_or_make_with_keys()?;
    let (now, random) = (now()?, SystemRandom::new());
    let me = match vault.identity(&keys)? {
        // The request may be written again as long as nobody has approved it.
        Some(me) if me.key.is_none() && me.user == args.user => me,
        Some(_) => return Err(curtain::vault::VaultError::Exists.into()),
        None => {
            files::check_new(&args.out)?;
            let device = DeviceKeys::make(args.user, &vault.log_key(now)?, &random)?;
            let me = Identity::waiting(args.user, &args.name, device)?;
            vault.keep_identity(&keys, &me, now)?;
            me
        }
    };
    let request = LinkRequest::new(&me).to_bytes();
    files::share(&args.out, &request)?;
    let fingerprint = read_aloud(&request);
    let value = json!({ "device": me.device.id(), "request": shown(&args.out), "fingerprint": fingerprint });
    say(args.vault.json, &value, || {
        vec![
            format!("Request: {}", shown(&args.out)),
            format!("Fingerprint, to compare on the linked device: {fingerprint}"),
        ]
    });
    Ok(Outcome::AllDone)
}

fn approve(args: &ApproveArgs) -> Result<Outcome, Failure> {
    let mut owner = args.vault.owner()?;
    files::check_new(&args.out)?;
    let bytes = read_handed(&args.request)?;
    let request = LinkRequest::parse(&bytes)?;
    let asked = read_aloud(&bytes);
    if !args.vault.json {
        output::line(&format!("Fingerprint of the request: {asked}"));
    }
    confirm(args.yes.into(), "Does the new device show the same? It will read all that you can read.")?;
    let (device, grant) = request.approve(&mut owner.me, &owner.random)?;
    owner.keep()?;
    let grant = grant.to_bytes();
    files::share(&args.out, &grant)?;
    let told = told_all(&mut owner, args.through.as_ref())?;
    let fingerprint = read_aloud(&grant);
    let value = json!({
        "device": device, "request_fingerprint": asked, "grant": shown(&args.out), "fingerprint": fingerprint,
        "circles": told_json(&told),
    });
    say(args.vault.json, &value, || {
        vec![
            format!("Linked device {device}."),
            format!("For the new device: {}", shown(&args.out)),
            format!("Fingerprint, to compare on the new device: {fingerprint}"),
        ]
    });
    if args.through.is_none() && !owner.vault.circles()?.is_empty() {
        output::warn("No circle knows the device yet: curtain identity announce --through DIR");
    }
    Ok(told_lines(&told, args.vault.json))
}

fn accept(args: &AcceptArgs) -> Result<Outcome, Failure> {
    let mut owner = args.vault.owner()?;
    let bytes = read_handed(&args.grant)?;
    let grant = LinkGrant::parse(&bytes)?;
    let fingerprint = read_aloud(&bytes);
    if !args.vault.json {
        output::line(&format!("Fingerprint of the grant: {fingerprint}"));
    }
    confirm(args.yes.into(), "Does the linked device show the same?")?;
    grant.accept(&mut owner.me)?;
    owner.keep()?;
    let taken = match &args.through {
        Some(through) => {
            let road = through.road(&owner.me.device)?;
            exchange::pull_own(&mut owner.here(), road.as_ref())?
        }
        None => Vec::new(),
    };
    let devices = owner.me.devices.len();
    say(
        args.vault.json,
        &json!({ "devices": devices, "fingerprint": fingerprint, "circles": taken }),
        || {
            let mut lines = vec![format!("Linked: you have {devices} devices.")];
            lines.extend(taken.iter().map(|circle| format!("circle {circle}")));
            lines
        },
    );
    Ok(Outcome::AllDone)
}

/// The recovery code, typed on a terminal or on standard input: a flag would show it to others of the machine.
fn typed_code() -> Result<RecoveryCode, Failure> {
    let mut typed = Zeroizing::new(String::new());
    let stdin = std::io::stdin();
    let read = if stdin.is_terminal() {
        dialoguer::Input::<String>::new()
            .with_prompt("The recovery code")
            .interact_text()
            .map(|code| *typed = code)
            .is_ok()
    } else {
        stdin.lock().take(256).read_to_string(&mut typed).is_ok()
    };
    if !read || typed.trim().is_empty() {
        return Err(Failure {
            code: "code_needed",
            message: "give the recovery code on standard input, or type it on a terminal".to_owned(),
        });
    }
    Ok(RecoveryCode::parse(typed.trim())?)
}

fn restore(args: &RestoreArgs) -> Result<Outcome, Failure> {
    let code = typed_code()?;
    let (mut vault, keys) = args.vault.open_or_make_with_keys()?;
    let (now, random) = (now()?, SystemRandom::new());
    let road = args.through.road(&code.device(args.user))?;
    // Before anything is done that cannot be done twice.
    let lost = match &args.revoke {
        Some(lost) => {
            let known = exchange::devices_by_code(road.as_ref(), &code, args.user, now)?;
            Some(chosen(known, lost, "device")?)
        }
        None => None,
    };
    let restored = exchange::restore(
        &mut vault,
        &keys,
        (&code, args.user),
        args.name.as_deref(),
        road.as_ref(),
        now,
        &random,
    )?;
    let (me, mut told) = (restored.me, restored.circles);
    let mut owner = Owner { vault, keys, me, random, now };
    let mut taken = exchange::pull_own(&mut owner.here(), road.as_ref())?;
    if let Some(lost) = lost {
        told.extend(exchange::revoke(&mut owner.here(), road.as_ref(), lost)?);
        taken = exchange::pull_own(&mut owner.here(), road.as_ref())?;
    }
    let this = owner.me.device.id();
    let value = json!({ "user": args.user, "device": this, "circles": taken, "told": told_json(&told) });
    say(args.vault.json, &value, || {
        vec![format!("You are back as {}, on device {this}.", printable(&owner.me.name))]
    });
    if args.revoke.is_none() {
        output::warn("If a device was lost, revoke it: curtain identity revoke DEVICE --through DIR");
    }
    output::warn(
        "The folder may show an older state: compare each circle's head with another member or a witness.",
    );
    Ok(told_lines(&told, args.vault.json))
}

fn revoke(args: &RevokeArgs) -> Result<Outcome, Failure> {
    let mut owner = args.vault.owner()?;
    let road = args.through.road(&owner.me.device)?;
    let gone = owner.vault.gone()?;
    let known = owner.me.devices.iter().map(curtain::keys::ListedDevice::id).chain(gone);
    let device = match args.device.parse() {
        // Also one that this device does not list any more, where a circle was not told.
        Ok(device) => device,
        Err(_) => chosen(known, &args.device, "device")?,
    };
    let told = exchange::revoke(&mut owner.here(), road.as_ref(), device)?;
    say(args.vault.json, &json!({ "revoked": device, "circles": told_json(&told) }), || {
        let told_some = told.is_empty() || told.iter().any(|announced| announced.changed.is_ok());
        vec![if told_some {
            format!("Revoked {device}. You have a new key.")
        } else {
            format!(
                "{device} is off your own list. NO CIRCLE WAS TOLD: do the same again, with the right folder."
            )
        }]
    });
    Ok(told_lines(&told, args.vault.json))
}

fn announce(args: &AnnounceArgs) -> Result<Outcome, Failure> {
    let mut owner = args.vault.owner()?;
    let told = told_all(&mut owner, Some(&args.through))?;
    say(args.vault.json, &json!({ "circles": told_json(&told) }), Vec::new);
    Ok(told_lines(&told, args.vault.json))
}

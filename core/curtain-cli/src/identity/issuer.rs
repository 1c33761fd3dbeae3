//! The desks of issuers and officers: keys in files, credentials, and taking them back.

use curtain::circle::{self, Credential};
use curtain::files;
use curtain::keys::{KeyFile, SigningKey};
use curtain::seal::kem::SecretKey;
use curtain::vault::VaultError;
use curtain::wire::canonical;
use curtain::wire::statement::Signed;
use ring::rand::{SecureRandom, SystemRandom};
use serde_json::json;

use super::args::{DiscreditArgs, IssueArgs, IssuerArgs, OfficerArgs};
use crate::Outcome;
use crate::output::{self, Failure, read_handed, say, shown};
use crate::vault::now;

pub(super) fn issuer(args: &IssuerArgs) -> Result<Outcome, Failure> {
    let key = SigningKey::make(&SystemRandom::new())?;
    files::write_private(&args.key, KeyFile::Issuer.print(key.seed()).as_bytes())?;
    let public = key.public().to_string();
    say(args.json, &json!({ "issuer": public, "key": shown(&args.key) }), || vec![public.clone()]);
    Ok(Outcome::AllDone)
}

fn issuer_key(path: &std::path::Path) -> Result<SigningKey, Failure> {
    let file = files::read_private(path, KeyFile::MAX_BYTES)?;
    Ok(SigningKey::from_seed(*KeyFile::Issuer.read(&file)?))
}

pub(super) fn issue(args: &IssueArgs) -> Result<Outcome, Failure> {
    let issuer = issuer_key(&args.key)?;
    let mut serial = curtain::hash::Id([0; 16]);
    SystemRandom::new().fill(&mut serial.0).map_err(|_| VaultError::NoRandomness)?;
    let said =
        circle::issue(&issuer, (args.user, args.device), args.kind.into(), (now()?, args.days), serial);
    files::share(&args.out, &said.to_bytes())?;
    let expires = said.body().expires.to_string();
    let value =
        json!({ "credential": said.hash(), "serial": serial, "expires": expires, "file": shown(&args.out) });
    say(args.json, &value, || vec![format!("Credential until {expires}: {}", shown(&args.out))]);
    Ok(Outcome::AllDone)
}

pub(super) fn discredit(args: &DiscreditArgs) -> Result<Outcome, Failure> {
    let issuer = issuer_key(&args.key)?;
    let said: Signed<Credential> = super::signed(&read_handed(&args.credential)?)?;
    let taken_back = circle::discredit(&issuer, &said, now()?)?;
    files::share(&args.out, &taken_back.to_bytes())?;
    say(args.json, &json!({ "credential": said.hash(), "file": shown(&args.out) }), || {
        vec![format!(
            "Hand this to a member of each circle: curtain circle discredit CIRCLE {} --through DIR",
            shown(&args.out)
        )]
    });
    Ok(Outcome::AllDone)
}

pub(super) fn officer(args: &OfficerArgs) -> Result<Outcome, Failure> {
    files::check_new(&args.out)?;
    let key = SecretKey::make(&SystemRandom::new()).map_err(|_| Failure::from(VaultError::NoRandomness))?;
    files::write_private(&args.key, KeyFile::Officer.print(key.seed()).as_bytes())?;
    let mut public = canonical::to_bytes(&key.public());
    public.push(b'\n');
    files::share(&args.out, &public)?;
    let name = key.public().recipient().to_string();
    say(args.json, &json!({ "officer": name, "key": shown(&args.key), "public": shown(&args.out) }), || {
        vec![format!("Officer key {name}"), format!("Public half, to be handed out: {}", shown(&args.out))]
    });
    output::warn("Keep a copy of the private key: without it nothing that is sealed to it can be read.");
    Ok(Outcome::AllDone)
}

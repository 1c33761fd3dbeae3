//! `curtain post export` and `curtain post import`

use curtain::circle::Doing;
use curtain::exchange::{ExchangeError, Feed, MAX_PARCEL_BYTES, Parcel};
use curtain::files;
use curtain::post;
use serde_json::json;

use super::args::{ExportArgs, ImportArgs};
use super::fresh;
use super::open::Job;
use crate::Outcome;
use crate::ledger::key;
use crate::output::{Failure, say, shown};
use crate::vault::Owner;

pub(super) fn export(args: &ExportArgs) -> Result<Outcome, Failure> {
    let mut owner = args.vault.owner()?;
    let circle = owner.kept(&owner.circle_named(&args.circle)?)?;
    let Owner { vault, me, random, now, .. } = &mut owner;
    let sealed = post::sealed_named(vault, args.post)?;
    let fresh = fresh(vault, me, &circle, Doing::Posting, *now)??;
    // It leaves as surely as if it were sent: the consent is asked, and the log says so.
    let ready = sealed.address(vault, &fresh, None, *now, random)?;
    let file = Parcel::pack(&ready.header, &sealed);
    files::share(&args.out, &file)?;
    let value =
        json!({ "post": args.post, "header": ready.hash, "out": shown(&args.out), "bytes": file.len() });
    say(args.vault.json, &value, || {
        vec![
            format!("{}: {} bytes. Members of the circle can open it.", shown(&args.out), file.len()),
            "A withdrawal does not reach files that were carried: ask for them back.".to_owned(),
        ]
    });
    Ok(Outcome::AllDone)
}

pub(super) fn import(args: &ImportArgs) -> Result<Outcome, Failure> {
    let witnesses = args.witness.iter().map(|given| key(given)).collect::<Result<Vec<_>, _>>()?;
    let owner = args.vault.owner()?;
    let parcel = Parcel::unpack(&files::read_shared(&args.file, MAX_PARCEL_BYTES)?)?;
    let circle = owner.kept(&owner.circle_named(&parcel.circle.to_string())?)?;
    let item = parcel.verify(&owner.vault, &circle, &witnesses, owner.now)?;
    let feed = Feed { items: Vec::new(), hole: None };
    let object = |about: &_| parcel.object(about).map(<[u8]>::to_vec).ok_or(ExchangeError::Missing);
    let job = Job {
        circle: &circle,
        object: &object,
        witnesses: &witnesses,
        now: owner.now,
        out: &args.out,
        json: args.vault.json,
    };
    job.tell(&feed, &item)?;
    Ok(Outcome::AllDone)
}

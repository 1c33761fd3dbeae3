//! Consents as a FHIR R4 Bundle: a `Consent` for each grant, a `Provenance` for each event that decided its status.
//!
//! Patients are pseudonyms made from the consent's random name; they have a name only where details were asked for.
//! Codes are HL7's where one fits. The rest are ours, under `urn:curtain:level`, `urn:curtain:event` and
//! `urn:curtain:leaf`. [FHIR 4.0.1, Bundle, Consent, Provenance]

use std::collections::BTreeMap;
use std::io::{BufWriter, Write};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use crate::consent::{Level, Regime};
use crate::hash::{Id, Sha256};
use crate::ledger::leaf::Event;
use crate::time::UnixTime;

use super::plain::plain;
use super::{About, Details, ExportError, Grant, LogPart, Standing};

mod codes;

use codes::{
    ACT_CODE, AGENT_TYPE, CONSENT_SCOPE, DATA_OPERATION, LOINC, PARTICIPATION, coding, level_coding,
    level_words, policy, policy_uri, purposes, who,
};

/// The system of identifiers that are URIs. [FHIR 4.0.1, Identifier registry]
const URI: &str = "urn:ietf:rfc:3986";

/// Writes `grants` as one FHIR R4 Bundle of type `collection`: of each log the device that keeps it and its signed checkpoint as
/// a `Binary`, then each consent with its provenance. Places must rise in each log.
///
/// A consent whose time was over when the export was made is written as expired, even if it is given as live.
///
/// # Errors
/// [`ExportError::NotAGrant`], [`ExportError::OtherLog`] and [`ExportError::OutOfOrder`] for grants that do not belong;
/// [`ExportError::Read`] and [`ExportError::Write`].
pub fn fhir<E, W: Write>(
    about: &About,
    grants: impl IntoIterator<Item = Result<Grant, E>>,
    out: W,
) -> Result<(), ExportError<E>> {
    let mut out = BufWriter::new(out);
    let parts = about.logs.iter();
    let parts: Vec<_> =
        parts.map(|part| (part.log.0, part.first.to_be_bytes(), part.until.to_be_bytes())).collect();
    let parts: Vec<&[u8]> = parts.iter().flat_map(|(log, first, until)| [&log[..], first, until]).collect();
    let bundle = uuid("bundle", &parts);
    let (at, bundle) = (json!(about.exported_at.to_string()), json!({"system": URI, "value": bundle}));
    write!(
        out,
        r#"{{"resourceType":"Bundle","identifier":{bundle},"type":"collection","timestamp":{at},"entry":["#
    )?;
    let mut before = "\n";
    for part in &about.logs {
        entry(&mut out, before, &device_url(part.log), &device(part))?;
        before = ",\n";
        let checkpoint = uuid("checkpoint", &[&part.log.0, part.checkpoint.as_bytes()]);
        entry(&mut out, before, &checkpoint, &binary(part))?;
    }

    let mut next: BTreeMap<Id, u64> = about.logs.iter().map(|part| (part.log, 0)).collect();
    for grant in grants {
        let grant = grant.map_err(ExportError::Read)?;
        let n = grant.leaf.n;
        let next = next.get_mut(&grant.leaf.log).ok_or(ExportError::OtherLog { n })?;
        if n < *next {
            return Err(ExportError::OutOfOrder { expected: *next, found: n });
        }
        *next = n.saturating_add(1);
        let agreed = Agreed::read(&grant, about).ok_or(ExportError::NotAGrant { n })?;
        let url = agreed.url("consent");
        entry(&mut out, ",\n", &url, &agreed.consent())?;
        for (name, provenance) in agreed.provenances(&url) {
            entry(&mut out, ",\n", &agreed.url(name), &provenance)?;
        }
    }
    out.write_all(b"\n]}\n")?;
    Ok(out.flush()?)
}

fn entry(out: &mut impl Write, before: &str, url: &str, resource: &Value) -> std::io::Result<()> {
    write!(out, r#"{before}{{"fullUrl":"{url}","resource":"#)?;
    serde_json::to_writer(&mut *out, resource)?;
    out.write_all(b"}")
}

/// A name that follows from `kind` and `parts` alone, so that exports of the same log name things alike: the first
/// bytes of a SHA-256 as a version 8 UUID. [RFC 9562, 5.8]
fn uuid(kind: &str, parts: &[&[u8]]) -> String {
    let mut named = format!("curtain/fhir/{kind}\n").into_bytes();
    for part in parts {
        named.extend_from_slice(part);
    }
    let hash = Sha256::of(&named).0;
    let mut bytes = [0; 16];
    bytes.copy_from_slice(&hash[..16]);
    bytes[6] = bytes[6] & 0x0f | 0x80;
    bytes[8] = bytes[8] & 0x3f | 0x80;
    let hex = hex::encode(bytes);
    format!("urn:uuid:{}-{}-{}-{}-{}", &hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..])
}

fn device_url(log: Id) -> String {
    uuid("device", &[&log.0])
}

fn device(part: &LogPart) -> Value {
    json!({
        "resourceType": "Device",
        "identifier": [{"system": "urn:curtain:log", "value": part.log}],
        "deviceName": [{"name": "Device that keeps the consent log", "type": "user-friendly-name"}],
        "note": [{"text": format!(
            "Entries {} up to, not including, {} of a log of {}. The signed checkpoint is in this bundle as a Binary. \
             This bundle is a view; proof needs the evidence export.",
            part.first, part.until, part.size,
        )}],
    })
}

fn binary(part: &LogPart) -> Value {
    json!({
        "resourceType": "Binary",
        "contentType": "text/plain; charset=utf-8",
        "data": STANDARD.encode(&part.checkpoint),
    })
}

/// A grant whose leaf is one, and what it amounts to at the time of the export.
struct Agreed<'a> {
    grant: &'a Grant,
    about: &'a About,
    id: Id,
    expires: UnixTime,
    level: Level,
    regime: Regime,
    standing: Standing,
}

impl<'a> Agreed<'a> {
    fn read(grant: &'a Grant, about: &'a About) -> Option<Self> {
        let Event::Grant { consent, expires, level, regime, .. } = grant.leaf.event else { return None };
        let standing = match grant.standing {
            Standing::Live if expires < about.exported_at => {
                Standing::Expired { at: expires, recorded: None }
            }
            standing => standing,
        };
        Some(Self { grant, about, id: consent, expires, level, regime, standing })
    }

    fn url(&self, kind: &str) -> String {
        uuid(kind, &[&self.grant.leaf.log.0, &self.grant.leaf.n.to_be_bytes()])
    }

    fn details(&self) -> Option<&Details> {
        self.grant.details.as_ref()
    }

    fn consent(&self) -> Value {
        let mut consent = json!({
            "resourceType": "Consent",
            "text": {"status": "generated", "div": self.narrative()},
            "contained": [self.patient(), self.recipients()],
            "identifier": [
                {"system": "urn:curtain:consent", "value": self.id},
                {"system": "urn:curtain:leaf", "value": leaf(self.grant.leaf.log, self.grant.leaf.n)},
                {"system": "urn:curtain:leaf-sha256", "value": self.grant.leaf_hash},
            ],
            "status": if self.standing == Standing::Live { "active" } else { "inactive" },
            "scope": {"coding": [coding(
                CONSENT_SCOPE, "patient-privacy", "Privacy Consent",
            )]},
            "category": [
                {"coding": [coding(LOINC, "59284-0", "Patient Consent")]},
                {"coding": [coding(ACT_CODE, "IDSCL", "information disclosure")]},
            ],
            "patient": {"reference": "#patient"},
            "dateTime": self.grant.leaf.at.to_string(),
            "policyRule": policy(self.regime),
            "provision": {
                "type": "permit",
                "period": {"start": self.grant.leaf.at.to_string(), "end": self.expires.to_string()},
                "actor": [{
                    "role": {"coding": [coding(PARTICIPATION, "IRCP", "information recipient")]},
                    "reference": {"reference": "#recipients"},
                }],
                "purpose": purposes(self.level),
            },
        });
        if let Some(uri) = policy_uri(self.regime) {
            consent["policy"] = json!([{"uri": uri}]);
        }
        if let Some(details) = self.details() {
            consent["organization"] = json!([{"display": words(&details.discloser)}]);
            consent["performer"] = json!([{"display": words(&details.giver)}]);
        }
        consent
    }

    fn patient(&self) -> Value {
        let pseudonym = uuid("patient", &[&self.id.0]);
        let mut patient = json!({
            "resourceType": "Patient",
            "id": "patient",
            "identifier": [{"use": "secondary", "system": URI, "value": pseudonym}],
        });
        if let Some(details) = self.details() {
            patient["name"] = json!([{"text": words(&details.patient_name)}]);
        }
        patient
    }

    fn recipients(&self) -> Value {
        let (kind, who) = match self.level {
            Level::CareAdvice => ("practitioner", "Clinicians who advise on this patient's care"),
            Level::Teaching => {
                ("person", "Clinicians who advise, and students and teachers in closed circles")
            }
            Level::Publication => ("person", "Clinicians who advise, students and teachers, and the public"),
        };
        json!({
            "resourceType": "Group",
            "id": "recipients",
            "type": kind,
            "actual": false,
            "code": {"coding": [level_coding(self.level)], "text": who},
            "name": self.details().map_or_else(|| who.to_owned(), |details| words(&details.recipients)),
        })
    }

    /// The same in a few sentences, as XHTML. [FHIR 4.0.1, Narrative]
    fn narrative(&self) -> String {
        let mut said = vec![format!(
            "Consent {} of {}, {}, until {}.",
            self.id,
            self.grant.leaf.at,
            level_words(self.level),
            self.expires
        )];
        said.push(match self.standing {
            Standing::Live => format!("It held when this was written, {}.", self.about.exported_at),
            Standing::Expired { at, .. } => format!("It ended with its time, {at}."),
            Standing::Withdrawn { at, .. } => format!("It was withdrawn, {at}."),
            Standing::Erased { at, .. } => format!("It ended and its details were erased, {at}."),
        });
        if let Some(details) = self.details() {
            let parts = details.parts();
            said.extend(parts.iter().map(|(_, label, value)| format!("{label}: {}.", words(value))));
        }
        let said = said.iter().map(|sentence| format!("<p>{}</p>", escape(sentence)));
        format!(r#"<div xmlns="http://www.w3.org/1999/xhtml">{}</div>"#, said.collect::<String>())
    }

    /// The events that made the consent what it is, with the name under which each gets its URL.
    fn provenances(&self, consent: &str) -> Vec<(&'static str, Value)> {
        let Self { grant, about, .. } = self;
        let giver = self.details().map(|details| words(&details.giver));
        let granted = Happened {
            code: "grant",
            operation: ("CREATE", "create"),
            words: "Consent given",
            at: grant.leaf.at,
            recorded: grant.leaf.at,
            log: grant.leaf.log,
            n: Some(grant.leaf.n),
            hash: Some(grant.leaf_hash),
            by: giver.as_deref(),
        };
        let ended = |code, words, at, place: Option<(Id, u64)>, by| Happened {
            code,
            operation: ("UPDATE", "revise"),
            words,
            at,
            recorded: if place.is_some() { at } else { about.exported_at },
            log: place.map_or(grant.leaf.log, |(log, _)| log),
            n: place.map(|(_, n)| n),
            hash: None,
            by,
        };
        let ended = match self.standing {
            Standing::Live => None,
            Standing::Expired { at, recorded } => {
                Some(("expire", ended("expire", "Time of the consent ran out", at, recorded, None)))
            }
            Standing::Withdrawn { at, log, n, by } => {
                Some(("withdraw", ended("withdraw", "Consent withdrawn", at, Some((log, n)), Some(who(by)))))
            }
            Standing::Erased { at, log, n } => Some((
                "erase",
                ended("erase", "Consent ended, details and keys deleted", at, Some((log, n)), None),
            )),
        };
        [Some(("grant", granted)), ended]
            .into_iter()
            .flatten()
            .map(|(name, happened)| (name, happened.provenance(consent)))
            .collect()
    }
}

/// An event that made a consent active or inactive.
struct Happened<'a> {
    code: &'static str,
    operation: (&'static str, &'static str),
    words: &'static str,
    at: UnixTime,
    recorded: UnixTime,
    log: Id,
    n: Option<u64>,
    hash: Option<Sha256>,
    by: Option<&'a str>,
}

impl Happened<'_> {
    fn provenance(&self, consent: &str) -> Value {
        let log = self.log;
        let mut agents = vec![json!({
            "type": {"coding": [coding(AGENT_TYPE, "composer", "Composer")]},
            "who": {"reference": device_url(log)},
        })];
        if let Some(by) = self.by {
            agents.push(json!({
                "type": {"coding": [coding(AGENT_TYPE, "performer", "Performer")]},
                "who": {"display": by},
            }));
        }
        let mut provenance = json!({
            "resourceType": "Provenance",
            "target": [{"reference": consent}],
            "occurredDateTime": self.at.to_string(),
            "recorded": self.recorded.to_string(),
            "activity": {
                "coding": [
                    coding(DATA_OPERATION, self.operation.0, self.operation.1),
                    coding("urn:curtain:event", self.code, self.words),
                ],
                "text": self.words,
            },
            "agent": agents,
        });
        let mut sources = Vec::new();
        if let Some(n) = self.n {
            sources.push(source("urn:curtain:leaf", &leaf(log, n), &format!("Entry {n} of the consent log")));
        }
        if let Some(hash) = self.hash {
            sources.push(source("urn:curtain:leaf-sha256", &hash.to_string(), "Leaf hash of that entry"));
        }
        if !sources.is_empty() {
            provenance["entity"] = json!(sources);
        }
        provenance
    }
}

fn source(system: &str, value: &str, display: &str) -> Value {
    json!({
        "role": "source",
        "what": {"identifier": {"system": system, "value": value}, "display": display},
    })
}

/// The place of an entry, in one string.
fn leaf(log: Id, n: u64) -> String {
    format!("{log}/{n}")
}

/// `text` as a FHIR string, which is never blank and holds no control characters. [FHIR 4.0.1, Data types]
fn words(text: &str) -> String {
    let text = plain(text);
    let text = text.trim();
    if text.is_empty() { "not stated".to_owned() } else { text.to_owned() }
}

/// `text` as the content of an XHTML element.
fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;
    use std::convert::Infallible;

    use super::*;
    use crate::export::samples;
    use crate::ledger::leaf::WithdrawnBy;

    fn entries(grants: Vec<Grant>) -> Vec<Value> {
        let mut out = Vec::new();
        fhir(&samples::about(0, 20), grants.into_iter().map(Ok::<_, Infallible>), &mut out).unwrap();
        let bundle: Value = serde_json::from_slice(&out).unwrap();
        assert_eq!((&bundle["resourceType"], &bundle["type"]), (&json!("Bundle"), &json!("collection")));
        bundle["entry"].as_array().unwrap().clone()
    }

    fn of_kind<'a>(entries: &'a [Value], kind: &str) -> Vec<&'a Value> {
        entries.iter().map(|entry| &entry["resource"]).filter(|found| found["resourceType"] == kind).collect()
    }

    fn standings() -> [Standing; 6] {
        let at = samples::at(50);
        [
            Standing::Live,
            Standing::Expired { at, recorded: Some((samples::LOG, 10)) },
            Standing::Expired { at, recorded: None },
            Standing::Withdrawn { at, log: samples::LOG, n: 11, by: WithdrawnBy::Code },
            Standing::Withdrawn { at, log: samples::LOG, n: 12, by: WithdrawnBy::Officer },
            Standing::Erased { at, log: samples::LOG, n: 13 },
        ]
    }

    #[test]
    fn status_says_whether_it_holds_and_provenance_says_why_not() {
        let grants = (0..).zip(standings()).map(|(n, standing)| samples::grant(n, standing)).collect();
        let entries = entries(grants);
        let statuses =
            of_kind(&entries, "Consent").iter().map(|found| found["status"].clone()).collect::<Vec<_>>();
        assert_eq!(statuses, ["active", "inactive", "inactive", "inactive", "inactive", "inactive"]);
        let events = of_kind(&entries, "Provenance")
            .iter()
            .map(|found| found["activity"]["coding"][1]["code"].as_str().unwrap())
            .collect::<Vec<_>>();
        let expected = [
            "grant", "grant", "expire", "grant", "expire", "grant", "withdraw", "grant", "withdraw", "grant",
            "erase",
        ];
        assert_eq!(events, expected);
    }

    #[test]
    fn what_is_over_by_the_clock_is_not_active() {
        let mut grant = samples::grant(0, Standing::Live);
        let Event::Grant { expires, .. } = &mut grant.leaf.event else { panic!() };
        *expires = samples::at(99_999);
        assert_eq!(of_kind(&entries(vec![grant.clone()]), "Consent")[0]["status"], "inactive");
        let Event::Grant { expires, .. } = &mut grant.leaf.event else { panic!() };
        *expires = samples::at(100_000);
        assert_eq!(of_kind(&entries(vec![grant]), "Consent")[0]["status"], "active");
    }

    #[test]
    fn urls_are_unique_and_references_resolve() {
        let grants = (0..).zip(standings()).map(|(n, standing)| samples::grant(n, standing)).collect();
        let entries = entries(grants);
        let urls = entries.iter().map(|entry| entry["fullUrl"].as_str().unwrap()).collect::<HashSet<_>>();
        assert_eq!(urls.len(), entries.len());
        for url in &urls {
            let uuid = url.strip_prefix("urn:uuid:").unwrap();
            assert_eq!((uuid.len(), &uuid[14..15]), (36, "8"));
            assert!(matches!(&uuid[19..20], "8" | "9" | "a" | "b"));
        }
        for provenance in of_kind(&entries, "Provenance") {
            assert!(urls.contains(provenance["target"][0]["reference"].as_str().unwrap()));
            assert!(urls.contains(provenance["agent"][0]["who"]["reference"].as_str().unwrap()));
        }
    }

    #[test]
    fn names_are_there_only_with_details() {
        let mut grant = samples::grant(0, Standing::Live);
        let without = entries(vec![grant.clone()]);
        assert!(of_kind(&without, "Consent")[0]["contained"][0].get("name").is_none());
        grant.details = Some(samples::details("Test <Patient> & \"One\"\0"));
        let with = entries(vec![grant.clone()]);
        let consent = of_kind(&with, "Consent")[0];
        assert_eq!(consent["contained"][0]["name"][0]["text"], "Test <Patient> & \"One\"\u{fffd}");
        assert!(consent["text"]["div"].as_str().unwrap().contains("Test &lt;Patient&gt; &amp; \"One\""));
        grant.details = Some(samples::details(" \n "));
        let blank = entries(vec![grant]);
        assert_eq!(of_kind(&blank, "Consent")[0]["contained"][0]["name"][0]["text"], "not stated");
    }

    #[test]
    fn grants_that_do_not_belong_are_refused() {
        let refused = |grants: Vec<Grant>| {
            fhir(&samples::about(0, 20), grants.into_iter().map(Ok::<_, Infallible>), std::io::sink())
                .unwrap_err()
        };
        let grant = samples::grant(3, Standing::Live);
        let mut other = grant.clone();
        other.leaf.log = Id([0x12; 16]);
        assert!(matches!(refused(vec![other]), ExportError::OtherLog { n: 3 }));
        let mut none = grant.clone();
        none.leaf.event = Event::Expire { consent: Id([7; 16]), grant: crate::ledger::leaf::Place::Here(1) };
        assert!(matches!(refused(vec![none]), ExportError::NotAGrant { n: 3 }));
        let twice = refused(vec![grant.clone(), grant]);
        assert!(matches!(twice, ExportError::OutOfOrder { expected: 4, found: 3 }));
    }

    #[test]
    fn a_bundle_has_the_device_and_the_checkpoint_of_each_log() {
        let (about, _) = samples::many(2);
        let grants = [(1, 0), (0, 1), (1, 1)].map(|(log, n)| {
            let at = samples::at(50);
            let mut grant = samples::grant(n, Standing::Expired { at, recorded: None });
            grant.leaf.log = Id([log; 16]);
            grant
        });
        let mut out = Vec::new();
        fhir(&about, grants.clone().map(Ok::<_, Infallible>), &mut out).unwrap();
        let bundle: Value = serde_json::from_slice(&out).unwrap();
        let entries = bundle["entry"].as_array().unwrap();
        let kinds = entries.iter().map(|entry| entry["resource"]["resourceType"].as_str().unwrap());
        assert_eq!(kinds.take(4).collect::<Vec<_>>(), ["Device", "Binary", "Device", "Binary"]);
        // Who says it is the device of the grant's own log.
        let devices =
            of_kind(entries, "Provenance").into_iter().map(|said| &said["agent"][0]["who"]["reference"]);
        let [first, second] = [0, 1].map(|log| json!(device_url(Id([log; 16]))));
        assert_eq!(devices.collect::<Vec<_>>(), [&second, &second, &first, &first, &second, &second]);
        let twice = [&grants[0], &grants[1], &grants[0]].map(|grant| Ok::<_, Infallible>(grant.clone()));
        let refused = fhir(&about, twice, std::io::sink()).unwrap_err();
        assert!(matches!(refused, ExportError::OutOfOrder { expected: 1, found: 0 }));
    }

    #[test]
    fn consents_are_never_held() {
        let live = |n| samples::grant(n, Standing::Live);
        let (written, most_ahead) = samples::stream(20_000, live, |grants, out| {
            fhir(&samples::about(0, 20_000), grants, out).unwrap();
        });
        assert!(written > 40_000_000, "{written}");
        assert!(most_ahead < 1 << 17, "{most_ahead} bytes were held back");
    }

    #[test]
    fn an_export_without_grants_is_a_bundle_too() {
        assert_eq!(entries(Vec::new()).len(), 2);
    }
}

//! A relay in this process, of what `docs/relay.md` says of consent logs: objects in a map. It fails, forgets and lies at will.

use std::collections::BTreeMap;
use std::sync::Mutex;

use curtain::circle::Role;
use curtain::hash::{Id, Sha256};
use curtain::time::UnixTime;
use curtain::transport::{Answer, Call, Transport, TransportError};
use curtain::wire::checkpoint::{Checkpoint, log_of};
use curtain::wire::membership::{Circle, Use};
use curtain::wire::note::{Note, Verified, VerifierKey};
use curtain::wire::request::{self, Content, Headers, Request};
use curtain::wire::statement::PublicKey;
use curtain::wire::tree::{Hash, verify_consistency};
use serde_json::{Value, json};

use crate::witness::Witness;

/// Its address.
pub(crate) const URL: &str = "http://relay.test:8080";

/// Which part of a request is lost.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Lost {
    /// It never arrives.
    Request,
    /// It arrives, and its answer does not.
    Answer,
}

pub(crate) struct RelayAtWill {
    pub(crate) witness: Witness,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    circles: Vec<Circle>,
    objects: BTreeMap<String, Vec<u8>>,
    seen: BTreeMap<Id, (u64, Hash)>,
    now: i64,
    calls: usize,
    lose: Option<(usize, Lost)>,
    deletes: bool,
}

type Said = Result<Answer, Answer>;

impl RelayAtWill {
    pub(crate) fn new(circle: &Circle, now: UnixTime) -> Self {
        let state =
            State { circles: vec![circle.clone()], now: now.seconds(), deletes: true, ..State::default() };
        Self { witness: Witness::new(), state: Mutex::new(state) }
    }

    /// The same witness and circles, and nothing else.
    pub(crate) fn forgets_all(&self) {
        self.state.lock().unwrap().objects.clear();
    }

    /// The witness, too, forgets what it saw: it is somebody's who helps to hide something.
    pub(crate) fn witness_forgets(&self) {
        self.state.lock().unwrap().seen.clear();
    }

    pub(crate) fn set_clock(&self, now: UnixTime) {
        self.state.lock().unwrap().now = now.seconds();
    }

    pub(crate) fn without_deleting(&self) {
        self.state.lock().unwrap().deletes = false;
    }

    /// How many requests there were.
    pub(crate) fn calls(&self) -> usize {
        self.state.lock().unwrap().calls
    }

    /// Request `n` from now on is lost.
    pub(crate) fn lose(&self, n: usize, lost: Lost) {
        let mut state = self.state.lock().unwrap();
        state.lose = Some((state.calls + n, lost));
    }

    pub(crate) fn objects(&self) -> BTreeMap<String, Vec<u8>> {
        self.state.lock().unwrap().objects.clone()
    }

    /// Puts something in an object's place, or takes it away.
    pub(crate) fn change(&self, name: &str, change: impl FnOnce(&mut Vec<u8>)) {
        let mut state = self.state.lock().unwrap();
        change(state.objects.get_mut(name).expect("there is such an object"));
    }

    pub(crate) fn take_away(&self, name: &str) {
        self.state.lock().unwrap().objects.remove(name).expect("there is such an object");
    }
}

pub(crate) fn named(log: Id, part: &str, n: u64) -> String {
    format!("ledgers/{log}/{part}/{n:012}")
}

impl Transport for RelayAtWill {
    fn call(&self, call: &Call<'_>) -> Result<Answer, TransportError> {
        let mut state = self.state.lock().unwrap();
        let n = state.calls;
        state.calls += 1;
        let lost = state.lose.filter(|(at, _)| *at == n).map(|(_, lost)| lost);
        if lost == Some(Lost::Request) {
            return Err(TransportError::Cut);
        }
        let answer = state.answer(call, &self.witness).unwrap_or_else(|refused| refused);
        if lost == Some(Lost::Answer) {
            return Err(TransportError::Cut);
        }
        if answer.body.len() > call.limit { Err(TransportError::TooLarge) } else { Ok(answer) }
    }

    fn now(&self) -> UnixTime {
        UnixTime::new(self.state.lock().unwrap().now).unwrap()
    }
}

fn answer(status: u16, body: impl Into<Vec<u8>>) -> Answer {
    Answer { status, fields: Vec::new(), body: body.into() }
}

fn problem(status: u16, code: &str) -> Answer {
    answer(status, json!({ "code": code }).to_string())
}

fn lines(size: usize, lines: impl Iterator<Item = Vec<u8>>) -> Answer {
    let body: Vec<u8> = lines.flat_map(|line| [line, b"\n".to_vec()].concat()).collect();
    Answer { status: 200, fields: vec![("curtain-size".into(), size.to_string())], body }
}

/// The value of a parameter of a query.
fn asked(query: &str, name: &str) -> Option<u64> {
    query.split('&').find_map(|part| part.strip_prefix(name)?.strip_prefix('=')?.parse().ok())
}

impl State {
    fn answer(&mut self, call: &Call<'_>, witness: &Witness) -> Said {
        let target = call.url.strip_prefix(URL).ok_or_else(|| problem(404, "not_found"))?;
        let (path, query) = target.split_once('?').unwrap_or((target, ""));
        let parts: Vec<&str> = path.trim_start_matches('/').split('/').collect();
        if (call.method, parts.as_slice()) == ("POST", &["v1", "witness", "add-checkpoint"]) {
            return self.add_checkpoint(call.body, witness);
        }
        let key = self.signer(call)?;
        match (call.method, parts.as_slice()) {
            ("GET", ["v1", "ledgers"]) => Ok(self.ledgers(&key)),
            (_, ["v1", "ledgers", log, rest @ ..]) => {
                let log: Id = log.parse().map_err(|_| problem(404, "not_found"))?;
                self.ledger(call, log, rest, query, &key, witness)
            }
            _ => Err(problem(404, "not_found")),
        }
    }

    fn signer(&self, call: &Call<'_>) -> Result<PublicKey, Answer> {
        let fields = call.fields.iter().map(|(name, value)| (*name, value.as_bytes()));
        let headers = Headers::pick(fields).map_err(|error| problem(401, error.code()))?;
        let key = headers.key().map_err(|error| problem(401, error.code()))?;
        let request = Request::to_url(call.method, &call.url, Content::Body(call.body));
        let request = request.map_err(|error| problem(401, error.code()))?;
        let now = UnixTime::new(self.now).unwrap();
        request::verify(&request, &headers, &key, now).map_err(|error| problem(401, error.code()))?;
        Ok(key)
    }

    /// Devices with their logs: circle, device, user, key, role, request key.
    fn devices(&self) -> Vec<(Sha256, Sha256, Id, VerifierKey, Role, PublicKey)> {
        let mut found = Vec::new();
        for circle in &self.circles {
            for (user, member) in circle.members() {
                for (device, record) in circle.devices_of(&user, circle.size()) {
                    if record.device.r#use == Use::Posting {
                        let keys = &record.device;
                        let (log, request) = (keys.log.clone(), keys.request);
                        found.push((circle.id(), device, user, log, member.role, request));
                    }
                }
            }
        }
        found
    }

    fn key_of(&self, log: Id) -> Option<VerifierKey> {
        let named = |key: &VerifierKey| log_of(key.name()).map(Id) == Some(log);
        self.devices().into_iter().map(|(_, _, _, key, ..)| key).find(named)
    }

    fn ledgers(&self, signer: &PublicKey) -> Answer {
        let devices = self.devices();
        let officer = devices.iter().any(|(.., role, key)| key == signer && *role == Role::Officer);
        let listed = devices.iter().filter(|(.., key)| officer || key == signer);
        let logs: Vec<Value> = listed
            .map(|(circle, device, user, key, ..)| {
                let log = Id(log_of(key.name()).unwrap());
                json!({ "circle": circle, "device": device, "key": key.to_string(), "log": log, "user": user })
            })
            .collect();
        answer(200, json!({ "logs": logs }).to_string())
    }

    fn ledger(
        &mut self,
        call: &Call<'_>,
        log: Id,
        rest: &[&str],
        query: &str,
        signer: &PublicKey,
        witness: &Witness,
    ) -> Said {
        let devices = self.devices();
        let key = self.key_of(log).ok_or_else(|| problem(404, "not_found"))?;
        let owns = devices.iter().any(|(_, _, _, found, _, request)| *found == key && request == signer);
        let officer = devices.iter().any(|(.., role, found)| found == signer && *role == Role::Officer);
        if !(owns || call.method == "GET" && officer) {
            return Err(problem(403, "not_allowed"));
        }
        let folder = |part: &str| format!("ledgers/{log}/{part}/");
        let count = |state: &Self, part: &str| {
            let folder = folder(part);
            state.objects.keys().filter(|name| name.starts_with(&folder)).count()
        };
        match (call.method, rest) {
            ("PUT", [part @ ("leaves" | "sealed" | "checkpoints"), n]) => {
                let n: u64 = n.parse().map_err(|_| problem(404, "not_found"))?;
                let size = count(self, "leaves") as u64;
                let fits = match *part {
                    "sealed" => n < size,
                    _ => n <= size,
                };
                if !fits {
                    return Err(problem(409, "not_next"));
                }
                if *part == "checkpoints" {
                    let note = Note::parse(call.body).map_err(|_| problem(422, "checkpoint"))?;
                    let holds = Checkpoint::signed(&note, &key).is_ok_and(|seen| seen.size == n);
                    let cosigned = matches!(note.verify(witness.key()), Ok(Verified::Cosigned { .. }));
                    if !holds || !cosigned {
                        return Err(problem(422, "not_cosigned"));
                    }
                }
                let name = named(log, part, n);
                match self.objects.get(&name) {
                    None => {
                        self.objects.insert(name, call.body.to_vec());
                        Ok(answer(201, ""))
                    }
                    Some(there) if there == call.body => Ok(answer(200, "")),
                    Some(_) => Err(problem(409, "not_next")),
                }
            }
            ("DELETE", ["sealed", n]) if self.deletes => {
                let name = named(log, "sealed", n.parse().unwrap());
                match self.objects.remove(&name) {
                    Some(_) => Ok(answer(204, "")),
                    None => Err(problem(404, "no_such_details")),
                }
            }
            ("GET", ["checkpoints"]) => {
                let folder = folder("checkpoints");
                let found = self.objects.iter().rev().find(|(name, _)| name.starts_with(&folder));
                found.map(|(_, note)| answer(200, note.clone())).ok_or_else(|| problem(404, "not_found"))
            }
            ("GET", [part @ ("leaves" | "sealed")]) => {
                let (from, limit) = (asked(query, "from").unwrap_or(0), asked(query, "limit").unwrap_or(100));
                let folder = folder(part);
                let found = self.objects.iter().filter_map(|(name, bytes)| {
                    let n: u64 = name.strip_prefix(&folder)?.parse().ok()?;
                    (n >= from).then(|| if *part == "leaves" { bytes.clone() } else { sealed(n, bytes) })
                });
                Ok(lines(count(self, part), found.take(usize::try_from(limit).unwrap())))
            }
            _ => Err(problem(405, "method")),
        }
    }

    /// [c2sp.org/tlog-witness]
    fn add_checkpoint(&mut self, body: &[u8], witness: &Witness) -> Said {
        let bad = || problem(400, "add_checkpoint");
        let text = str::from_utf8(body).map_err(|_| bad())?;
        let (before, note) = text.split_once("\n\n").ok_or_else(bad)?;
        let mut proof = before.split('\n');
        let old: u64 = proof.next().and_then(|old| old.strip_prefix("old ")?.parse().ok()).ok_or_else(bad)?;
        let proof: Vec<Hash> = proof.map(Hash::from_base64).collect::<Option<_>>().ok_or_else(bad)?;
        let note = Note::parse(note.as_bytes()).map_err(|_| bad())?;
        let new: Checkpoint = note.text().parse().map_err(|_| bad())?;
        let key = self.key_of(Id(new.log)).ok_or_else(|| problem(404, "unknown_log"))?;
        Checkpoint::signed(&note, &key).map_err(|_| problem(403, "not_signed"))?;
        let (size, root) = self.seen.get(&Id(new.log)).copied().unwrap_or((0, Hash::empty_root()));
        if old != size || (new.size == size && new.root != root) {
            return Err(answer(409, format!("{size}\n")));
        }
        verify_consistency(size, root, new.size, new.root, &proof).map_err(|_| problem(422, "proof"))?;
        self.seen.insert(Id(new.log), (new.size, new.root));
        let at = u64::try_from(self.now).unwrap();
        Ok(answer(200, format!("{}\n", witness.sign(note.text(), at))))
    }
}

fn sealed(n: u64, bytes: &[u8]) -> Vec<u8> {
    use base64::Engine as _;
    let sealed = base64::engine::general_purpose::STANDARD.encode(bytes);
    json!({ "n": n, "sealed": sealed }).to_string().into_bytes()
}

//! What circles want of a road, as requests to a relay. `docs/relay.md` lists them.

use curtain_wire::boxes::{BoxError, BoxSet, BoxesHead, KemKey, OneBox, RECORD_BYTES};
use curtain_wire::header::{Header, ObjectRef};
use curtain_wire::membership::Entry;
use curtain_wire::statement::Statement;
use curtain_wire::tree::Hash;
use serde::Deserialize;

use super::client::{Ask, By, Relay, read_key};
use crate::circle::MyCircle;
use crate::consent::WithdrawalCode;
use crate::exchange::{ExchangeError, Headers, Put, Road};
use crate::hash::Sha256;
use crate::keys::SigningKey;
use crate::transport::{Answer, RelayError, Transport};

/// The most lines of one page.
const PAGE_LINES: usize = 256;

/// The most bytes of one page: what a relay gives, and one line more.
const PAGE_BYTES: usize = (4 << 20) + Header::MAX_BYTES;

/// The most entries of one log.
const MAX_LINES: u64 = 5_000_000;

/// The most bytes of a log that is read as a whole.
const MAX_LOG_BYTES: usize = 64 << 20;

/// The bytes of headers that are taken together, at least.
const LOT_BYTES: usize = 4 << 20;

/// The longest consistency proof: two hashes a level, of 45 bytes with its line's end. [RFC 6962, 2.1.2]
const MAX_PROOF_BYTES: usize = 2 * 64 * 45;

/// The most circles of one device.
const MAX_CIRCLES: usize = 10_000;

/// The bytes of a blob that are asked for at a time: a connection that is cut costs no more.
const RANGE_BYTES: usize = 128 << 10;

/// The largest box as it travels.
const MAX_BOX_BYTES: usize = 4 << 10;

#[derive(Deserialize)]
struct Circles {
    circles: Vec<Sha256>,
}

#[derive(Deserialize)]
struct Place {
    n: u64,
}

/// By whom a feed is read: a member whom the relay does not learn; or an officer, who has no epoch's secret.
pub(super) fn reader(key: Option<&SigningKey>) -> By<'_> {
    key.map_or(By::Device, By::Reader)
}

/// What a road says where a relay has nothing.
fn missing(error: RelayError, instead: ExchangeError) -> ExchangeError {
    match error {
        RelayError::Refused { status: 404, .. } => instead,
        other => other.into(),
    }
}

pub(super) fn from_json<'a, T: Deserialize<'a>>(answer: &'a Answer) -> Result<T, RelayError> {
    serde_json::from_slice(&answer.body).map_err(|_| RelayError::Answer)
}

#[derive(Deserialize)]
struct Withdrawn {
    posts: u64,
}

/// Presents a patient's code to the relay at `url`: every post under that consent is withdrawn, in all circles, now and later.
/// How many there are. Nobody signs it: whoever has the code may.
///
/// # Errors
/// [`RelayError`]; it can be done again.
pub fn withdraw_by_code(
    transport: &dyn Transport,
    url: &str,
    code: &WithdrawalCode,
) -> Result<u64, RelayError> {
    let relay = Relay::anybody(transport, url)?;
    relay.withdraw_by_code(curtain_wire::header::WithdrawalCode(*code.bytes()))
}

impl Relay<'_> {
    pub(super) fn withdraw_by_code(
        &self,
        code: curtain_wire::header::WithdrawalCode,
    ) -> Result<u64, RelayError> {
        let body = serde_json::json!({ "code": code }).to_string();
        let ask = Ask::new("POST", "/v1/withdrawals".to_owned(), By::Nobody)
            .field("content-type", "application/json".to_owned())
            .body(body.as_bytes());
        Ok(from_json::<Withdrawn>(&self.ask(&ask)?)?.posts)
    }

    /// Lines of a log from number `from` to its end.
    fn lines(&self, path: &str, by: By<'_>, from: u64, longest: usize) -> Result<Vec<Vec<u8>>, RelayError> {
        let (mut lines, mut bytes): (Vec<Vec<u8>>, usize) = (Vec::new(), 0);
        loop {
            let next = from.saturating_add(lines.len() as u64);
            let (lot, is_all) = self.lot(path, by, next, longest)?;
            bytes += lot.iter().map(Vec::len).sum::<usize>();
            lines.extend(lot);
            if is_all {
                return Ok(lines);
            }
            if bytes > MAX_LOG_BYTES {
                return Err(RelayError::Answer);
            }
        }
    }

    /// Lines of a log from number `from` on, page by page until it is a lot or the relay gives a shorter page; and whether these
    /// are all.
    fn lot(
        &self,
        path: &str,
        by: By<'_>,
        from: u64,
        longest: usize,
    ) -> Result<(Vec<Vec<u8>>, bool), RelayError> {
        let (mut lines, mut bytes): (Vec<Vec<u8>>, usize) = (Vec::new(), 0);
        loop {
            let next = from.saturating_add(lines.len() as u64);
            let target = format!("{path}?from={next}&limit={PAGE_LINES}");
            let answer = self.ask(&Ask::new("GET", target, by).limit(PAGE_BYTES))?;
            let size = answer.field("curtain-size").and_then(|size| size.parse::<u64>().ok());
            let size = size.filter(|size| *size <= MAX_LINES).ok_or(RelayError::Answer)?;
            let before = lines.len();
            for line in answer.body.split_inclusive(|byte| *byte == b'\n') {
                let line = line.strip_suffix(b"\n").ok_or(RelayError::Answer)?;
                if line.is_empty() || line.len() > longest {
                    return Err(RelayError::Answer);
                }
                lines.push(line.to_vec());
            }
            let came = lines.len() - before;
            let is_all = from.saturating_add(lines.len() as u64) >= size;
            // A page that brings nothing although there is more would be asked for for ever.
            if came > PAGE_LINES || came == 0 && !is_all {
                return Err(RelayError::Answer);
            }
            bytes += answer.body.len();
            if is_all || came < PAGE_LINES || bytes >= LOT_BYTES {
                return Ok((lines, is_all));
            }
        }
    }

    /// Headers of a circle's feed from number `from` on: all, or a lot of them.
    pub(super) fn some_headers(&self, circle: &MyCircle, from: u64) -> Result<Vec<Vec<u8>>, ExchangeError> {
        let key = read_key(circle);
        let path = format!("/v1/circles/{}/feed", circle.circle().id());
        let lot = self.lot(&path, reader(key.as_ref()), from, Header::MAX_BYTES);
        Ok(lot.map_err(|error| missing(error, ExchangeError::NoCircle))?.0)
    }

    /// Fetches what is missing of a sealed file, of which `bytes` are here: they grow with all that comes, also where it fails.
    pub(super) fn rest_of_object(
        &self,
        circle: &MyCircle,
        about: &ObjectRef,
        bytes: &mut Vec<u8>,
    ) -> Result<(), ExchangeError> {
        let key = read_key(circle);
        let target = format!("/v1/circles/{}/blobs/{}", circle.circle().id(), about.sha256);
        while (bytes.len() as u64) < about.size {
            let from = bytes.len() as u64;
            let last = about.size.min(from + RANGE_BYTES as u64) - 1;
            let ask = Ask::new("GET", target.clone(), reader(key.as_ref()))
                .field("range", format!("bytes={from}-{last}"))
                .limit(RANGE_BYTES);
            let answer = self.ask(&ask).map_err(|error| missing(error, ExchangeError::Missing))?;
            if answer.status != 206 || answer.body.len() as u64 != last - from + 1 {
                return Err(RelayError::Answer.into());
            }
            bytes.extend(answer.body);
        }
        if Sha256::of(bytes) == about.sha256 { Ok(()) } else { Err(ExchangeError::OtherBytes) }
    }

    /// Shows that a circle's feed only grew between two sizes.
    pub(super) fn feed_proof(&self, circle: &MyCircle, from: u64, to: u64) -> Result<Vec<Hash>, RelayError> {
        let (key, id) = (read_key(circle), circle.circle().id());
        let target = format!("/v1/circles/{id}/feed/consistency?from={from}&to={to}");
        let ask = Ask::new("GET", target, reader(key.as_ref())).limit(MAX_PROOF_BYTES);
        let answer = self.ask(&ask)?;
        let text = str::from_utf8(&answer.body).map_err(|_| RelayError::Answer)?;
        text.lines().map(|line| Hash::from_base64(line).ok_or(RelayError::Answer)).collect()
    }

    pub(super) fn put(&self, target: String, bytes: &[u8]) -> Result<(), RelayError> {
        self.ask(&Ask::new("PUT", target, By::Device).body(bytes)).map(drop)
    }

    fn get(&self, target: String, limit: usize) -> Result<Vec<u8>, RelayError> {
        Ok(self.ask(&Ask::new("GET", target, By::Device).limit(limit))?.body)
    }
}

impl Road for Relay<'_> {
    fn circles(&self) -> Result<Vec<Sha256>, ExchangeError> {
        let limit = 80 * MAX_CIRCLES;
        match self.ask(&Ask::new("GET", "/v1/circles".to_owned(), By::Device).limit(limit)) {
            Ok(answer) => Ok(from_json::<Circles>(&answer)?.circles),
            // No circle lists this device yet.
            Err(RelayError::Refused { status: 403 | 404, .. }) => Ok(Vec::new()),
            Err(error) => Err(error.into()),
        }
    }

    fn entries(&self, circle: Sha256, from: u64) -> Result<Vec<Vec<u8>>, ExchangeError> {
        let path = format!("/v1/circles/{circle}/members");
        self.lines(&path, By::Device, from, Entry::MAX_BYTES)
            .map_err(|error| missing(error, ExchangeError::NoCircle))
    }

    fn put_entry(&self, circle: Sha256, n: u64, entry: &[u8]) -> Result<Put, ExchangeError> {
        match self.put(format!("/v1/circles/{circle}/members/{n}"), entry) {
            Ok(()) => Ok(Put::There),
            Err(RelayError::Refused { status: 409, code }) if code == "not_next" => Ok(Put::Faster),
            Err(error) => Err(error.into()),
        }
    }

    fn one_box(
        &self,
        circle: Sha256,
        epoch: u64,
        _: &BoxesHead,
        recipient: &Sha256,
    ) -> Result<Option<OneBox>, ExchangeError> {
        let target = format!("/v1/circles/{circle}/boxes/{epoch}/{recipient}");
        match self.ask(&Ask::new("GET", target, By::Device).limit(MAX_BOX_BYTES)) {
            Ok(answer) => Ok(Some(from_json(&answer)?)),
            Err(RelayError::Refused { status: 404, code }) if code == "no_box" => Ok(None),
            Err(error) => Err(missing(error, ExchangeError::Missing)),
        }
    }

    fn put_boxes(&self, circle: Sha256, epoch: u64, boxes: &BoxSet) -> Result<(), ExchangeError> {
        Ok(self.put(format!("/v1/circles/{circle}/boxes/{epoch}"), boxes.as_bytes())?)
    }

    fn keyring(&self, circle: Sha256, head: &BoxesHead) -> Result<BoxSet, ExchangeError> {
        let size = head.count.saturating_mul(RECORD_BYTES as u64).saturating_add(1);
        let limit = usize::try_from(size).map_err(|_| BoxError::Length)?;
        let bytes = self
            .get(format!("/v1/circles/{circle}/keyrings/{}", head.root), limit)
            .map_err(|error| missing(error, ExchangeError::Missing))?;
        Ok(BoxSet::parse(bytes, head)?)
    }

    fn put_keyring(&self, circle: Sha256, keyring: &BoxSet) -> Result<(), ExchangeError> {
        Ok(self.put(format!("/v1/circles/{circle}/keyrings/{}", keyring.head().root), keyring.as_bytes())?)
    }

    fn seal_key(&self, sha256: Sha256) -> Result<KemKey, ExchangeError> {
        let bytes = self
            .get(format!("/v1/keys/{sha256}"), KemKey::BYTES)
            .map_err(|error| missing(error, ExchangeError::Missing))?;
        let key = KemKey::from_bytes(&bytes).map_err(|_| ExchangeError::OtherBytes)?;
        if key.recipient() == sha256 { Ok(key) } else { Err(ExchangeError::OtherBytes) }
    }

    fn put_seal_key(&self, key: &KemKey) -> Result<(), ExchangeError> {
        Ok(self.put(format!("/v1/keys/{}", key.recipient()), key.as_bytes())?)
    }

    fn headers(&self, circle: &MyCircle, from: u64) -> Result<Headers, ExchangeError> {
        let key = read_key(circle);
        let path = format!("/v1/circles/{}/feed", circle.circle().id());
        let lines = self
            .lines(&path, reader(key.as_ref()), from, Header::MAX_BYTES)
            .map_err(|error| missing(error, ExchangeError::NoCircle))?;
        Ok(Headers { headers: lines.into_iter().map(Ok).collect(), hole: None })
    }

    fn put_header(&self, circle: Sha256, header: &[u8]) -> Result<u64, ExchangeError> {
        let ask = Ask::new("POST", format!("/v1/circles/{circle}/feed"), By::Device).body(header);
        Ok(from_json::<Place>(&self.ask(&ask)?)?.n)
    }

    fn object(&self, circle: &MyCircle, about: &ObjectRef) -> Result<Vec<u8>, ExchangeError> {
        let mut bytes = Vec::new();
        self.rest_of_object(circle, about, &mut bytes)?;
        Ok(bytes)
    }

    fn put_object(&self, circle: Sha256, about: &ObjectRef, bytes: &[u8]) -> Result<(), ExchangeError> {
        let mut at = None;
        Ok(self.upload(circle, about.sha256, bytes, &mut |_| {}, &mut at)?)
    }
}

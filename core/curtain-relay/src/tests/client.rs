//! HTTP by hand, so that a test can do to a connection what clients do.

use std::net::SocketAddr;

use curtain_wire::request::{self, Content, Headers, Request};
use curtain_wire::statement::PublicKey;
use curtain_wire::time::UnixTime;
use ring::signature::{Ed25519KeyPair, KeyPair as _};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

/// A request. Signed ones are signed by the key of one byte.
#[derive(Clone, Debug)]
pub(super) struct Call {
    method: &'static str,
    target: String,
    fields: Vec<(&'static str, String)>,
    body: Vec<u8>,
    /// What goes over the wire, if it is other than what was signed.
    sent: Option<Vec<u8>>,
}

pub(super) fn pair(seed: u8) -> Ed25519KeyPair {
    Ed25519KeyPair::from_seed_unchecked(&[seed; 32]).unwrap()
}

pub(super) fn public(seed: u8) -> PublicKey {
    PublicKey(pair(seed).public_key().as_ref().try_into().unwrap())
}

pub(super) fn now() -> UnixTime {
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap();
    UnixTime::new(i64::try_from(now.as_secs()).unwrap()).unwrap()
}

impl Call {
    pub(super) fn new(method: &'static str, target: &str) -> Self {
        Self { method, target: target.to_owned(), fields: Vec::new(), body: Vec::new(), sent: None }
    }

    pub(super) fn get(target: &str) -> Self {
        Self::new("GET", target)
    }

    pub(super) fn field(mut self, name: &'static str, value: impl ToString) -> Self {
        self.fields.push((name, value.to_string()));
        self
    }

    pub(super) fn body(self, body: &[u8]) -> Self {
        Self { body: body.to_vec(), ..self }
    }

    pub(super) fn sent(self, body: &[u8]) -> Self {
        Self { sent: Some(body.to_vec()), ..self }
    }

    pub(super) fn signed(self, seed: u8) -> Self {
        self.signed_for(seed, "relay.test", now())
    }

    pub(super) fn signed_for(self, seed: u8, authority: &str, at: UnixTime) -> Self {
        let request = Request::new(self.method, authority, &self.target, Content::Body(&self.body)).unwrap();
        let sign = |message: &[u8]| pair(seed).sign(message).as_ref().try_into().unwrap();
        let Headers { content_digest, signature, signature_input } =
            request::sign(&request, at, &public(seed), sign);
        let signed = self.field("signature", signature).field("signature-input", signature_input);
        match content_digest {
            Some(digest) => signed.field("content-digest", digest),
            None => signed,
        }
    }

    /// The head, without the empty line that ends it.
    fn head(&self) -> String {
        let mut head =
            format!("{} {} HTTP/1.1\r\nhost: relay.test\r\nconnection: close\r\n", self.method, self.target);
        for (name, value) in &self.fields {
            head += &format!("{name}: {value}\r\n");
        }
        let sent = self.sent.as_ref().unwrap_or(&self.body);
        if !sent.is_empty() && !self.fields.iter().any(|(name, _)| *name == "transfer-encoding") {
            head += &format!("content-length: {}\r\n", sent.len());
        }
        head
    }
}

/// An answer, read to its end.
#[derive(Clone, Debug)]
pub(super) struct Answer {
    pub(super) status: u16,
    fields: Vec<(String, String)>,
    pub(super) body: Vec<u8>,
}

impl Answer {
    pub(super) fn field(&self, name: &str) -> Option<&str> {
        self.fields.iter().find(|(field, _)| field == name).map(|(_, value)| value.as_str())
    }

    pub(super) fn json(&self) -> serde_json::Value {
        serde_json::from_slice(&self.body).unwrap()
    }

    /// The code of a refusal.
    pub(super) fn code(&self) -> String {
        assert_eq!(self.field("content-type"), Some("application/problem+json"));
        let problem = self.json();
        assert_eq!(problem["status"], self.status);
        problem["code"].as_str().unwrap().to_owned()
    }

    pub(super) fn offset(&self) -> u64 {
        self.field("upload-offset").unwrap().parse().unwrap()
    }

    /// None if the other side closed without one.
    fn parse(bytes: &[u8]) -> Option<Self> {
        let end = bytes.windows(4).position(|four| four == b"\r\n\r\n")?;
        let head = str::from_utf8(&bytes[..end]).unwrap();
        let (first, rest) = head.split_once("\r\n").unwrap();
        let status: u16 = first.split(' ').nth(1).unwrap().parse().unwrap();
        if status == 100 {
            return Self::parse(&bytes[end + 4..]);
        }
        let field = |line: &str| {
            let (name, value) = line.split_once(": ").unwrap();
            (name.to_owned(), value.to_owned())
        };
        Some(Self {
            status,
            fields: rest.split("\r\n").map(field).collect(),
            body: bytes[end + 4..].to_vec(),
        })
    }
}

pub(super) async fn send(address: SocketAddr, call: &Call) -> Answer {
    try_send(address, call).await.expect("the relay answers")
}

/// None if the relay closed the connection without an answer.
pub(super) async fn try_send(address: SocketAddr, call: &Call) -> Option<Answer> {
    let mut open = Open::begin(address, call).await;
    open.write(b"\r\n").await;
    // Who refuses early need not read it all.
    let _ = open.stream.write_all(call.sent.as_ref().unwrap_or(&call.body)).await;
    open.try_answer().await
}

/// A connection in the middle of a request.
pub(super) struct Open {
    stream: TcpStream,
}

impl Open {
    /// Sends the head, but not the empty line behind it.
    pub(super) async fn begin(address: SocketAddr, call: &Call) -> Self {
        let mut stream = TcpStream::connect(address).await.unwrap();
        stream.write_all(call.head().as_bytes()).await.unwrap();
        Self { stream }
    }

    pub(super) async fn write(&mut self, bytes: &[u8]) {
        self.stream.write_all(bytes).await.unwrap();
    }

    pub(super) async fn answer(self) -> Answer {
        self.try_answer().await.expect("the relay answers")
    }

    pub(super) async fn try_answer(mut self) -> Option<Answer> {
        let mut bytes = Vec::new();
        // A reset after the answer is the end as well.
        let _ = self.stream.read_to_end(&mut bytes).await;
        Answer::parse(&bytes)
    }
}

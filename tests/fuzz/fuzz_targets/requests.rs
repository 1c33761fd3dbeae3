//! Signed requests. A request that passes was signed so, by this key, for this method, address and body, about now.
#![no_main]

use std::sync::LazyLock;

use curtain_fuzz::{circle, hush, mutated, watch, with_sign};
use curtain_wire::request::{
    Content, Headers, MAX_SKEW_S, MAX_TARGET_BYTES, Request, RequestError, content_digest, sign, verify,
};
use curtain_wire::statement::PublicKey;
use curtain_wire::time::UnixTime;
use libfuzzer_sys::{fuzz_mutator, fuzz_target};

static KEY: LazyLock<PublicKey> = LazyLock::new(|| circle::key("one/1 request"));

/// Cases that pass.
static SEEDS: LazyLock<Vec<Vec<u8>>> = LazyLock::new(|| {
    let requests = [
        ("GET", "relay.example", "/", ""),
        ("GET", "relay.example:8443", "/v1/circles/ab?from=3&to=9", ""),
        ("PUT", "[2001:db8::1]:8080", "/v1/objects/%41b~", "a body"),
        ("POST", "192.0.2.7", "/v1/feed?", "{\"a\":1}\nand more"),
    ];
    requests.map(seed).into()
});

// Lines: method, authority, target, `Signature-Input`, `Signature`, `Content-Digest` or nothing; then the body.
fuzz_target!(init: hush(), |case: &[u8]| watch(|| {
    let mut parts = case.splitn(7, |&byte| byte == b'\n');
    let Some([method, authority, target, input, signature, digest, body]) = next(&mut parts) else { return };
    let fields = [("signature-input", input), ("Signature", signature), ("content-digest", digest), ("x", body)];
    let fields = fields.into_iter().filter(|(name, value)| *name != "content-digest" || !value.is_empty());
    let headers = Headers::pick(fields.clone());
    assert!(Headers::pick(fields.chain([("SIGNATURE", signature)])).is_err());
    let texts = [method, authority, target].map(str::from_utf8);
    let [Ok(method), Ok(authority), Ok(target)] = texts else { return };
    let request = match Request::new(method, authority, target, Content::Body(body)) {
        Ok(request) => request,
        Err(error) => return plain(error),
    };
    addressed(&request, method, authority, target, body);
    let own = signed(&request, circle::now());
    passes(&request, &own, body);
    let headers = match headers {
        Ok(headers) => headers,
        Err(error) => return plain(error),
    };
    given(&request, &headers, &own, case);
}));

fn next<'c>(parts: &mut impl Iterator<Item = &'c [u8]>) -> Option<[&'c [u8]; 7]> {
    let parts: Vec<&[u8]> = parts.collect();
    parts.try_into().ok()
}

/// The same request by its address.
fn addressed(request: &Request<'_>, method: &str, authority: &str, target: &str, body: &[u8]) {
    assert!(target.len() <= MAX_TARGET_BYTES && target.is_ascii() && authority.is_ascii());
    for (scheme, port) in [("https://", ":443"), ("http://", ":80")] {
        let url = format!("{scheme}{authority}{target}");
        let found = Request::to_url(method, &url, Content::Body(body)).map(|found| found == *request);
        // The scheme's own port goes without saying.
        assert_eq!(found, Ok(!authority.ends_with(port)));
    }
}

fn signed(request: &Request<'_>, at: UnixTime) -> Headers {
    sign(request, at, &KEY, circle::signer("one/1 request"))
}

/// What is signed here passes, for a while, and not for others.
fn passes(request: &Request<'_>, own: &Headers, body: &[u8]) {
    let (now, other) = (circle::now(), circle::key("two/1 request"));
    let at = |later: i64| UnixTime::new(now.seconds() + later).expect("this century");
    assert_eq!(own.key(), Ok(*KEY));
    assert_eq!(own.content_digest, (!body.is_empty()).then(|| content_digest(body)));
    assert_eq!(verify(request, own, &KEY, at(MAX_SKEW_S)), Ok(()));
    assert_eq!(verify(request, own, &KEY, at(-MAX_SKEW_S)), Ok(()));
    assert_eq!(verify(request, own, &KEY, at(MAX_SKEW_S + 1)), Err(RequestError::TooOld));
    assert_eq!(verify(request, own, &KEY, at(-MAX_SKEW_S - 1)), Err(RequestError::TooNew));
    assert_eq!(verify(request, own, &other, now), Err(RequestError::OtherKey));
    let elsewhere = Request::new("DELETE", "other.example", "/x", Content::Body(body)).expect("a request");
    if *request != elsewhere {
        assert_eq!(verify(&elsewhere, own, &KEY, now), Err(RequestError::BadSignature));
    }
}

/// What was given passes only if it is, letter by letter, what was signed.
fn given(request: &Request<'_>, headers: &Headers, own: &Headers, case: &[u8]) {
    for error in [headers.key().err(), headers.digest().err()].into_iter().flatten() {
        plain(error);
    }
    match verify(request, headers, &KEY, circle::now()) {
        Ok(()) => {
            assert_eq!(headers, own);
            let known = |seed: &Vec<u8>| before_body(seed) == before_body(case);
            assert!(SEEDS.iter().any(known), "nobody signed this");
        }
        Err(error) => plain(error),
    }
}

/// What is covered as it is; the body is by its hash.
fn before_body(case: &[u8]) -> Vec<&[u8]> {
    let mut parts: Vec<&[u8]> = case.splitn(7, |&byte| byte == b'\n').take(6).collect();
    // No query and an empty one sign alike. [RFC 9421, 2.2.7]
    parts[2] = parts[2].strip_suffix(b"?").unwrap_or(parts[2]);
    parts
}

fn plain(error: RequestError) {
    assert!(!error.code().is_empty() && !error.to_string().contains(char::is_control));
}

fn seed((method, authority, target, body): (&str, &str, &str, &str)) -> Vec<u8> {
    let request = Request::new(method, authority, target, Content::Body(body.as_bytes())).expect("a request");
    let Headers { content_digest, signature, signature_input } = signed(&request, circle::now());
    let digest = content_digest.unwrap_or_default();
    [method, authority, target, &signature_input, &signature, &digest, body].join("\n").into_bytes()
}

fuzz_mutator!(|file: &mut [u8], size: usize, max_size: usize, seed: u32| {
    watch(|| mutate(file, size, max_size, seed))
});

fn mutate(file: &mut [u8], size: usize, max_size: usize, seed: u32) -> usize {
    let choice = seed >> 4;
    let fresh = |choice: u32| SEEDS[choice as usize % SEEDS.len()].clone();
    let made = match seed % 16 {
        0 => Some(fresh(choice)),
        1 => Some(with_sign(&fresh(choice >> 16), choice)),
        2..=4 => Some(with_sign(&file[..size], choice)),
        _ => None,
    };
    mutated(file, size, max_size, made)
}

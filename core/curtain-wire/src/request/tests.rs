use ring::signature::{Ed25519KeyPair, KeyPair as _};

use super::*;
use crate::test_keys::pair;

/// Puts a field's value where it belongs.
type Put = fn(&mut Headers, String);

const NOW: i64 = 1_800_000_000;

fn at(seconds: i64) -> UnixTime {
    UnixTime::new(seconds).unwrap()
}

fn public(pair: &Ed25519KeyPair) -> PublicKey {
    PublicKey(pair.public_key().as_ref().try_into().unwrap())
}

fn key() -> PublicKey {
    public(&pair(1))
}

fn get() -> Request<'static> {
    Request::new("GET", "relay.example", "/feeds/a%2fb?after=7&wait", Content::Body(b"")).unwrap()
}

fn post() -> Request<'static> {
    Request::new("POST", "relay.example:8443", "/blobs", Content::Body(b"{\"hello\": \"world\"}")).unwrap()
}

fn signed(request: &Request<'_>) -> Headers {
    sign(request, at(NOW), &key(), |message| pair(1).sign(message).as_ref().try_into().unwrap())
}

fn check(request: &Request<'_>, headers: &Headers) -> Result<(), RequestError> {
    verify(request, headers, &key(), at(NOW))
}

#[test]
fn the_base_is_that_of_the_rfc() {
    let expected = format!(
        "\"@method\": GET\n\"@authority\": relay.example\n\"@path\": /feeds/a%2fb\n\"@query\": ?after=7&wait\n\
         \"@signature-params\": (\"@method\" \"@authority\" \"@path\" \"@query\");created={NOW};keyid=\"{}\";alg=\"ed25519\"",
        key()
    );
    assert_eq!(signature_base(&get(), at(NOW), &key()), expected);
    // The digest of this body is an example of RFC 9421, 2.5; an absent query is `?` [2.2.7].
    let expected = format!(
        "\"@method\": POST\n\"@authority\": relay.example:8443\n\"@path\": /blobs\n\"@query\": ?\n\
         \"content-digest\": sha-256=:X48E9qOokqqrvdts8nOJRJN3OWDUoyWxBf7kbu9DBPE=:\n\
         \"@signature-params\": (\"@method\" \"@authority\" \"@path\" \"@query\" \"content-digest\");\
         created={NOW};keyid=\"{}\";alg=\"ed25519\"",
        key()
    );
    assert_eq!(signature_base(&post(), at(NOW), &key()), expected);
    assert_eq!(
        signed(&post()).content_digest.as_deref(),
        Some(content_digest(b"{\"hello\": \"world\"}").as_str())
    );
}

/// RFC 9421, B.1.4 and B.2.6: the example covers other components than this profile, in another order.
#[test]
fn the_example_of_the_rfc_holds() {
    let seed = hex::decode("9f8362f87a484a954e6e740c5b4c0e84229139a20aa8ab56ff66586f6a7d29c5").unwrap();
    let key = public(&Ed25519KeyPair::from_seed_unchecked(&seed).unwrap());
    assert_eq!(key.to_string(), "26b40b8f93fff3d897112f7ebc582b232dbd72517d082fe83cfb30ddce43d1bb");
    let request = Request::to_url("POST", "https://example.com/foo?param=Value&Pet=dog", Content::Body(b""));
    let ours = signature_base(&request.unwrap(), at(1_618_884_473), &key);
    let line = |name: &str| ours.lines().find(|line| line.starts_with(&format!("\"{name}\""))).unwrap();
    let (method, path, authority) = (line("@method"), line("@path"), line("@authority"));
    let base = format!(
        "\"date\": Tue, 20 Apr 2021 02:07:55 GMT\n{method}\n{path}\n{authority}\n\"content-type\": application/json\n\
         \"content-length\": 18\n\"@signature-params\": (\"date\" \"@method\" \"@path\" \"@authority\" \
         \"content-type\" \"content-length\");created=1618884473;keyid=\"test-key-ed25519\""
    );
    let field =
        "curtain=:wqcAqbmYJ2ji2glfAMaRy4gruYYnx2nEFN2HN6jrnDnQCK1u02Gb04v9EDgwUPiu4A0w6vuQv5lIp5WPpBKRCw==:";
    assert_eq!(key.verify(base.as_bytes(), &parse_signature(field).unwrap()), Ok(()));
    assert_eq!(line("@query"), "\"@query\": ?param=Value&Pet=dog");
}

#[test]
fn a_signature_holds_for_one_request() {
    for request in [get(), post()] {
        let headers = signed(&request);
        assert_eq!(check(&request, &headers), Ok(()));
        assert_eq!(headers.key(), Ok(key()));
        assert_eq!(headers.digest(), Ok(request.body));
    }
    let others = [
        Request { method: "PUT", ..post() },
        Request { authority: "relay.example".into(), ..post() },
        Request { path: "/blobs/", ..post() },
        Request { path: "/Blobs", ..post() },
        Request { query: "a", ..post() },
    ];
    for other in others {
        assert_eq!(check(&other, &signed(&post())), Err(RequestError::BadSignature));
    }
    // Another writing of the same percent-encoding is another path. [RFC 9421, 2.2.6]
    let other = Request { path: "/feeds/a%2Fb", ..get() };
    assert_eq!(check(&other, &signed(&get())), Err(RequestError::BadSignature));
    let other = Request { body: Some(Sha256::of(b"other")), ..post() };
    assert_eq!(check(&other, &signed(&post())), Err(RequestError::OtherBody));
    assert_eq!(
        check(&Request { body: None, ..post() }, &signed(&post())),
        Err(RequestError::DigestWithoutBody)
    );
    let other = Request { body: Some(Sha256::of(b"other")), ..get() };
    assert_eq!(check(&other, &signed(&get())), Err(RequestError::NoDigest));
    // Digest and body changed together.
    let body = b"other";
    let other = Request { body: Some(Sha256::of(body)), ..post() };
    let headers = Headers { content_digest: Some(content_digest(body)), ..signed(&post()) };
    assert_eq!(check(&other, &headers), Err(RequestError::BadSignature));
}

#[test]
fn a_body_can_be_on_its_way() {
    let hash = signed(&post()).digest().unwrap().unwrap();
    let request = Request::new("POST", "relay.example:8443", "/blobs", Content::Hash(hash)).unwrap();
    assert_eq!(request, post());
}

#[test]
fn time_has_a_window() {
    let headers = signed(&get());
    for (now, result) in [
        (NOW + 300, Ok(())),
        (NOW - 300, Ok(())),
        (NOW + 301, Err(RequestError::TooOld)),
        (NOW - 301, Err(RequestError::TooNew)),
        (0, Err(RequestError::TooNew)),
    ] {
        assert_eq!(verify(&get(), &headers, &key(), at(now)), result, "{now}");
    }
}

#[test]
fn another_key_is_told_apart() {
    let other = public(&pair(2));
    assert_eq!(verify(&get(), &signed(&get()), &other, at(NOW)), Err(RequestError::OtherKey));
    let forged = sign(&get(), at(NOW), &key(), |m| pair(2).sign(m).as_ref().try_into().unwrap());
    assert_eq!(check(&get(), &forged), Err(RequestError::BadSignature));
}

#[test]
fn no_flipped_bit_and_no_cut_of_a_field_passes() {
    for request in [get(), post()] {
        let headers = signed(&request);
        let fields: [(&str, Put); 3] = [
            (&headers.signature_input, |headers, value| headers.signature_input = value),
            (&headers.signature, |headers, value| headers.signature = value),
            (headers.content_digest.as_deref().unwrap_or_default(), |headers, value| {
                headers.content_digest = Some(value);
            }),
        ];
        for (field, put) in fields {
            let holds = |bytes: &[u8]| {
                let mut headers = headers.clone();
                let Ok(value) = String::from_utf8(bytes.to_vec()) else { return false };
                put(&mut headers, value);
                check(&request, &headers).is_ok()
            };
            for at in 0..field.len() {
                assert!(!holds(&field.as_bytes()[..at]), "cut at {at} of {field}");
                for bit in 0..8 {
                    let mut flipped = field.as_bytes().to_vec();
                    flipped[at] ^= 1 << bit;
                    assert!(!holds(&flipped), "bit {bit} of byte {at} of {field}");
                }
            }
        }
    }
}

#[test]
fn every_deviation_has_its_error() {
    let key = key().to_string();
    let cases: [(&str, &str, RequestError); 22] = [
        ("curtain=", "sig=", RequestError::InputLabel),
        ("curtain=", " curtain=", RequestError::InputLabel),
        ("curtain=", "curtain= ", RequestError::Components),
        ("\"@method\" ", "", RequestError::Components),
        ("\"@method\" \"@authority\"", "\"@authority\" \"@method\"", RequestError::Components),
        ("\"@path\" \"@query\"", "\"@path\"  \"@query\"", RequestError::Components),
        ("\"@query\"", "\"@query\" \"date\"", RequestError::Components),
        (" \"content-digest\"", "", RequestError::Components),
        ("\"content-digest\"", "\"content-digest\";req", RequestError::Components),
        (";created=", ";expires=", RequestError::Created),
        (";created=", "; created=", RequestError::Created),
        ("created=1", "created=01", RequestError::Created),
        ("created=1", "created=-1", RequestError::Created),
        ("created=1", "created=1.5", RequestError::Created),
        ("created=1", "created=999999999999991", RequestError::Created),
        (";keyid=\"", ";nonce=\"a\";keyid=\"", RequestError::KeyId),
        (&key, "relay", RequestError::KeyId),
        (&key, &key.to_uppercase(), RequestError::KeyId),
        ("\"ed25519\"", "\"hmac-sha256\"", RequestError::Algorithm),
        (";alg=\"ed25519\"", "", RequestError::Algorithm),
        ("\"ed25519\"", "\"ed25519\";tag=\"a\"", RequestError::Trailing),
        ("\"ed25519\"", "\"ed25519\", b=()", RequestError::Trailing),
    ];
    for (from, to, error) in cases {
        let mut headers = signed(&post());
        headers.signature_input = headers.signature_input.replacen(from, to, 1);
        assert_eq!(check(&post(), &headers), Err(error), "{to}");
    }
    for (from, to, error) in [
        ("curtain=", "sig=", RequestError::SignatureLabel),
        ("=:", "=", RequestError::SignatureForm),
        ("==:", "==", RequestError::SignatureForm),
        ("==:", ":", RequestError::SignatureForm),
        ("==:", "==:, b=:AA==:", RequestError::SignatureForm),
        ("=:", "=:AAAA", RequestError::SignatureForm),
    ] {
        let mut headers = signed(&post());
        headers.signature = headers.signature.replacen(from, to, 1);
        assert_eq!(check(&post(), &headers), Err(error), "{to}");
    }
    for (from, to) in
        [("sha-256", "sha-512"), ("=:X", "=X"), ("=:X", "=:XX48"), ("E=:", "E=:, sha-512=:AA==:")]
    {
        let mut headers = signed(&post());
        headers.content_digest = headers.content_digest.map(|field| field.replacen(from, to, 1));
        assert_ne!(headers, signed(&post()));
        assert_eq!(check(&post(), &headers), Err(RequestError::DigestForm), "{to}");
    }
    let headers = Headers { content_digest: None, ..signed(&post()) };
    assert_eq!(check(&post(), &headers), Err(RequestError::NoDigest));
    let headers = Headers { content_digest: Some(content_digest(b"")), ..signed(&get()) };
    assert_eq!(check(&get(), &headers), Err(RequestError::DigestWithoutBody));
}

#[test]
fn fields_are_picked_once_each() {
    let headers = signed(&post());
    let digest = headers.content_digest.clone().unwrap();
    let fields: [(&str, &[u8]); 4] = [
        ("Accept", b"\xff"),
        ("signature-INPUT", headers.signature_input.as_bytes()),
        ("Signature", headers.signature.as_bytes()),
        ("Content-Digest", digest.as_bytes()),
    ];
    assert_eq!(Headers::pick(fields), Ok(headers.clone()));
    assert_eq!(Headers::pick(fields[..2].to_vec()), Err(RequestError::NoSignature));
    assert_eq!(Headers::pick(fields[2..].to_vec()), Err(RequestError::NoInput));
    for at in 1..4 {
        let twice = fields.into_iter().chain([fields[at]]);
        assert_eq!(Headers::pick(twice), Err(RequestError::FieldTwice));
    }
    assert_eq!(Headers::pick([("signature", b"\xff".as_slice())]), Err(RequestError::FieldText));
}

#[test]
fn requests_are_written_in_one_way() {
    let new =
        |method, authority, target| Request::new(method, authority, target, Content::Body(b"")).map(drop);
    for method in ["", "get", "GeT", "G T", "GET\n", "PROPPROPPROPPROPP"] {
        assert_eq!(new(method, "a", "/"), Err(RequestError::Method), "{method}");
    }
    for authority in ["a", "127.0.0.1", "[::1]", "[2001:db8::1]:8080", "a-b.example:65535"] {
        assert_eq!(new("GET", authority, "/"), Ok(()), "{authority}");
    }
    let long = "a".repeat(262);
    for authority in [
        "", ":80", "A", "a:", "a:0", "a:080", "a:65536", "a:b", "a b", "u@a", "a/b", "[::1", "[::G]",
        "[::A]", "::1", "[a]", "é", "a\n", &long,
    ] {
        assert_eq!(new("GET", authority, "/"), Err(RequestError::Authority), "{authority}");
    }
    for target in ["/", "//", "/a/b.c", "/%7E~", "/a:@!$&'()*+,;=", "/...", "/?", "/?a=/?%20", "/.a?../."] {
        assert_eq!(new("GET", "a", target), Ok(()), "{target}");
    }
    for target in [
        "", "a", "*", "/ ", "/a\nb", "/é", "/%", "/%2", "/%2g", "/\"", "/a#b", "/[", "/.", "/..", "/a/../b",
        "/a/.", "/%2e", "/.%2E/", "/a|b", "?a",
    ] {
        assert_eq!(new("GET", "a", target), Err(RequestError::Path), "{target}");
    }
    for target in ["/?a b", "/?#", "/?%", "/?a\n", "/?é", "/?[", "/?%é"] {
        assert_eq!(new("GET", "a", target), Err(RequestError::Query), "{target}");
    }
    let long = format!("/{}", "a".repeat(MAX_TARGET_BYTES));
    assert_eq!(new("GET", "a", &long), Err(RequestError::TargetTooLong));
    assert_eq!(new("GET", "a", &long[1..]), Err(RequestError::Path));
    assert_eq!(new("GET", "a", &long[..MAX_TARGET_BYTES]), Ok(()));
}

#[test]
fn addresses_are_taken_apart() {
    let of = |url: &'static str| {
        Request::to_url("GET", url, Content::Body(b""))
            .map(|request| format!("{} {} ?{}", request.authority, request.path, request.query))
    };
    for (url, parts) in [
        ("https://Relay.example", "relay.example / ?"),
        ("https://relay.example:443/a", "relay.example /a ?"),
        ("https://relay.example:80/a?", "relay.example:80 /a ?"),
        ("http://relay.example:80?a=b?c", "relay.example / ?a=b?c"),
        ("http://relay.example:443/?a", "relay.example:443 / ?a"),
        ("http://[::1]:8080/A%2f?B", "[::1]:8080 /A%2f ?B"),
    ] {
        assert_eq!(of(url).as_deref(), Ok(parts), "{url}");
    }
    for (url, error) in [
        ("relay.example/a", RequestError::Scheme),
        ("HTTPS://relay.example", RequestError::Scheme),
        ("https:///a", RequestError::Authority),
        ("https://user@relay.example/", RequestError::Authority),
        ("https://relay.example\\a", RequestError::Authority),
        ("https://relay.example#a", RequestError::Path),
        ("https://relay.example/a#b", RequestError::Path),
        ("https://relay.example?a#b", RequestError::Query),
        ("https://relay.example/a/../b", RequestError::Path),
    ] {
        assert_eq!(of(url), Err(error), "{url}");
    }
    let long = format!("https://relay.example?{}", "a".repeat(MAX_TARGET_BYTES));
    assert_eq!(Request::to_url("GET", &long, Content::Body(b"")), Err(RequestError::TargetTooLong));
}

//! Signs and verifies a request, for peers in other languages.
//!
//! `sign SEEDHEX METHOD URL BODYFILE CREATED` prints the fields, one a line, as `name: value`.
//! `verify PUBHEX METHOD URL BODYFILE NOW SIGINPUT SIG DIGEST` (DIGEST empty without a body) prints `ok`, or the code of
//! what is wrong and exits with 1.

use std::process::ExitCode;

use curtain_wire::hash::Sha256;
use curtain_wire::request::{Content, Headers, Request, RequestError, sign, verify};
use curtain_wire::statement::PublicKey;
use curtain_wire::time::UnixTime;
use ring::signature::{Ed25519KeyPair, KeyPair as _};

const USAGE: &str = "sign SEEDHEX METHOD URL BODYFILE CREATED | \
                     verify PUBHEX METHOD URL BODYFILE NOW SIGINPUT SIG DIGEST";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match arguments.as_slice() {
        ["sign", seed, method, url, body, created] => {
            let seed: Sha256 = seed.parse().expect("a seed of 64 digits");
            let pair = Ed25519KeyPair::from_seed_unchecked(&seed.0).expect("a seed of 32 bytes");
            let key = PublicKey(pair.public_key().as_ref().try_into().expect("Ed25519 keys have 32 bytes"));
            let sign = |request: &Request<'_>| {
                sign(request, moment(created), &key, |message| {
                    pair.sign(message).as_ref().try_into().expect("Ed25519 signatures have 64 bytes")
                })
            };
            print(
                Request::to_url(method, url, Content::Body(&file(body))).map(|request| show(&sign(&request))),
            )
        }
        ["verify", key, method, url, body, now, input, signature, digest] => {
            let key: PublicKey = key.parse().expect("a key of 64 digits");
            let mut fields = vec![("Signature-Input", input.as_bytes()), ("Signature", signature.as_bytes())];
            if !digest.is_empty() {
                fields.push(("Content-Digest", digest.as_bytes()));
            }
            let verified = Headers::pick(fields).and_then(|headers| {
                let body = file(body);
                let request = Request::to_url(method, url, Content::Body(&body))?;
                verify(&request, &headers, &key, moment(now))
            });
            print(verified.map(|()| "ok".to_owned()))
        }
        _ => panic!("{USAGE}"),
    }
}

fn moment(seconds: &str) -> UnixTime {
    UnixTime::new(seconds.parse().expect("seconds")).expect("a moment between 1970 and 9999")
}

fn file(name: &str) -> Vec<u8> {
    std::fs::read(name).expect("a file with the body")
}

fn show(headers: &Headers) -> String {
    let Headers { content_digest, signature, signature_input } = headers;
    let digest = content_digest.as_ref().map(|value| format!("\nContent-Digest: {value}"));
    format!("Signature-Input: {signature_input}\nSignature: {signature}{}", digest.unwrap_or_default())
}

#[expect(clippy::print_stdout, reason = "a command")]
fn print(result: Result<String, RequestError>) -> ExitCode {
    match result {
        Ok(text) => {
            println!("{text}");
            ExitCode::SUCCESS
        }
        Err(error) => {
            println!("{}", error.code());
            ExitCode::FAILURE
        }
    }
}

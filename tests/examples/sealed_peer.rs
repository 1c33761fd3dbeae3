//! The room `seal` as a command, for peers in other languages: bytes come by standard input and go by standard output.
//!
//! `sealed_peer seal KEY CONTEXT`, `open KEY CONTEXT`, `range KEY CONTEXT START END FILE`, `pad LENGTH`, `unpad`,
//! `hpke-public SEED`, `hpke-seal PUBLIC INFO AAD`, `hpke-open SEED INFO AAD`, `verify-ed25519 PUBLIC SIGNATURE`; all but
//! numbers and the file in hexadecimal digits. What is refused ends with code 1, and its own name on standard error.

use std::error::Error;
use std::fs::File;
use std::io::{self, Read, Write};

use curtain::seal::derive::Context;
use curtain::seal::kem::{self, SecretKey};
use curtain::seal::padding::{Pad, PaddingError, Unpad};
use curtain::seal::range::Sealed;
use curtain::seal::stream::{Key, open_stream, seal_stream};
use curtain::wire::boxes::KemKey;
use curtain::wire::statement::{PublicKey, Signature};
use ring::rand::SystemRandom;

fn main() -> Result<(), Box<dyn Error>> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let args: Vec<&str> = args.iter().map(String::as_str).collect();
    let (random, mut from, mut to) = (SystemRandom::new(), io::stdin(), io::stdout().lock());
    match args[..] {
        ["seal", key, context] => {
            seal_stream(&Key::new(array(key)?), &Context(array(context)?), from, to, &random)
                .map_err(|error| error.code())?;
        }
        ["open", key, context] => {
            open_stream(&Key::new(array(key)?), &Context(array(context)?), from, to)
                .map_err(|error| error.code())?;
        }
        ["range", key, context, start, end, file] => {
            let (key, context) = (Key::new(array(key)?), Context(array(context)?));
            let mut sealed = Sealed::open(&key, &context, File::open(file)?).map_err(|error| error.code())?;
            to.write_all(&sealed.range(start.parse()?..end.parse()?).map_err(|error| error.code())?)?;
        }
        ["pad", len] => {
            io::copy(&mut Pad::new(from, len.parse()?), &mut to).map_err(padding)?;
        }
        ["unpad"] => {
            let mut unpad = Unpad::new(&mut to);
            io::copy(&mut from, &mut unpad).map_err(padding)?;
            unpad.finish().map_err(PaddingError::code)?;
        }
        ["hpke-public", seed] => to.write_all(SecretKey::from_seed(array(seed)?).public().as_bytes())?,
        ["hpke-seal", public, info, aad] => {
            let public = KemKey::from_bytes(&hex::decode(public)?).map_err(|_| "unusable_key")?;
            let sealed = kem::seal_to(&public, &hex::decode(info)?, &hex::decode(aad)?, &all(from)?, &random);
            to.write_all(&sealed.map_err(kem::SealError::code)?)?;
        }
        ["hpke-open", seed, info, aad] => {
            let key = SecretKey::from_seed(array(seed)?);
            let opened = kem::open(&key, &hex::decode(info)?, &hex::decode(aad)?, &all(from)?);
            to.write_all(&opened.map_err(kem::OpenError::code)?)?;
        }
        ["verify-ed25519", public, signature] => {
            let (public, signature) = (PublicKey(array(public)?), Signature(array(signature)?));
            public.verify(&all(from)?, &signature).map_err(|_| "bad_signature")?;
        }
        _ => return Err("see the first lines of this file".into()),
    }
    Ok(())
}

fn all(mut from: io::Stdin) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    from.read_to_end(&mut bytes)?;
    Ok(bytes)
}

fn array<const N: usize>(text: &str) -> Result<[u8; N], Box<dyn Error>> {
    let mut bytes = [0; N];
    hex::decode_to_slice(text, &mut bytes)?;
    Ok(bytes)
}

/// The name of the padding's own error, which comes inside one of input and output.
fn padding(error: io::Error) -> Box<dyn Error> {
    match error.get_ref().and_then(|inner| inner.downcast_ref::<PaddingError>()) {
        Some(inner) => inner.code().into(),
        None => error.into(),
    }
}

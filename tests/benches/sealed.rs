//! Sealing and opening beside AES-256-GCM itself, and new epochs of large circles.

use std::hint::black_box;
use std::io;
use std::time::{Duration, Instant};

use criterion::{Criterion, SamplingMode, Throughput, criterion_group, criterion_main};
use curtain::circle::{At, EpochSecret};
use curtain::hash::Sha256;
use curtain::seal::derive::Context;
use curtain::seal::kem::SecretKey;
use curtain::seal::stream::{Key, open, open_stream, seal, seal_stream};
use ring::aead::{AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
use ring::rand::SystemRandom;

/// The size of a large object.
const MIB: usize = 40;

/// The same chunks without header, commitment and copy: what the primitive itself takes.
fn gcm(key: &LessSafeKey, data: &mut [u8]) {
    for (index, chunk) in (0_u64..).zip(data.chunks_mut(16 * 1024)) {
        let mut nonce = [0; 12];
        nonce[4..].copy_from_slice(&index.to_be_bytes());
        let nonce = Nonce::assume_unique_for_key(nonce);
        let tag = key.seal_in_place_separate_tag(nonce, Aad::empty(), chunk);
        black_box(tag.expect("a chunk is no more than AES-GCM takes").as_ref()[0]);
    }
}

/// The shortest of some runs: the one that the machine disturbed least.
fn best(mut run: impl FnMut()) -> Duration {
    let time = |_| {
        let start = Instant::now();
        run();
        start.elapsed()
    };
    (0..10).map(time).min().unwrap_or_default()
}

#[expect(clippy::print_stdout, reason = "a ratio is no time that criterion measures")]
fn streams(criterion: &mut Criterion) {
    let (random, key, context) = (SystemRandom::new(), Key::new([7; 32]), Context([8; 32]));
    let mut data = vec![9; MIB << 20];
    let sealed = seal(&key, &context, &data, &random).expect("the system gives random bytes");
    let primitive = LessSafeKey::new(UnboundKey::new(&AES_256_GCM, &[7; 32]).expect("32 bytes are a key"));

    let mut group = criterion.benchmark_group("40 MiB");
    group.sample_size(10).throughput(Throughput::Bytes((MIB << 20) as u64));
    group.bench_function("AES-256-GCM of ring", |b| b.iter(|| gcm(&primitive, &mut data)));
    group.bench_function("seal", |b| b.iter(|| seal(&key, &context, &data, &random)));
    group.bench_function("open", |b| b.iter(|| open(&key, &context, &sealed)));
    // Without 40 MiB of new memory for what comes out.
    let stream = || seal_stream(&key, &context, data.as_slice(), io::sink(), &random);
    group.bench_function("seal, chunk by chunk", |b| b.iter(stream));
    let stream = || open_stream(&key, &context, sealed.as_slice(), io::sink());
    group.bench_function("open, chunk by chunk", |b| b.iter(stream));
    group.finish();

    let alone = best(|| gcm(&primitive, &mut data));
    println!("{MIB} MiB: AES-256-GCM of ring {alone:.1?}");
    let against = |what, run: &mut dyn FnMut()| {
        let took = best(run);
        println!("{what} {took:.1?}: {:.2} of its speed", alone.as_secs_f64() / took.as_secs_f64());
    };
    against("seal", &mut || drop(black_box(seal(&key, &context, &data, &random))));
    against("open", &mut || drop(black_box(open(&key, &context, &sealed))));
    against("seal, chunk by chunk", &mut || {
        let _ = black_box(seal_stream(&key, &context, data.as_slice(), io::sink(), &random));
    });
    against("open, chunk by chunk", &mut || {
        let _ = black_box(open_stream(&key, &context, sealed.as_slice(), io::sink()));
    });
}

#[expect(clippy::print_stdout, reason = "bytes are no time that criterion measures")]
fn epochs(criterion: &mut Criterion) {
    let random = SystemRandom::new();
    let make = |_| SecretKey::make(&random).expect("the system gives random bytes").public();
    let members: Vec<_> = (0..5_000).map(make).collect();
    let secret = EpochSecret::make(&random).expect("the system gives random bytes");
    let at = At::new(Sha256([1; 32]), 1);

    let mut group = criterion.benchmark_group("a new epoch");
    group.sample_size(10).sampling_mode(SamplingMode::Flat);
    for count in [100, 1_000, 5_000] {
        let boxes = || secret.boxes(at, &members[..count], &random).expect("every key is a key");
        let bytes = boxes().as_bytes().len();
        println!("{count} members: {bytes} bytes of boxes");
        group.bench_function(format!("{count} members"), |b| b.iter(boxes));
    }
    group.finish();
}

criterion_group!(benches, streams, epochs);
criterion_main!(benches);

# One recipe per job; CI calls the same ones.

# All suites of all languages.
test:
    bash tests/run

# The Rust suite alone.
rust:
    cargo test --workspace

# Format in place.
format:
    cargo fmt --all

# Licences, advisories, duplicate crates.
deny:
    cargo deny check

# Criterion benches at 12 megapixels.
bench:
    cargo bench -p curtain-tests

# The detectors against photos with known boxes.
eval FOLDER:
    cargo run --release --bin curtain -- eval {{FOLDER}}

# Bytes, speed and colour error of every encoder setting: the table in docs/encoder.md.
encoder:
    cargo run --release -p curtain-tests --example encoder

# Whole command against djpeg | cjpeg on the same photo, in turn (Debian: time, libjpeg-turbo-progs).
peer:
    bash tests/peer

# Exports and verification of a log of 100,000 consents, with time and memory (Debian: time).
large COUNT="100000":
    bash tests/large {{COUNT}}

# `curtain story` beside presidio-analyzer and philter-lite on labelled texts (Debian: python3.11-venv).
story *ARGUMENTS:
    bash tests/peers/story/run {{ARGUMENTS}}

# Kotlin against the library of this machine (JDK 17, Maven).
kotlin:
    bash android/run

# Killing the command, and phone and relay, at random moments.
kill KILLS="200":
    CURTAIN_KILLS={{KILLS}} cargo test -p curtain-tests --test promises -- killed --nocapture --test-threads=1

# The relay under 200 phones that post cases of 2 MB and 2,000 readers that wait, on this machine (after `just test`).
load SECONDS="300" PHONES="200" READERS="2000":
    cargo build --release --bin curtain
    CURTAIN=target/release/curtain tests/.tools/python/bin/python tests/soak/load.py --seconds {{SECONDS}} --phones {{PHONES}} --readers {{READERS}}

# Fuzzing, benches and comparisons: once per issue.
soak SECONDS="600":
    bash tests/fuzz/run {{SECONDS}}
    just kill
    bash tests/peers/verapdf/run
    just large
    just bench
    just peer
    just story
    just load

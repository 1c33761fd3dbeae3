//! The relay: holds sealed bytes for circles that do not trust it. `docs/relay.md` says what it keeps and answers.

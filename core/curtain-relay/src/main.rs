//! `curtain-relay`.

fn main() {}

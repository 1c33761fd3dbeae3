//! Moments, as seconds since 1970. No room reads a clock: `now` is an argument. [`curtain_wire::time`].

pub use curtain_wire::time::*;

//! Curtain's promises, one module each, against real parts: the real models, the real command, and
//! exiftool as the outside reader.

#![expect(
    clippy::unwrap_used,
    clippy::cast_precision_loss,
    reason = "a test stops where something is not as it should be"
)]

mod command;
mod could_not_look_is_not_clear;
mod no_bomb_goes_off;
mod nothing_rides_along;
mod rooms;
mod the_cover_holds_nothing;
mod upright_and_true;

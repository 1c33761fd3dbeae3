//! Curtain's promises, one module each, against real parts: the real models, the real command, and
//! exiftool as the outside reader.

#![expect(
    clippy::unwrap_used,
    clippy::cast_precision_loss,
    reason = "a test stops where something is not as it should be"
)]

mod circles;
mod command;
mod command_circle;
mod could_not_look_is_not_clear;
mod demo;
mod desks;
mod killed;
mod logs_travel;
mod no_bomb_goes_off;
mod no_consent_no_post;
mod nobody_skips_the_review;
mod nothing_is_lost;
mod nothing_rides_along;
mod people;
mod relay;
mod relay_at_will;
mod removed_means_out;
mod rooms;
mod sent_and_read;
mod the_cover_holds_nothing;
mod the_log_cannot_lie;
mod the_relay_reads_nothing;
mod the_story_holds_its_floors;
mod the_story_is_clear;
mod upright_and_true;
mod withdrawn_means_gone;
mod witness;

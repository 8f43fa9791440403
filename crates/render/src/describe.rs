//! `describe`: one object with what belongs to it, for people.
//!
//! Each kind has a function that takes the object and what was fetched beside it, and gives the whole text. Kinds that
//! nobody wrote one for are printed field by field.

mod events;
mod generic;
mod metadata;
mod writer;

pub use self::{events::Events, generic::generic};
#[allow(unused_imports, reason = "for the kinds")]
pub(crate) use self::{
    metadata::{annotations, labels},
    writer::Writer,
};

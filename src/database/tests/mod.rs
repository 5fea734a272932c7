//! Tests of DDL and triggers on real databases that other programs write to: a change gives the same entry on each of
//! them.

mod client;
mod entries;
mod equality;
mod everything;
mod guards;
mod recipes;
mod recorded;
mod settings;
mod trigger_texts;

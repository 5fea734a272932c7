//! Recipes and triggers on real databases, written to by other programs: the same change is the same entry everywhere.

mod client;
mod entries;
mod equality;
mod everything;
mod guards;
mod recipes;
mod settings;

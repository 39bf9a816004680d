//! Dialogues between named users over real sockets: one file for each subject, each scene a table that reads like a play.

mod admin;
mod blocking;
mod bosh;
mod component;
mod conference;
mod history;
mod house;
mod im;
mod management;
mod pep;
mod presence;
mod roster;
mod sign_in;
mod upload;

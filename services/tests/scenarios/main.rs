//! Dialogues between named users over real sockets: one file for each subject, each scene a table that reads like a play.

mod admin;
mod blocking;
mod bosh;
mod component;
mod conference;
mod disk;
mod history;
mod hostile;
mod house;
mod im;
mod management;
mod pep;
mod presence;
mod push;
mod roster;
mod sign_in;
mod upload;

//! Real clients against the started server, with TLS checked against its own CA: slixmpp (a script in Python) and
//! profanity (in tmux).

mod profanity;
mod slixmpp;
mod terminal;

//! An entity as it is carried from node to node in `linnet.state`: all its rows in one value, so that it is always the
//! fold of its facts up to one of them, and never a mixture.

mod key;
mod rows;
mod view;

pub use key::CopyKey;
pub use rows::{EntityRows, Value, decode_checkpoint, encode_checkpoint};
pub use view::View;

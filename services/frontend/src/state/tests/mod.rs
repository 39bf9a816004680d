//! The rule of the records, and their way from the rows of one node to those of another.

mod fold;
mod way;

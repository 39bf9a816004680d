//! The smaller services as dialogues, and forms and pages.

mod disco;
mod forms;
mod rsm;
mod services;
mod storage;

//! Every target takes its whole corpus, and each of its inputs cut short: what the fuzzer found once stays found.

use std::{fs, path::Path};

/// Bytes of all inputs together, and how many of one target: what is kept must be small enough to be read.
const MOST_BYTES: u64 = 1024 * 1024;
const MOST_FILES: usize = 300;

#[test]
fn every_target_takes_its_corpus() {
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus");
    let mut bytes = 0;
    for target in fuzz::TARGETS {
        let folder = fs::read_dir(corpus.join(target.name)).expect("a folder of its name");
        let inputs: Vec<_> = folder.map(|entry| entry.expect("readable").path()).collect();
        assert!(!inputs.is_empty() && inputs.len() <= MOST_FILES, "{}: {}", target.name, inputs.len());
        for input in inputs {
            let data = fs::read(&input).expect("readable");
            assert!(!target.is_text || data.is_ascii(), "{} cannot be read", input.display());
            bytes += data.len() as u64;
            (target.run)(&data);
            (target.run)(&data[..data.len() / 2]);
        }
    }
    assert!(bytes <= MOST_BYTES, "the corpus has {bytes} bytes");
}

#[test]
fn the_corpus_has_no_folder_without_a_target() {
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus");
    for entry in fs::read_dir(corpus).expect("a folder") {
        let name = entry.expect("readable").file_name();
        assert!(fuzz::TARGETS.iter().any(|target| *target.name == *name), "{}", name.display());
    }
}

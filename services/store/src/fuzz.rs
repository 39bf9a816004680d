//! Entry point for fuzzing: takes any bytes, and panics only if an invariant is broken.

use crate::rows::{conversation, key, user};
use domain::{Address, ConversationId, Home, Shard};

/// Bytes as the rows of a user and of a conversation: the first byte is the length of the key, the key and the value
/// follow. What can be read is written under the same key, and read again says the same.
pub fn row(data: &[u8]) {
    let Some((&length, rest)) = data.split_first() else { return };
    let (key, value) = rest.split_at(usize::from(length).min(rest.len()));
    let (Ok(alice), Ok(tea)) =
        (Address::parse("alice@example.org"), Address::parse("tea@conference.example.org"))
    else {
        return;
    };
    if let Ok(row) = user::decode(key, value) {
        let (whole, value) = user::encode(Shard(0), &alice, &row);
        assert!(whole.ends_with(key), "another key");
        if let Some(value) = value {
            let again = user::decode(key, &value);
            assert!(again.is_ok_and(|again| again == row), "another row");
        }
    }
    if let Ok(account) = user::decode_account(value) {
        let row =
            user::encode(Shard(0), &alice, &domain::user::Row::Account(Some(Box::new(account.clone()))));
        let again = row.1.map(|value| user::decode_account(&value));
        assert!(again.is_some_and(|again| again.is_ok_and(|again| again == account)), "another account");
    }
    conversation_row(&ConversationId::Conference(tea), key, value);
    let _ = key::conversation(data);
}

fn conversation_row(id: &ConversationId, key: &[u8], value: &[u8]) {
    let Ok(Some(row)) = conversation::decode(key, value) else { return };
    let ((whole, written), _) = conversation::encode(Shard(0), id, &row);
    let entity = key::entity(key::REST, Shard(0), &Home::Conversation(id.clone()));
    if whole.len() > entity.len() {
        assert!(whole.ends_with(key), "another key");
    }
    if let Some(written) = written {
        let again = conversation::decode(key, &written);
        let says = |row: &domain::conversation::Row| format!("{row:?}");
        assert!(
            again.is_ok_and(|again| again.is_some_and(|again| says(&again) == says(&row))),
            "another row"
        );
    }
}

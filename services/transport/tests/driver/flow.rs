//! Back-pressure, batching, deadlines and ends.

use crate::scene::{Ask, House, PATIENCE, Told, play, play_simply};
use std::time::Duration;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    time::timeout,
};
use transport::{Admission, Closed, ConnectionLimits, InboxSender, Opening, Rejected};

const PIECE: usize = 64 * 1024;

/// Fills the kernel's buffers, the connection's and then the inbox; says how many pieces were taken.
async fn fill(inbox: &InboxSender<Ask>) -> u32 {
    let mut taken = 0_u32;
    loop {
        let piece = taken.to_le_bytes().repeat(PIECE / 4);
        match inbox.send(Ask::Say(piece)) {
            Ok(()) => taken += 1,
            Err(Rejected::Closed(_)) => panic!("closed too early"),
            Err(Rejected::Full(_)) => {
                // Give the driver its turn; when that makes no room, it is clogged.
                for _ in 0..100 {
                    tokio::task::yield_now().await;
                }
                if inbox.room() == 0 {
                    return taken;
                }
            }
        }
    }
}

fn small_inbox(stuck: Duration) -> ConnectionLimits {
    ConnectionLimits { inbox: 4, stuck, ..ConnectionLimits::default() }
}

#[test]
fn a_reader_that_stops_fills_the_inbox_and_is_closed_as_stuck() {
    let limits = small_inbox(Duration::from_millis(300));
    play(Opening::StartTls, Admission::default(), limits, async |mut house| {
        let _silent = house.knock().await;
        let inbox = house.opened().await;
        let taken = fill(&inbox).await;
        assert!(taken >= 8, "the kernel and the connection took something: {taken}");
        assert_eq!(house.closed().await, Closed::Stuck);
        assert!(matches!(inbox.send(Ask::Close), Err(Rejected::Closed(_))));
    });
}

#[test]
fn what_comes_first_is_heard_though_the_peer_does_not_read() {
    play(Opening::StartTls, Admission::default(), small_inbox(PATIENCE), async |mut house| {
        let _silent = house.knock().await;
        let inbox = house.opened().await;
        fill(&inbox).await;
        inbox.send_first(Ask::Abandon).expect("there is room for one");
        assert_eq!(house.closed().await, Closed::BySession, "at once, and not when it is stuck");
    });
}

#[test]
fn a_slow_reader_gets_everything_in_order() {
    let limits = small_inbox(PATIENCE);
    play(Opening::StartTls, Admission::default(), limits, async |mut house| {
        let mut slow = house.knock().await;
        let inbox = house.opened().await;
        let taken = fill(&inbox).await;
        let mut piece = vec![0; PIECE];
        for number in 0..taken {
            timeout(PATIENCE, slow.read_exact(&mut piece)).await.expect("in time").expect("all pieces");
            assert!(piece.chunks(4).all(|word| word == number.to_le_bytes()), "piece {number}");
        }
        assert!(matches!(house.told().await, Told::Flushed));
        inbox.send(Ask::Say(b"more".to_vec())).expect("there is room again");
        let mut more = [0; 4];
        slow.read_exact(&mut more).await.expect("goes on");
    });
}

#[test]
fn all_that_waits_in_the_inbox_leaves_in_one_write() {
    play_simply(Opening::StartTls, async |mut house| {
        let mut client = house.knock().await;
        let inbox = house.opened().await;
        for _ in 0..100 {
            inbox.send(Ask::Say(b"x".to_vec())).expect("taken");
        }
        let mut all = [0; 100];
        client.read_exact(&mut all).await.expect("all");
        assert!(matches!(house.told().await, Told::Flushed));
        inbox.send(Ask::TickIn(Duration::from_millis(1))).expect("taken");
        assert!(matches!(house.told().await, Told::Ticked), "flushed only once");
    });
}

#[test]
fn what_a_session_says_at_a_flush_leaves_too() {
    play_simply(Opening::StartTls, async |mut house| {
        let mut client = house.knock().await;
        let inbox = house.opened().await;
        inbox.send(Ask::SayMore(20)).expect("taken");
        let mut dots = [0; 21];
        timeout(PATIENCE, client.read_exact(&mut dots)).await.expect("in time").expect("all");
        for _ in 0..21 {
            assert!(matches!(house.told().await, Told::Flushed));
        }
    });
}

#[test]
fn more_events_than_a_turn_takes_are_all_handled() {
    let limits = ConnectionLimits { inbox: 10_000, ..ConnectionLimits::default() };
    play(Opening::StartTls, Admission::default(), limits, async |mut house| {
        let mut client = house.knock().await;
        let inbox = house.opened().await;
        for _ in 0..10_000 {
            inbox.send(Ask::Say(b"x".to_vec())).expect("taken");
        }
        let mut all = vec![0; 10_000];
        timeout(PATIENCE, client.read_exact(&mut all)).await.expect("in time").expect("all");
    });
}

#[test]
fn a_session_that_wants_no_input_gets_none() {
    play_simply(Opening::StartTls, async |mut house| {
        let mut client = house.knock().await;
        let inbox = house.opened().await;
        inbox.send(Ask::Deaf(true)).expect("taken");
        inbox.send(Ask::TickIn(Duration::from_millis(1))).expect("taken");
        assert!(matches!(house.told().await, Told::Ticked));
        client.write_all(b"anybody?").await.expect("written");
        inbox.send(Ask::TickIn(Duration::from_millis(50))).expect("taken");
        assert!(matches!(house.told().await, Told::Ticked), "the bytes wait in the kernel");
        inbox.send(Ask::Deaf(false)).expect("taken");
        assert!(matches!(house.told().await, Told::Received(bytes) if bytes == b"anybody?"));
    });
}

#[test]
fn a_close_lets_the_last_words_out() {
    play_simply(Opening::StartTls, async |mut house| {
        let mut client = house.knock().await;
        let inbox = house.opened().await;
        client.write_all(b"not read in time").await.expect("written");
        inbox.send(Ask::Close).expect("taken");
        let mut last = Vec::new();
        client.read_to_end(&mut last).await.expect("no reset");
        assert_eq!(last, b"end");
        assert_eq!(house.closed().await, Closed::BySession);
    });
}

#[test]
fn a_peer_that_does_not_close_its_side_is_not_waited_for() {
    let limits = ConnectionLimits { linger: Duration::from_millis(50), ..ConnectionLimits::default() };
    play(Opening::StartTls, Admission::default(), limits, async |mut house| {
        let _client = house.knock().await;
        house.opened().await.send(Ask::Close).expect("taken");
        assert_eq!(house.closed().await, Closed::BySession);
        gone(&house).await;
    });
}

#[test]
fn a_peer_that_goes_away_is_noticed() {
    play_simply(Opening::StartTls, async |mut house| {
        drop(house.knock().await);
        let _inbox = house.opened().await;
        assert_eq!(house.closed().await, Closed::ByPeer);
        gone(&house).await;
    });
}

/// The gate counts nobody any more.
async fn gone(house: &House) {
    assert_eq!(house.gate.drain(PATIENCE).await, 0);
}

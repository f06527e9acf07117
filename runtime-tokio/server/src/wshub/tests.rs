//! What needs no Redis: keys, patterns, groups that came too early, the queue.

use super::key::{BadKey, key_of};
use super::link::escaped;
use super::pending::{KEPT, Pending};
use super::queue::{Kind, Queue};
use bytes::Bytes;
use std::time::{Duration, Instant};

#[test]
fn the_key_is_the_first_value_of_the_parameter_decoded() {
    let cases: &[(Option<&str>, Result<&str, BadKey>)] = &[
        (None, Err(BadKey::Missing)),
        (Some(""), Err(BadKey::Missing)),
        (Some("other=1"), Err(BadKey::Missing)),
        (Some("KEY=1"), Err(BadKey::Missing)),
        (Some("key"), Err(BadKey::Empty)),
        (Some("key="), Err(BadKey::Empty)),
        (Some("key=&key=a"), Err(BadKey::Empty)),
        (Some("key=a"), Ok("a")),
        (Some("x=1&key=a&key=b"), Ok("a")),
        (Some("key=a=b"), Ok("a=b")),
        (Some("k%65y=%D0%B0+b%2B"), Ok("а b+")),
        (Some("%zz=1&key=a"), Ok("a")),
        (Some("key=%zz"), Err(BadKey::NotDecodable)),
        (Some("key=%4"), Err(BadKey::NotDecodable)),
        (Some("key=%ff"), Err(BadKey::NotDecodable)),
        (Some("key=12345678"), Ok("12345678")),
        (Some("key=123456789"), Err(BadKey::TooLong { bytes: 9, most: 8 })),
    ];
    for (query, expected) in cases {
        assert_eq!(key_of(*query, "key", 8).as_deref(), expected.as_ref().copied(), "{query:?}");
    }
    assert_eq!(BadKey::Missing.told("session_key"), "The query has no key: connect with ?session_key=KEY.\n");
}

#[test]
fn a_prefix_with_letters_of_patterns_matches_only_itself() {
    assert_eq!(escaped("ws-hub:"), r"ws\-hub:");
    assert_eq!(escaped(r"a*b?c[d]e\"), r"a\*b\?c\[d\]e\\");
}

#[test]
fn groups_are_kept_in_order_until_their_client_comes_or_their_time_is_over() {
    let (mut pending, start) = (Pending::default(), Instant::now());
    let keep = |pending: &mut Pending, key: &str, groups: &'static str, after: u64| {
        pending.keep(key, groups.as_bytes(), start + Duration::from_secs(after), 1_000);
    };
    keep(&mut pending, "ann", "a,b", 0);
    keep(&mut pending, "bob", "c", 1);
    keep(&mut pending, "ann", "-a", 5);
    assert_eq!(pending.claim("ann", start + KEPT - Duration::from_millis(1)), ["a,b", "-a"]);
    assert!(pending.claim("ann", start + KEPT).is_empty(), "once");
    assert!(pending.claim("bob", start + KEPT + Duration::from_secs(1)).is_empty(), "its time is over");
    assert_eq!(pending.bounds(), (0, 1), "ann's second list has no bytes, only its time");
    // Of one key, only what is too old is gone.
    keep(&mut pending, "ann", "a", 20);
    keep(&mut pending, "ann", "b", 25);
    assert_eq!(pending.claim("ann", start + Duration::from_secs(31)), ["b"]);
    // A removal takes back what was said before it.
    keep(&mut pending, "ann", "a", 40);
    keep(&mut pending, "ann", "", 41);
    assert!(pending.claim("ann", start + Duration::from_secs(42)).is_empty());
    assert_eq!(pending.bounds().0, 0);
}

#[test]
fn what_is_kept_is_bounded_whatever_comes_and_goes() {
    let (mut pending, start) = (Pending::default(), Instant::now());
    for key in 0..10_000 {
        pending.keep(&format!("{key}"), b"group", start, 10_000);
        let (bytes, _) = pending.bounds();
        assert!(bytes <= 10_000, "{bytes}");
    }
    assert!(pending.claim("0", start).len() == 1 && pending.claim("9999", start).is_empty());
    for _ in 0..10_000 {
        pending.keep("ann", b"group", start, 10_000);
        pending.claim("ann", start);
        let (_, kept) = pending.bounds();
        assert!(kept < 300, "{kept}");
    }
}

#[tokio::test]
async fn the_queue_keeps_order_and_bounds_and_what_is_not_confirmed() {
    let queue = Queue::default();
    let push = |text: &'static str| {
        queue.push(Kind::Data, Bytes::from_static(b"channel"), Bytes::from_static(text.as_bytes()), 450);
    };
    push("one");
    push("two");
    push("three");
    // There is no room for a fourth.
    push("four");
    let texts = |batch: &[super::queue::Item]| -> Vec<Bytes> {
        batch.iter().map(|item| item.payload.clone()).collect()
    };
    assert_eq!(texts(&queue.oldest().await), ["one", "two", "three"]);
    assert_eq!(texts(&queue.oldest().await), ["one", "two", "three"], "they stay");
    queue.confirm(1);
    push("five");
    assert_eq!(texts(&queue.oldest().await), ["two", "three", "five"]);
    let emptied = tokio::time::timeout(Duration::from_millis(20), queue.emptied()).await;
    assert!(emptied.is_err());
    let (_, ()) = tokio::join!(queue.emptied(), async { queue.confirm(3) });
    assert_eq!(queue.len(), 0);
    // A batch is bounded, but for a single long message.
    for _ in 0..3 {
        queue.push(Kind::New, Bytes::new(), Bytes::from(vec![0; 200 << 10]), u64::MAX);
    }
    queue.push(Kind::New, Bytes::new(), Bytes::from(vec![0; 500 << 10]), u64::MAX);
    for expected in [1, 1, 1, 1] {
        let count = queue.oldest().await.len();
        assert_eq!(count, expected);
        queue.confirm(count);
    }
}

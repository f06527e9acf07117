use super::{upgrade, upgrade_with};
use crate::websocket::handshake::{BadRequest, Policy, Refusal};
use std::time::Duration;

fn offered_protocols(lists: &[&str]) -> Result<Vec<String>, Refusal> {
    let more: Vec<_> = lists.iter().map(|list| ("Sec-WebSocket-Protocol", *list)).collect();
    let upgrade = upgrade(upgrade_with(&more), &Policy::default())?;
    Ok(upgrade.offered_protocols().iter().map(str::to_owned).collect())
}

fn offered_extensions(list: &str) -> Result<String, Refusal> {
    let upgrade = upgrade(upgrade_with(&[("Sec-WebSocket-Extensions", list)]), &Policy::default())?;
    let shown = upgrade.offered_extensions().iter().map(|extension| {
        let parameters: Vec<_> = extension.parameters().collect();
        format!("{} {parameters:?}", extension.name())
    });
    Ok(shown.collect::<Vec<_>>().join(" | "))
}

#[test]
fn offered_subprotocols_are_read_in_order() {
    for (lists, expected) in [
        (&["chat"][..], &["chat"][..]),
        (&["a,b ,\tc"], &["a", "b", "c"]),
        (&["a", "b, c"], &["a", "b", "c"]),
        (&[", a,, b,"], &["a", "b"]),
        (&["v1.json!#$%&'*+-^_`|~"], &["v1.json!#$%&'*+-^_`|~"]),
        (&[], &[]),
    ] {
        assert_eq!(offered_protocols(lists).unwrap(), expected, "{lists:?}");
    }
}

#[test]
fn malformed_subprotocols_are_refused() {
    for list in ["", ",", " , ", "a b", "a;b", "\"a\"", "a/b", "caf\u{e9}", "a,b c"] {
        assert_eq!(offered_protocols(&[list]).err(), Some(BadRequest::Protocols.into()), "{list:?}");
    }
    assert_eq!(offered_protocols(&["a", ""]).err(), Some(BadRequest::Protocols.into()));
}

#[test]
fn offered_extensions_are_read_with_their_parameters() {
    for (list, expected) in [
        ("foo", "foo []"),
        ("foo, bar; baz=2", r#"foo [] | bar [("baz", Some("2"))]"#),
        ("a ; b ; c = \"d\" , a", r#"a [("b", None), ("c", Some("d"))] | a []"#),
        (
            "permessage-deflate; client_max_window_bits; server_max_window_bits=10",
            r#"permessage-deflate [("client_max_window_bits", None), ("server_max_window_bits", Some("10"))]"#,
        ),
    ] {
        assert_eq!(offered_extensions(list).unwrap(), expected, "{list:?}");
    }
}

#[test]
fn malformed_extensions_are_refused() {
    for list in [
        "",
        ",",
        ";",
        "a;",
        "a;;b",
        "a;=b",
        "a;b=",
        "a;b=\"",
        "a;b=\"\"",
        "a;b=\"c",
        "a;b=\"c d\"",
        "a;b=\"c,d\"",
        "a b",
        "a;b c",
        "a=b",
        "a;b=c=d",
        "a;b=\"\\c\"",
        "\u{e9}",
    ] {
        assert_eq!(offered_extensions(list).err(), Some(BadRequest::Extensions.into()), "{list:?}");
    }
}

#[test]
#[expect(clippy::disallowed_methods, clippy::disallowed_types, reason = "a test may look at the clock")]
fn crafted_lists_are_parsed_in_linear_time() {
    let start = std::time::Instant::now();
    for list in [
        "a,".repeat(3800),
        format!("a{}b", " ".repeat(7600)),
        format!("{}a", ",".repeat(7600)),
        format!("a{}", ";b".repeat(3800)),
        format!("a;b={}", "\"".repeat(7600)),
    ] {
        for name in ["Sec-WebSocket-Protocol", "Sec-WebSocket-Extensions", "Connection", "Upgrade"] {
            let bytes = upgrade_with(&[(name, &list)]);
            for _ in 0..10 {
                let _ = upgrade(&bytes, &Policy::default());
            }
        }
    }
    // 200 requests of 8 KiB take milliseconds; with a quadratic parser they would take minutes.
    assert!(start.elapsed() < Duration::from_secs(10));
}

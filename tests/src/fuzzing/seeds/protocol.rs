//! Seeds of conversations.

use super::seed;
use crate::fuzzing::Seed;

/// One of each command and violation, and the ends of times.
#[must_use]
pub fn protocol() -> Vec<Seed> {
    const OPEN: &str =
        "<{\"id\":1,\"connect\":{\"token\":\"t\",\"subs\":{\"a\":{\"recover\":true,\"offset\":3}}}}\n+\n";
    let open = |rest: &str| [OPEN, rest].concat();
    let mut seeds = vec![
        seed("nothing", ""),
        seed("open", OPEN),
        seed("refused", "<{\"id\":1,\"connect\":{}};{\"id\":2,\"ping\":{}}\n-\n<{\"id\":3,\"ping\":{}}"),
        seed("early", "<{\"id\":1,\"publish\":{\"channel\":\"a\",\"data\":1}}"),
        seed("twice", open("<{\"id\":2,\"connect\":{}}")),
        seed("empty", "<"),
        seed("no-json", "<{\"id\""),
        seed("too-deep", open("<{\"id\":2,\"rpc\":{\"data\":[[[[[[]]]]]]}}")),
        seed("several", open("<{\"id\":2,\"ping\":{},\"presence\":{\"channel\":\"a\"}}")),
        seed("pong", open("a second.......\n<{}\n<{}")),
        seed("no-pong", open("a ping\nnine seconds")),
        seed("stale", "eleven seconds"),
        seed("expired", open(&".......\n<{}\n".repeat(12))),
        seed(
            "subscription-expires",
            open(&format!(
                "<{{\"id\":2,\"subscribe\":{{\"channel\":\"a\"}}}}\n+\n{}",
                ".......\n<{}\n".repeat(5)
            )),
        ),
        seed(
            "channels",
            open(
                &(2..7)
                    .map(|id| format!("<{{\"id\":{id},\"subscribe\":{{\"channel\":\"{id}\"}}}}\n+\n"))
                    .collect::<String>(),
            ),
        ),
    ];
    for (name, command) in [
        (
            "subscribe",
            "\"subscribe\":{\"channel\":\"a\",\"recover\":true,\"offset\":7,\"epoch\":\"e\",\"flag\":3}",
        ),
        ("subscribe-delta", "\"subscribe\":{\"channel\":\"a\",\"delta\":\"fossil\"}"),
        ("unsubscribe", "\"unsubscribe\":{\"channel\":\"a\"}"),
        ("publish", "\"publish\":{\"channel\":\"a\",\"data\":{\"b\":[1,;null]}}"),
        ("presence", "\"presence\":{\"channel\":\"a\"}"),
        ("presence-stats", "\"presence_stats\":{\"channel\":\"a\"}"),
        (
            "history",
            "\"history\":{\"channel\":\"a\",\"limit\":-1,\"since\":{\"offset\":1,\"epoch\":\"e\"},\"reverse\":true}",
        ),
        ("rpc", "\"rpc\":{\"method\":\"m\",\"data\":\"\\n\\\"\\u0000\"}"),
        ("send", "\"send\":{\"data\":null}"),
        ("refresh", "\"refresh\":{\"token\":\"t\"}"),
        ("sub-refresh", "\"sub_refresh\":{\"channel\":\"a\",\"token\":\"t\"}"),
        ("ping", "\"ping\":{}"),
        ("unknown", "\"other\":{}"),
        ("null", "\"subscribe\":{\"channel\":null}"),
    ] {
        let frame = format!(
            "<{{\"id\":2,\"subscribe\":{{\"channel\":\"a\"}}}}\n+\n<{{\"id\":3,{command}}};{{\"id\":4,\"ping\":{{}}}}\n"
        );
        seeds.push(seed(name, open(&format!("{frame}+\n"))));
        seeds.push(seed(format!("{name}-refused"), open(&format!("{frame}-\n"))));
    }
    seeds
}

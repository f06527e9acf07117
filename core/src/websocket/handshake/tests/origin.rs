use super::{HEADERS, head, upgrade, upgrade_with};
use crate::websocket::handshake::{AbsentOrigin, BadOrigin, BadRequest, Forbidden, Origin, Policy, Refusal};

fn policy(origin: Origin) -> Policy {
    Policy { origin, ..Policy::default() }
}

fn allowed(policy: &Policy, host: &str, origin: &str) -> bool {
    let headers = HEADERS.map(|(name, value)| if name == "Host" { (name, host) } else { (name, value) });
    let bytes = head("GET / HTTP/1.1", headers.into_iter().chain([("Origin", origin)]));
    match upgrade(bytes, policy) {
        Ok(_) => true,
        Err(refusal) => {
            assert_eq!(refusal, Refusal::Forbidden(Forbidden::Origin), "{host} {origin}");
            false
        }
    }
}

#[test]
fn a_target_that_names_a_host_counts_and_not_the_host_header() {
    for (target, host, origin, expected) in [
        ("http://example.com/chat", "proxy", "http://example.com", Ok(())),
        ("http://Example.com:8080/", "example.com", "http://example.com:8080", Ok(())),
        (
            "http://example.com/chat",
            "evil.com",
            "http://evil.com",
            Err(Refusal::Forbidden(Forbidden::Origin)),
        ),
        (
            "http://example.com:8080/",
            "example.com",
            "http://example.com",
            Err(Refusal::Forbidden(Forbidden::Origin)),
        ),
        ("http://a@example.com/", "example.com", "http://example.com", Err(BadRequest::Host.into())),
        ("http://example.com:99999/", "example.com", "http://example.com", Err(BadRequest::Host.into())),
        ("http://example.com/", "", "http://example.com", Err(BadRequest::Host.into())),
    ] {
        let headers = HEADERS.map(|(name, value)| if name == "Host" { (name, host) } else { (name, value) });
        let bytes = head(&format!("GET {target} HTTP/1.1"), headers.into_iter().chain([("Origin", origin)]));
        assert_eq!(upgrade(bytes, &Policy::default()).map(drop), expected, "{target} {host}");
    }
}

#[test]
fn by_default_host_and_port_of_the_origin_must_be_those_of_the_request() {
    for (host, origin, expected) in [
        ("example.com", "http://example.com", true),
        ("example.com", "https://example.com", true),
        ("Example.COM", "https://exAMPLE.com", true),
        ("example.com:80", "http://example.com", true),
        ("example.com:443", "https://example.com", true),
        ("example.com", "https://example.com:443", true),
        ("example.com:8080", "http://example.com:8080", true),
        ("localhost:8080", "http://localhost:8080", true),
        ("[::1]:8080", "http://[::1]:8080", true),
        ("[::1]", "http://[::1]", true),
        ("example.com:443", "http://example.com", false),
        ("example.com:80", "https://example.com", false),
        ("example.com:8080", "http://example.com", false),
        ("example.com", "http://example.com:8080", false),
        ("example.com:8080", "http://example.com:8081", false),
        ("example.com:8080", "http://example.com:+8080", false),
        ("example.com", "http://evil.com", false),
        ("example.com", "http://sub.example.com", false),
        ("sub.example.com", "http://example.com", false),
        ("example.com", "http://example.com.evil.com", false),
        ("example.com", "http://evil.com/example.com", false),
        ("example.com", "http://example.com/", false),
        ("example.com", "http://example.com@evil.com", false),
        ("example.com", "http://evil.com@example.com", false),
        ("example.com", "http://evil.com#example.com", false),
        ("[::1]:8080", "http://[::2]:8080", false),
        ("example.com", "example.com", false),
        ("example.com", "//example.com", false),
        ("example.com", "://example.com", false),
        ("example.com", "http://", false),
        ("example.com", "null", false),
        ("example.com", "", false),
        ("example.com", "http://example.com http://example.com", false),
        ("example.com", "http://example.com\r\nOrigin: http://example.com", false),
    ] {
        assert_eq!(allowed(&Policy::default(), host, origin), expected, "{host} {origin}");
    }
}

#[test]
fn an_absent_origin_is_allowed_unless_the_policy_forbids_it() {
    for origin in
        [Origin::Same, Origin::Any, Origin::list(["http://a"]).unwrap(), Origin::function(|_, _| false)]
    {
        let mut policy = policy(origin);
        assert!(upgrade(upgrade_with(&[]), &policy).is_ok());
        policy.absent_origin = AbsentOrigin::Refuse;
        let refusal = upgrade(upgrade_with(&[]), &policy).err();
        assert_eq!(refusal, Some(Refusal::Forbidden(Forbidden::NoOrigin)));
    }
}

#[test]
fn any_allows_any() {
    for origin in ["http://evil.com", "null", "nonsense"] {
        assert!(allowed(&policy(Origin::Any), "example.com", origin));
    }
}

#[test]
fn a_list_allows_what_is_on_it() {
    let policy = policy(Origin::list(["https://Example.com", "http://localhost:3000"]).unwrap());
    for (origin, expected) in [
        ("https://example.com", true),
        ("https://example.com:443", true),
        ("HTTPS://EXAMPLE.COM", true),
        ("http://localhost:3000", true),
        ("http://example.com", false),
        ("https://example.com:8443", false),
        ("http://localhost", false),
        ("https://server.example.com", false),
        ("null", false),
    ] {
        assert_eq!(allowed(&policy, "server.example.com", origin), expected, "{origin}");
    }
}

#[test]
fn a_list_takes_subdomains_and_what_browsers_say_of_pages_without_an_origin() {
    let list = ["https://*.Example.com", "http://*.localhost:3000", "null", "file://"];
    let policy = policy(Origin::list(list).unwrap());
    for (origin, expected) in [
        ("https://shop.example.com", true),
        ("https://a.b.EXAMPLE.com:443", true),
        ("http://app.localhost:3000", true),
        ("null", true),
        ("file://", true),
        ("https://example.com", false),
        ("https://.example.com", false),
        ("https://evilexample.com", false),
        ("https://example.com.evil.com", false),
        ("https://shop.example.com:8443", false),
        ("https://shop.example.com/", false),
        ("http://shop.example.com", false),
        ("http://app.localhost", false),
        ("https://*.example.com", false),
        ("https://evil.com?.example.com", false),
        ("https://evil.com#.example.com", false),
        ("https://evil.com@shop.example.com", false),
        ("file:///etc/passwd", false),
        ("null, null", false),
        ("", false),
    ] {
        assert_eq!(allowed(&policy, "server.example.com", origin), expected, "{origin}");
    }
}

#[test]
fn neither_null_nor_a_file_is_the_same_origin_as_a_host() {
    for origin in ["null", "file://"] {
        assert!(!allowed(&Policy::default(), "example.com", origin));
        assert!(!allowed(&policy(Origin::list(["https://example.com"]).unwrap()), "example.com", origin));
    }
}

#[test]
fn a_list_that_cannot_be_is_an_error_that_names_the_entry() {
    let no_origin = |entry: &str| BadOrigin::NotAnOrigin { position: 2, entry: entry.into() };
    let wildcard = |entry: &str| BadOrigin::Wildcard { position: 2, entry: entry.into() };
    let cases = [
        no_origin(""),
        no_origin("example.com"),
        no_origin("https://"),
        no_origin("https://example.com/"),
        no_origin("https://example.com "),
        no_origin("https://a:b"),
        no_origin("https://*."),
        no_origin("https://*.example.com/"),
        wildcard("*"),
        wildcard("https://*"),
        wildcard("*://example.com"),
        wildcard("https://shop*.example.com"),
        wildcard("https://*shop.example.com"),
        wildcard("https://shop.*.com"),
        wildcard("https://*.*.com"),
        wildcard("https://*.127.0.0.1"),
        wildcard("https://example.com:*"),
    ];
    for expected in cases {
        let (BadOrigin::NotAnOrigin { entry, .. } | BadOrigin::Wildcard { entry, .. }) = &expected else {
            panic!("{expected}")
        };
        let error = Origin::list(["https://example.com", entry, "nonsense"]).unwrap_err();
        assert_eq!(error, expected);
        let sentence = error.to_string();
        assert!(sentence.contains("origin 2") && sentence.contains(&format!("{entry:?}")), "{sentence}");
        assert_eq!(format!("{error:?}"), sentence, "what `main` prints");
    }
    assert_eq!(Origin::list::<&str>([]).err(), Some(BadOrigin::EmptyList));
}

#[test]
fn an_entry_that_is_no_origin_is_told_what_is_wrong_with_it() {
    let cases = [
        ("", "the entry is empty"),
        (" https://example.com", "leave out the white space"),
        ("example.com", "the scheme is missing, such as https://"),
        ("localhost:3000", "the scheme is missing, such as https://"),
        ("https://b\u{fc}cher.example", "write the host in ASCII, as browsers send it (xn--...)"),
        ("https://example.com/", "leave out what follows the host and the port"),
        ("https://*.example.com/app", "leave out what follows the host and the port"),
        ("https://user@example.com", "leave out the user before the `@`"),
        ("https://example.com:https", "the port must be a number up to 65535"),
        ("https://example.com:65536", "the port must be a number up to 65535"),
        ("https://[::1]:65536", "the port must be a number up to 65535"),
        ("https://", "the scheme or the host is missing or has an invalid character"),
        ("://example.com", "the scheme or the host is missing or has an invalid character"),
        ("https://[::1", "the scheme or the host is missing or has an invalid character"),
    ];
    for (entry, fault) in cases {
        let sentence = Origin::list([entry]).unwrap_err().to_string();
        let expected = format!(
            "origin 1 of the list, {entry:?}: {fault}; an origin is scheme://host or scheme://host:port"
        );
        assert_eq!(sentence, expected);
    }
    for all in ["*", "https://*", "http://*"] {
        let sentence = Origin::list([all]).unwrap_err().to_string();
        assert!(
            sentence.ends_with("; to allow every origin, set `Origin::Any` in place of a list"),
            "{sentence}"
        );
    }
}

#[test]
fn a_function_sees_the_origin_and_the_request() {
    let policy = policy(Origin::function(|origin, request| {
        origin == "app://one" && request.headers.contains_key("sec-websocket-key")
    }));
    assert!(allowed(&policy, "example.com", "app://one"));
    assert!(!allowed(&policy, "example.com", "app://two"));
}

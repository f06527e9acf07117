use super::{HEADERS, head, upgrade, upgrade_with};
use crate::websocket::handshake::{AbsentOrigin, BadOrigin, Forbidden, Origin, Policy, Refusal};

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
fn a_list_takes_origins_only() {
    for bad in ["", "example.com", "https://", "https://example.com/", "null", "https://a:b"] {
        assert_eq!(Origin::list([bad]).err(), Some(BadOrigin), "{bad:?}");
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

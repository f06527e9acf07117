use super::address::{Address, Schemes};

const SCHEMES: Schemes = Schemes { plain: "redis", tls: "rediss", port: 6379 };

fn address(host: &str, port: u16, is_tls: bool, login: (Option<&str>, Option<&str>), path: &str) -> Address {
    let (user, password) = (login.0.map(str::to_owned), login.1.map(str::to_owned));
    Address { host: host.to_owned(), port, is_tls, user, password, path: path.to_owned() }
}

#[test]
fn urls_of_each_form_are_read() {
    let none = (None, None);
    let urls = [
        ("a", address("a", 6379, false, none, "")),
        ("a:1", address("a", 1, false, none, "")),
        ("redis://a/", address("a", 6379, false, none, "")),
        ("redis://a:1/5", address("a", 1, false, none, "5")),
        ("REDISS://a", address("a", 6379, true, none, "")),
        ("redis://[::1]:2/", address("::1", 2, false, none, "")),
        ("redis://[::1]", address("::1", 6379, false, none, "")),
        ("redis://:pass@a", address("a", 6379, false, (None, Some("pass")), "")),
        ("redis://u:p%40%2f@a", address("a", 6379, false, (Some("u"), Some("p@/")), "")),
        ("redis://token@a", address("a", 6379, false, (Some("token"), None), "")),
        ("redis://u:p@q@a:1", address("a", 1, false, (Some("u"), Some("p@q")), "")),
    ];
    let has_tls = cfg!(feature = "broker-tls");
    for (url, expected) in urls.into_iter().filter(|(_, address)| has_tls || !address.is_tls) {
        let address = Address::parse(url, &SCHEMES).unwrap_or_else(|error| panic!("{url}: {error}"));
        assert!(address == expected, "{url}: {address:?}");
    }
}

#[test]
fn bad_urls_are_errors_that_do_not_repeat_the_password() {
    let urls = [
        ("http://a", "URL with the scheme \"http\": redis:// and rediss:// are known"),
        ("redis://u:secret@", "address \"\": the host is missing"),
        ("redis://u:secret@a:0", "address \"a:0\": \"0\" is no port: 1 to 65535 are"),
        ("redis://u:secret@a:65536", "address \"a:65536\": \"65536\" is no port: 1 to 65535 are"),
        ("redis://u:secret@[::1", "address \"[::1\": `]` is missing after the IPv6 address"),
        ("redis://u:secret%4@a", "user or password of a URL: `%` must be followed by two hexadecimal digits"),
        (
            "redis://u:secret%zz@a",
            "user or password of a URL: `%` must be followed by two hexadecimal digits",
        ),
        ("redis://u:secret%ff@a", "user or password of a URL: it is not UTF-8"),
    ];
    for (url, expected) in urls {
        let error = Address::parse(url, &SCHEMES).expect_err(url).to_string();
        assert_eq!(error, expected, "{url}");
    }
    let address = Address::parse("redis://u:secret@[::1]:7", &SCHEMES).expect("a URL");
    assert_eq!(format!("{address} {address:?}"), "[::1]:7 [::1]:7");
}

#[test]
fn tls_without_its_feature_is_an_error_at_the_start() {
    let read = Address::parse("rediss://a", &SCHEMES);
    assert_eq!(read.is_ok(), cfg!(feature = "broker-tls"), "{read:?}");
}

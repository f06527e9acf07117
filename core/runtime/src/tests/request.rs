//! What an application reads of a request.

use crate::handshake::request::Request;
use throng_core::websocket;

fn query(query: &str, name: &str) -> Option<String> {
    let request = http::Request::get(format!("/ws?{query}")).body(()).expect("it is a target");
    Request::new(websocket::handshake::Request::from(request.into_parts().0), None).query(name)
}

#[test]
fn a_query_is_read_as_that_of_a_form() {
    for (text, name, value) in [
        ("a=1&b=2", "b", Some("2")),
        ("a=1&a=2", "a", Some("1")),
        ("a=1=2", "a", Some("1=2")),
        ("a&b=", "a", Some("")),
        ("a&b=", "b", Some("")),
        ("a=1", "b", None),
        ("", "a", None),
        ("full+name=Ada+L%2e", "full name", Some("Ada L.")),
        ("a=%C3%A9%2B%26", "a", Some("é+&")),
        ("%61=1", "a", Some("1")),
        // What is no escape stands for itself.
        ("a=50%&b=%4&c=%zz", "a", Some("50%")),
        ("a=50%&b=%4&c=%zz", "b", Some("%4")),
        ("a=50%&b=%4&c=%zz", "c", Some("%zz")),
        ("a=%ff%C3", "a", Some("\u{fffd}\u{fffd}")),
    ] {
        assert_eq!(query(text, name).as_deref(), value, "{name:?} in {text:?}");
    }
}

use crate::{Fatal, Hub};
use std::error::Error;
use std::fmt;
use std::io;
use throng_core::hub::{Config, ConfigError, Must};
use throng_core::websocket::handshake::{Protocol, UnmatchedProtocol};

/// An error whose text includes its source, or not.
#[derive(Debug)]
struct Outer(&'static str, io::Error);

impl fmt::Display for Outer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

impl Error for Outer {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        Some(&self.1)
    }
}

#[test]
fn what_ends_main_is_printed_as_a_sentence_with_all_that_it_comes_from() {
    let io = || io::Error::other("no such file");
    for (fatal, expected) in [
        (Fatal::from("no address"), "no address"),
        (Fatal::from(format!("no {}", "port")), "no port"),
        (Fatal::from(io::Error::from_raw_os_error(98)), "Address already in use (os error 98)"),
        (Fatal::from(Outer("cannot read the config", io())), "cannot read the config: no such file"),
        (Fatal::from(Outer("cannot read: no such file", io())), "cannot read: no such file"),
    ] {
        assert_eq!((format!("{fatal:?}"), fatal.to_string()), (expected.into(), expected.into()));
    }
    let by_question_mark = || -> Result<(), Fatal> {
        let mut config = Config::default();
        config.outbox.messages = 0;
        config.validate()?;
        Ok(())
    };
    let sentence = "config field `outbox.messages` is 0: it must be more than zero";
    assert_eq!(format!("{:?}", by_question_mark().unwrap_err()), sentence);
    let boxed: Box<dyn Error> =
        ConfigError { field: "outbox.messages", value: 0, must: Must::BePositive }.into();
    assert_eq!(format!("{boxed:?}"), sentence, "also for a `main` without it");
}

#[test]
fn a_subprotocol_that_nobody_can_offer_is_an_error_at_the_start() {
    let error = Hub::builder().unmatched_subprotocol(UnmatchedProtocol::Refuse).build().err();
    let expected = ConfigError { field: "subprotocols", value: 0, must: Must::NameASubprotocol };
    assert_eq!(error, Some(expected));
    assert!(
        expected.to_string().starts_with("config field `subprotocols` is empty: it must name"),
        "{expected}"
    );
    let chat = Protocol::new("chat").expect("a token");
    let builder = Hub::builder().unmatched_subprotocol(UnmatchedProtocol::Refuse);
    assert!(builder.subprotocols([chat]).build().is_ok());
}

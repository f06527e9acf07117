//! What a server says of itself.

use serde_json::{Map, Value};

/// What of a server's INFO is of use. What it does not say is as the protocol has it by default.
pub(super) struct Info {
    pub(super) max_payload: usize,
    pub(super) is_leaving: bool,
    pub(super) is_tls: bool,
    pub(super) nonce: Option<String>,
}

impl Info {
    pub(super) fn read(json: &[u8]) -> Option<Self> {
        let info: Map<String, Value> = serde_json::from_slice(json).ok()?;
        let is = |name| info.get(name).and_then(Value::as_bool).unwrap_or(false);
        let max_payload = info.get("max_payload").and_then(Value::as_u64).unwrap_or(1 << 20);
        Some(Self {
            max_payload: usize::try_from(max_payload).unwrap_or(usize::MAX),
            is_leaving: is("ldm"),
            is_tls: is("tls_required"),
            nonce: info.get("nonce").and_then(Value::as_str).map(str::to_owned),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::Info;

    #[test]
    fn an_info_that_says_little_has_defaults_and_one_that_is_no_object_is_none() {
        let info = Info::read(b"{}").expect("an object");
        assert_eq!(
            (info.max_payload, info.is_leaving, info.is_tls, info.nonce),
            (1 << 20, false, false, None)
        );
        let info = Info::read(br#"{"max_payload":5,"ldm":true,"tls_required":true,"nonce":"n"}"#)
            .expect("an object");
        assert_eq!(
            (info.max_payload, info.is_leaving, info.is_tls, info.nonce.as_deref()),
            (5, true, true, Some("n"))
        );
        assert!(Info::read(b"[]").is_none() && Info::read(b"").is_none());
    }
}

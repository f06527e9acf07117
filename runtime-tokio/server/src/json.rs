//! JSON of others: what is wrong with it, in words that need no knowledge of Rust.

use serde::de::DeserializeOwned;

/// Reads a value.
///
/// # Errors
/// The bytes are no JSON, or not of this shape: the text names the field, says what it has, and what is expected.
pub(crate) fn read<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, String> {
    let mut reader = serde_json::Deserializer::from_slice(bytes);
    let value = serde_path_to_error::deserialize(&mut reader).map_err(|error| {
        // A field whose name cannot be read is a question mark there, and the whole a dot.
        let (path, what) = (error.path().to_string(), told(error.inner()));
        match path.trim_end_matches(['?', '.']) {
            "" => what,
            path => format!("{path}: {what}"),
        }
    })?;
    reader.end().map_err(|error| told(&error))?;
    Ok(value)
}

/// An error in words.
pub(crate) fn told(error: &serde_json::Error) -> String {
    let text = error.to_string();
    let (what, place) = match text.rsplit_once(" at line ") {
        Some((what, place)) => (what, format!(" at line {place}")),
        None => (&*text, String::new()),
    };
    let Some((found, expected)) = what.rsplit_once(", expected ") else { return text };
    let found =
        ["sequence", "map", "floating point "].into_iter().zip(["a list", "an object", "number "]).fold(
            found.to_owned(),
            |found, (theirs, ours)| match found.strip_prefix(&format!("invalid type: {theirs}")) {
                Some(rest) => format!("invalid type: {ours}{rest}"),
                None => found,
            },
        );
    let expected = match expected {
        "u8" | "u16" | "u32" | "u64" | "usize" => "a whole number that is not negative",
        "i8" | "i16" | "i32" | "i64" => "a whole number",
        "f32" | "f64" => "a number",
        "a boolean" => "true or false",
        "a sequence" => "a list",
        "a map" => "an object",
        other if other.starts_with("struct ") => "an object",
        other => other,
    };
    format!("{found}, expected {expected}{place}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde::Deserialize;
    use std::collections::BTreeMap;

    #[derive(Debug, Deserialize)]
    #[expect(dead_code, reason = "only read")]
    struct Outer {
        count: Option<u64>,
        level: Option<i32>,
        list: Option<Vec<bool>>,
        inner: Option<Inner>,
        map: Option<BTreeMap<String, f64>>,
    }

    #[derive(Debug, Deserialize)]
    #[expect(dead_code, reason = "only read")]
    struct Inner {
        name: String,
    }

    #[test]
    fn an_error_names_the_field_and_no_type_of_rust() {
        for (json, error) in [
            (
                r#"{"count":"x"}"#,
                r#"count: invalid type: string "x", expected a whole number that is not negative"#,
            ),
            (
                r#"{"count":-1}"#,
                "count: invalid value: integer `-1`, expected a whole number that is not negative",
            ),
            (r#"{"level":1.5}"#, "level: invalid type: number `1.5`, expected a whole number"),
            (r#"{"list":{}}"#, "list: invalid type: an object, expected a list"),
            (r#"{"list":[true,1]}"#, "list[1]: invalid type: integer `1`, expected true or false"),
            (r#"{"inner":7}"#, "inner: invalid type: integer `7`, expected an object"),
            (r#"{"inner":{}}"#, "inner: missing field `name`"),
            (
                r#"{"inner":{"name":", expected u64"},"count":[]}"#,
                "count: invalid type: a list, expected a whole number",
            ),
            (r#"{"map":[]}"#, "map: invalid type: a list, expected an object"),
            ("7", "invalid type: integer `7`, expected an object"),
            ("{", "EOF while parsing an object"),
            ("{} {}", "trailing characters"),
        ] {
            let told = read::<Outer>(json.as_bytes()).unwrap_err();
            assert!(told.starts_with(error), "{json}: {told}");
            assert!(told.contains(" at line 1 column "), "{json}: {told}");
        }
    }
}

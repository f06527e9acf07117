//! The OpenAPI document, made of the table of methods.

use super::error::Code;
use super::methods::{METHODS, Method};
use super::schemas::{Described, error, object};
use axum::response::{IntoResponse, Response};
use http::header;
use serde_json::{Map, Value, json};

const ABOUT: &str = "The shape is that of Centrifugo's server API; a channel is a room. An error is {\"error\": …} with status 200, or, with the \
    header X-Centrifugo-Error-Mode: transport, the error alone with a status of its own.";

/// The route `/api/openapi.json`.
pub(crate) async fn serve() -> Response {
    ([(header::CONTENT_TYPE, "application/json")], document().to_string()).into_response()
}

fn document() -> Value {
    let mut paths: Map<String, Value> = METHODS.iter().map(path).collect();
    paths.insert("/api/batch".into(), batch());
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "throng",
            "version": env!("CARGO_PKG_VERSION"),
            "description": ABOUT,
            "license": { "name": "MIT OR Apache-2.0", "identifier": "MIT OR Apache-2.0" },
        },
        "servers": [{ "url": "/" }],
        "security": [{ "key": [] }, { "authorization": [] }],
        "paths": paths,
        "components": {
            "securitySchemes": {
                "key": { "type": "apiKey", "in": "header", "name": "X-API-Key" },
                "authorization": { "type": "apiKey", "in": "header", "name": "Authorization", "description": "apikey KEY" },
            },
            "schemas": { "Error": error_schema() },
        },
    })
}

fn path(method: &Method) -> (String, Value) {
    let Described { summary, parameters, result } = (method.describe)();
    let answer = json!({ "oneOf": [
        object(&["result"], [("result", result)]),
        object(&["error"], [("error", error())]),
    ]});
    (format!("/api/{}", method.name), operation(method.name, summary, &parameters, &answer))
}

fn batch() -> Value {
    // A command whose parameters are wrong is answered with an error of its own: nothing here makes the batch invalid.
    let of = |method: &Method| json!({ "description": format!("The parameters of `{}`.", method.name) });
    let commands: Map<_, _> = METHODS.iter().map(|method| (method.name.to_owned(), of(method))).collect();
    let mut replies: Map<_, _> =
        METHODS.iter().map(|method| (method.name.to_owned(), (method.describe)().result)).collect();
    replies.insert("error".into(), error());
    let command =
        json!({ "type": "object", "properties": commands, "description": "One method with its parameters." });
    let parameters = object(
        &[],
        [
            (
                "commands",
                json!({ "type": ["array", "null"], "items": command, "description": "At most `api.channels`." }),
            ),
            ("parallel", json!({ "description": "Ignored: the commands are carried out in their order." })),
        ],
    );
    let reply = json!({ "type": "object", "properties": replies, "minProperties": 1, "maxProperties": 1 });
    let replies = json!({ "type": "array", "items": reply, "description": "In the order of the commands." });
    let answer = json!({ "oneOf": [
        object(&["replies"], [("replies", replies)]),
        object(&["error"], [("error", error())]),
    ]});
    operation(
        "batch",
        "Carries out several commands. One that fails does not end the rest.",
        &parameters,
        &answer,
    )
}

/// The one operation of a path.
fn operation(name: &str, summary: &str, parameters: &Value, answer: &Value) -> Value {
    let takes_nothing = parameters.get("required").is_none() && parameters.get("anyOf").is_none();
    let mode = json!({
        "name": "X-Centrifugo-Error-Mode",
        "in": "header",
        "description": "`transport`: errors have a status of their own.",
        "schema": { "type": "string", "enum": ["transport"] },
    });
    json!({ "post": {
        "operationId": name,
        "summary": summary,
        "parameters": [mode],
        "requestBody": {
            "required": !takes_nothing,
            "content": { "application/json": { "schema": parameters } },
        },
        "responses": responses(answer),
    }})
}

fn responses(answer: &Value) -> Value {
    let text = |what: &str| json!({ "description": what, "content": { "text/plain": { "schema": { "type": "string" } } } });
    let coded = |codes: &[Code]| {
        let told: Vec<String> =
            codes.iter().map(|code| format!("{} {}", *code as u32, code.message())).collect();
        json!({ "description": told.join("; "), "content": { "application/json": { "schema": error() } } })
    };
    let mut bad = coded(&[Code::BadRequest, Code::NotAvailable]);
    bad["description"] =
        format!("{}; or, as a text, the body is no JSON", bad["description"].as_str().unwrap_or_default())
            .into();
    bad["content"]["text/plain"] = json!({ "schema": { "type": "string" } });
    let mut denied = coded(&[Code::PermissionDenied]);
    denied["description"] = format!(
        "{}; or, as a text, the key of the start is for this machine",
        denied["description"].as_str().unwrap_or_default()
    )
    .into();
    denied["content"]["text/plain"] = json!({ "schema": { "type": "string" } });
    json!({
        "200": {
            "description": "The result, or an error",
            "content": { "application/json": { "schema": answer } },
        },
        "400": bad,
        "401": text("The request has none of `api.keys`, and not the key of the admin page"),
        "403": denied,
        "408": text("The body took longer than 10 s"),
        "413": text("The body is longer than `api.body_bytes`"),
        "416": coded(&[Code::Unrecoverable]),
        "429": coded(&[Code::LimitExceeded]),
        "500": coded(&[Code::Internal]),
    })
}

fn error_schema() -> Value {
    let codes: Vec<u32> = Code::ALL.iter().map(|code| *code as u32).collect();
    let meanings: Vec<String> =
        Code::ALL.iter().map(|code| format!("{} {}", *code as u32, code.message())).collect();
    object(
        &["code", "message"],
        [
            ("code", json!({ "type": "integer", "enum": codes, "description": meanings.join("; ") })),
            ("message", json!({ "type": "string", "description": "What is wrong, with which value." })),
        ],
    )
}

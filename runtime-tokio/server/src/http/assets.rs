//! The files of the pages. They are part of the program, and load nothing from elsewhere.

use axum::extract::Path;
use axum::response::{IntoResponse, Response};
use http::{HeaderName, HeaderValue, StatusCode, header};

/// Only files of this server are loaded, scripts build no HTML from texts, and no other page shows this one in a frame.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; \
    base-uri 'none'; form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'";

const SCRIPT: &str = "text/javascript; charset=utf-8";

/// The files by their names.
const FILES: [(&str, &str, &str); 9] = [
    ("style.css", "text/css; charset=utf-8", include_str!("../../pages/style.css")),
    ("icon.svg", "image/svg+xml", include_str!("../../pages/icon.svg")),
    ("demo.js", SCRIPT, include_str!("../../pages/demo.js")),
    ("admin.js", SCRIPT, include_str!("../../pages/admin/admin.js")),
    ("api.js", SCRIPT, include_str!("../../pages/admin/api.js")),
    ("chart.js", SCRIPT, include_str!("../../pages/admin/chart.js")),
    ("dom.js", SCRIPT, include_str!("../../pages/admin/dom.js")),
    ("views.js", SCRIPT, include_str!("../../pages/admin/views.js")),
    ("admin.css", "text/css; charset=utf-8", include_str!("../../pages/admin/admin.css")),
];

/// The route `/assets/{file}`.
pub(super) async fn asset(Path(name): Path<String>) -> Response {
    match FILES.iter().find(|(file, ..)| *file == name) {
        Some((_, kind, text)) => with_headers(kind, (*text).into_response()),
        None => (StatusCode::NOT_FOUND, "There is no such file.\n").into_response(),
    }
}

/// A page.
pub(super) fn html(text: impl IntoResponse) -> Response {
    with_headers("text/html; charset=utf-8", text.into_response())
}

fn with_headers(kind: &'static str, mut response: Response) -> Response {
    let headers: [(HeaderName, &str); 8] = [
        (header::CONTENT_TYPE, kind),
        (header::CONTENT_SECURITY_POLICY, POLICY),
        // Another version of the program has other files.
        (header::CACHE_CONTROL, "no-cache"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::X_FRAME_OPTIONS, "DENY"),
        (header::REFERRER_POLICY, "no-referrer"),
        (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
        (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
    ];
    for (name, value) in headers {
        if let Ok(value) = HeaderValue::from_str(value) {
            response.headers_mut().insert(name, value);
        }
    }
    response
}

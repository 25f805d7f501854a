//! Answers that no platform should give.

use std::{
    net::Ipv4Addr,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use axum::{
    Router,
    http::{StatusCode, header},
    response::{IntoResponse, Response},
    routing::{any, post},
};
use scanner::agent::{Connection, Enrollment, Failure, Key};
use tokio::net::TcpListener;

use crate::world::timing;

/// What comes of enrolling when this is the answer, and how many requests went elsewhere.
async fn enrolling(answer: impl Fn() -> Response + Clone + Send + Sync + 'static) -> (anyhow::Error, usize) {
    let elsewhere = Arc::new(AtomicUsize::new(0));
    let counted = elsewhere.clone();
    let router = Router::new().route("/agent/enroll", post(async move || answer())).fallback(any(async move || {
        counted.fetch_add(1, Ordering::Relaxed);
    }));
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap()).parse().unwrap();
    tokio::spawn(async move { axum::serve(listener, router).await });
    let state = tempfile::tempdir().unwrap();
    let key = Key::read_or_make(state.path()).unwrap();
    let connection = Connection::new(&url, timing()).unwrap();
    let error = Enrollment::enroll(state.path(), &key, &url, &connection, "code", &[]).await.unwrap_err();
    assert!(Enrollment::read(state.path()).unwrap().is_none());
    (error, elsewhere.load(Ordering::Relaxed))
}

fn is_temporary(error: &anyhow::Error) -> bool {
    matches!(error.downcast_ref(), Some(Failure::Temporary { .. }))
}

#[tokio::test]
async fn an_answer_without_end_is_not_read_to_its_end() {
    let (error, _) = enrolling(|| vec![b' '; 5 << 20].into_response()).await;
    assert!(is_temporary(&error) && format!("{error:#}").contains("too large"), "{error:#}");
}

#[tokio::test]
async fn a_redirect_is_not_followed() {
    let to = || [(header::LOCATION, "/elsewhere")];
    let (error, elsewhere) = enrolling(move || (StatusCode::TEMPORARY_REDIRECT, to()).into_response()).await;
    assert_eq!((is_temporary(&error), elsewhere), (true, 0), "{error:#}");
}

#[tokio::test]
async fn what_is_no_answer_is_not_believed() {
    for body in ["", "[]", "{\"scanner_id\": 7}", "<html>", "\u{1b}[2J"] {
        let (error, _) = enrolling(move || body.into_response()).await;
        let text = format!("{error:#}");
        assert!(is_temporary(&error) && !text.contains(['\u{1b}', '\n']), "{text}");
    }
}

#[tokio::test]
async fn another_key_is_not_taken() {
    let id = "01890a5d-ac96-774b-bcce-b302099a8057";
    let body = serde_json::json!({
        "scanner_id": id, "organization_id": id, "status": "enrolled", "fingerprint": "SHA256:AAAA\u{7}", "issuer": "x",
    });
    let (error, _) = enrolling(move || body.to_string().into_response()).await;
    assert!(error.to_string().contains("do not verify") && !error.to_string().contains('\u{7}'), "{error}");
}

#[tokio::test]
async fn the_time_that_the_platform_asks_for_is_known() {
    let date = httpdate::fmt_http_date(std::time::SystemTime::now() + Duration::from_secs(100));
    for (text, least, most) in [("7", 70, 70), ("99999999", 36_000, 36_000), (&*date, 900, 1_000)] {
        let text = text.to_owned();
        let answer = move || (StatusCode::TOO_MANY_REQUESTS, [(header::RETRY_AFTER, text.clone())]).into_response();
        let (error, _) = enrolling(answer).await;
        let Some(Failure::Temporary { after: Some(after), .. }) = error.downcast_ref() else { panic!("{error:#}") };
        // A second of the platform is 10 ms here.
        assert!((least..=most).contains(&after.as_millis()), "{after:?}");
    }
    let answer = || (StatusCode::SERVICE_UNAVAILABLE, [(header::RETRY_AFTER, "soon")]).into_response();
    assert!(is_temporary(&enrolling(answer).await.0));
}

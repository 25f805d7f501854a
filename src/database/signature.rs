//! The signature of a request to AWS (Signature Version 4), checked by signing the request once more.

use std::time::{Duration, SystemTime};

use aws_lc_rs::constant_time::verify_slices_are_equal;
use aws_sdk_dynamodb::config::Credentials;
use aws_sigv4::{
    http_request::{SignableBody, SignableRequest, SigningSettings, sign},
    sign::v4::SigningParams,
};
use http::{header, request::Parts};
use jiff::{civil::DateTime, tz::TimeZone};

/// How far the time of a signature may be from now, as AWS has it.
const SKEW: Duration = Duration::from_secs(15 * 60);

/// Why a signature does not count.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Unsigned {
    /// There is none, or it cannot be understood.
    Missing,
    /// It is made with another access key.
    OtherKey,
    /// It is not that of this request, at this time.
    Wrong,
}

/// What the `authorization` header says.
struct Authorization<'a> {
    key_id: &'a str,
    region: &'a str,
    service: &'a str,
    signed: Vec<&'a str>,
    signature: &'a str,
}

impl<'a> Authorization<'a> {
    fn parse(text: &'a str) -> Option<Self> {
        let fields = text.strip_prefix("AWS4-HMAC-SHA256 ")?;
        let field = |name| fields.split(',').find_map(|it| it.trim().strip_prefix(name)?.strip_prefix('='));
        let mut scope = field("Credential")?.split('/');
        // The date is that of the request, by which it is signed again.
        let (key_id, _, region, service) = (scope.next()?, scope.next()?, scope.next()?, scope.next()?);
        let signed = field("SignedHeaders")?.split(';').collect();
        Some(Self { key_id, region, service, signed, signature: field("Signature")? })
    }
}

/// Checks that a request is signed with an access key, as a whole and not long ago.
///
/// # Errors
/// When it is not.
pub(super) fn check(credentials: &Credentials, parts: &Parts, body: &[u8], now: SystemTime) -> Result<(), Unsigned> {
    let text = |name| parts.headers.get(name).and_then(|value| value.to_str().ok());
    let given = text(header::AUTHORIZATION.as_str()).and_then(Authorization::parse).ok_or(Unsigned::Missing)?;
    verify_slices_are_equal(given.key_id.as_bytes(), credentials.access_key_id().as_bytes())
        .map_err(|_| Unsigned::OtherKey)?;
    let time = text("x-amz-date").and_then(time).ok_or(Unsigned::Missing)?;
    let skew = now.duration_since(time).unwrap_or_else(|error| error.duration());
    let must_be_signed = |name: &str| name == header::HOST || name.starts_with("x-amz-");
    let is_whole =
        parts.headers.keys().all(|name| given.signed.contains(&name.as_str()) || !must_be_signed(name.as_str()));
    let expected = again(credentials, &given, parts, body, time).filter(|_| is_whole && skew <= SKEW);
    let expected = expected.ok_or(Unsigned::Wrong)?;
    verify_slices_are_equal(given.signature.as_bytes(), expected.as_bytes()).map_err(|_| Unsigned::Wrong)
}

/// The signature that the holder of the access key would have made.
fn again(
    credentials: &Credentials,
    given: &Authorization<'_>,
    parts: &Parts,
    body: &[u8],
    time: SystemTime,
) -> Option<String> {
    let identity = credentials.clone().into();
    let mut settings = SigningSettings::default();
    // Only those that were signed are passed on.
    settings.excluded_headers = None;
    let params = SigningParams::builder().identity(&identity).region(given.region).name(given.service);
    let params = params.time(time).settings(settings).build().ok()?.into();
    let values = given.signed.iter().flat_map(|name| {
        let values = parts.headers.get_all(*name).iter();
        values.filter_map(|value| Some((*name, value.to_str().ok()?)))
    });
    // The host counts as the header says.
    let uri = format!("http://localhost{}", parts.uri.path_and_query().map_or("/", |it| it.as_str()));
    let request = SignableRequest::new(parts.method.as_str(), uri, values, SignableBody::Bytes(body)).ok()?;
    sign(request, &params).ok().map(|signed| signed.signature().to_owned())
}

/// The time in `x-amz-date`, such as `20260131T235959Z`.
fn time(text: &str) -> Option<SystemTime> {
    let time = DateTime::strptime("%Y%m%dT%H%M%SZ", text).ok()?;
    time.to_zoned(TimeZone::UTC).ok().map(|it| it.timestamp().into())
}

#[cfg(test)]
mod tests {
    use http::Request;

    use super::*;

    /// The example of AWS's documents, `post-vanilla`.
    const SIGNED: &str = "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/service/aws4_request, \
        SignedHeaders=host;x-amz-date, Signature=5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b";
    const TIME: &str = "20150830T123600Z";

    fn credentials() -> Credentials {
        let secret = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY";
        Credentials::new("AKIDEXAMPLE", secret, None, None, "test")
    }

    fn parts(authorization: &str, time: &str) -> Parts {
        let request = Request::post("/").header("host", "example.amazonaws.com").header("x-amz-date", time);
        request.header("authorization", authorization).body(()).unwrap().into_parts().0
    }

    fn checked(parts: &Parts, body: &[u8]) -> Result<(), Unsigned> {
        check(&credentials(), parts, body, time(TIME).unwrap() + Duration::from_secs(60))
    }

    #[test]
    fn a_request_of_the_documents_is_signed() {
        assert_eq!(checked(&parts(SIGNED, TIME), b""), Ok(()));
        // The spaces are a matter of taste.
        assert_eq!(checked(&parts(&SIGNED.replace(", ", ","), TIME), b""), Ok(()));
    }

    #[test]
    fn a_request_that_differs_is_not() {
        assert_eq!(checked(&parts(SIGNED, TIME), b"{}"), Err(Unsigned::Wrong));
        assert_eq!(checked(&parts(SIGNED, "20150830T123601Z"), b""), Err(Unsigned::Wrong));
        let changes = [
            ("/us-east-1/", "/us-east-2/"),
            ("/service/", "/dynamodb/"),
            ("6b", "6c"),
            (";x-amz-date", ""),
            ("host;", ""),
        ];
        for (one, other) in changes {
            assert_eq!(checked(&parts(&SIGNED.replace(one, other), TIME), b""), Err(Unsigned::Wrong), "{other}");
        }
        let mut other = parts(SIGNED, TIME);
        other.headers.insert("host", "example.com".parse().unwrap());
        assert_eq!(checked(&other, b""), Err(Unsigned::Wrong));
        // What a request is for must be signed with it.
        let mut more = parts(SIGNED, TIME);
        more.headers.insert("x-amz-target", "DynamoDB_20120810.DeleteTable".parse().unwrap());
        assert_eq!(checked(&more, b""), Err(Unsigned::Wrong));
    }

    #[test]
    fn a_signature_has_its_time_and_its_key() {
        let parts = parts(SIGNED, TIME);
        let at = |seconds: i64| {
            let (signed, apart) = (time(TIME).unwrap(), Duration::from_secs(seconds.unsigned_abs()));
            check(&credentials(), &parts, b"", if seconds < 0 { signed - apart } else { signed + apart })
        };
        assert_eq!([at(-900), at(900)], [Ok(()), Ok(())]);
        assert_eq!([at(-901), at(901)], [Err(Unsigned::Wrong), Err(Unsigned::Wrong)]);
        let other = super::tests::parts(&SIGNED.replace("AKIDEXAMPLE", "AKIDEXAMPLf"), TIME);
        assert_eq!(checked(&other, b""), Err(Unsigned::OtherKey));
    }

    #[test]
    fn what_is_no_signature_is_none() {
        let texts = [
            "",
            "Bearer x",
            "AWS4-HMAC-SHA256 ",
            "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE",
            "AWS4-HMAC-SHA256 Credential",
        ];
        for text in texts {
            assert_eq!(checked(&parts(text, TIME), b""), Err(Unsigned::Missing), "{text}");
        }
        for time in ["", "2015", "20151330T123600Z", "99999999T999999Z", "20150830T123600"] {
            assert_eq!(checked(&parts(SIGNED, time), b""), Err(Unsigned::Missing), "{time}");
        }
    }
}

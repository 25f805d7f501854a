//! The typed answers: one resource, a created resource, a list, nothing.

use axum::{
    Json,
    response::{IntoResponse, Response},
};
use http::{HeaderValue, StatusCode, header};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

/// What can stand under `data`: a type's name and its attributes.
pub trait Resource: Serialize {
    /// The name of the type, in the plural.
    const TYPE: &'static str;

    /// The id of this resource.
    fn id(&self) -> Uuid;
}

/// One resource as the API shows it.
#[derive(Debug, Serialize, ToSchema)]
pub struct Data<T> {
    id: Uuid,
    #[serde(rename = "type")]
    kind: &'static str,
    attributes: T,
}

impl<T: Resource> From<T> for Data<T> {
    fn from(attributes: T) -> Self {
        Self { id: attributes.id(), kind: T::TYPE, attributes }
    }
}

/// `{"data": {"id", "type", "attributes"}}`.
#[derive(Debug, Serialize, ToSchema)]
pub struct Single<T> {
    data: Data<T>,
    #[serde(skip)]
    #[schema(ignore)]
    etag: Option<String>,
}

impl<T: Resource> Single<T> {
    /// Shows a resource.
    pub fn new(resource: T) -> Self {
        Self { data: resource.into(), etag: None }
    }

    /// Adds the version that `If-Match` may name later.
    #[must_use]
    pub fn with_version(self, version: impl std::fmt::Display) -> Self {
        Self { etag: Some(etag(version)), ..self }
    }
}

impl<T: Serialize> IntoResponse for Single<T> {
    fn into_response(self) -> Response {
        let etag = self.etag.clone();
        with_etag(Json(self).into_response(), etag)
    }
}

/// A body that is no envelope, with its version.
pub fn versioned(version: impl std::fmt::Display, body: impl Serialize) -> Response {
    with_etag(Json(body).into_response(), Some(etag(version)))
}

/// The strong entity tag of a version.
pub(crate) fn etag(version: impl std::fmt::Display) -> String {
    format!("\"{version}\"")
}

/// Adds an entity tag to an answer.
fn with_etag(mut response: Response, etag: Option<String>) -> Response {
    if let Some(value) = etag.and_then(|etag| HeaderValue::from_str(&etag).ok()) {
        response.headers_mut().insert(header::ETAG, value);
    }
    response
}

/// 201 with the new resource and its place.
#[derive(Debug)]
pub struct Created<T> {
    location: String,
    single: Single<T>,
}

impl<T: Resource> Created<T> {
    /// Announces the resource at `location`, a path of this API.
    pub fn at(location: String, resource: T) -> Self {
        Self { location, single: Single::new(resource) }
    }

    /// The answer in the form that can be stored and given again.
    ///
    /// # Errors
    /// When the resource cannot be written as JSON.
    pub fn into_answer(self) -> serde_json::Result<Answer> {
        Ok(Answer { status: 201, location: Some(self.location), body: Some(serde_json::to_string(&self.single)?) })
    }
}

/// An answer in its stored form, as a repeated request with the same `Idempotency-Key` gets it again.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Answer {
    /// The HTTP status.
    pub status: u16,
    /// The `Location` header.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub location: Option<String>,
    /// The body, as JSON text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub body: Option<String>,
}

impl Answer {
    /// 200 with a body.
    ///
    /// # Errors
    /// When the body cannot be written as JSON.
    pub fn ok(body: &impl Serialize) -> serde_json::Result<Self> {
        Ok(Self { status: 200, location: None, body: Some(serde_json::to_string(body)?) })
    }
}

impl IntoResponse for Answer {
    fn into_response(self) -> Response {
        let status = StatusCode::from_u16(self.status).unwrap_or(StatusCode::OK);
        let mut response = (status, self.body.unwrap_or_default()).into_response();
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
        if let Some(location) = self.location.and_then(|location| HeaderValue::from_str(&location).ok()) {
            headers.insert(header::LOCATION, location);
        }
        response
    }
}

/// 200 with an empty object, as the documents show the answer to updates and deletes of users.
#[derive(Debug, Default, Serialize, ToSchema)]
pub struct Done {}

impl IntoResponse for Done {
    fn into_response(self) -> Response {
        Json(self).into_response()
    }
}

/// 200 without a body, as the documents show the answer to an organization's update.
#[derive(Debug)]
pub struct Empty;

impl IntoResponse for Empty {
    fn into_response(self) -> Response {
        StatusCode::OK.into_response()
    }
}

/// `{"data": [...], "meta": {"pagination": {...}}}`.
#[derive(Debug, Serialize, ToSchema)]
pub struct List<T> {
    data: Vec<Data<T>>,
    meta: Meta,
}

#[derive(Debug, Serialize, ToSchema)]
struct Meta {
    pagination: Pagination,
}

/// Where a page stands in its list.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Pagination {
    /// The number of all items that match.
    pub total_count: u64,
    /// The number of pages that they fill.
    pub total_pages: u64,
    /// The page shown; null when the page was reached by a cursor.
    pub current_page: Option<u64>,
    /// The number of items on a page.
    pub per_page: u64,
    /// Asks for the page after this one; null on the last.
    pub next_cursor: Option<String>,
}

impl<T: Resource> List<T> {
    /// Shows a page.
    pub fn new(items: impl IntoIterator<Item = T>, pagination: Pagination) -> Self {
        Self { data: items.into_iter().map(Data::from).collect(), meta: Meta { pagination } }
    }
}

impl<T: Resource> List<T> {
    /// Shows a list that is never longer than a page.
    pub fn whole(items: impl IntoIterator<Item = T>) -> Self {
        let mut list = Self::new(
            items,
            Pagination { total_count: 0, total_pages: 1, current_page: Some(1), per_page: 0, next_cursor: None },
        );
        let count = list.data.len() as u64;
        list.meta.pagination.total_count = count;
        list.meta.pagination.per_page = count.max(1);
        list
    }
}

impl<T: Serialize> IntoResponse for List<T> {
    fn into_response(self) -> Response {
        Json(self).into_response()
    }
}

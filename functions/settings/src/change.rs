//! Changes that may turn out to change nothing.

use axum::response::IntoResponse;
use shared::{
    Error, Result,
    api::{IdempotencyKey, Idempotent},
    store::{Authorized, Write},
};

/// A prepared change of an entity.
#[must_use = "nothing is written before commit"]
pub(crate) enum Change<'a, E> {
    /// The write to commit.
    Write(Box<Write<'a, E>>),
    /// The entity, which has the wanted state already.
    Nothing(Box<E>),
}

impl<'a, E> Change<'a, E> {
    pub(crate) fn write(write: Write<'a, E>) -> Self {
        Self::Write(Box::new(write))
    }

    pub(crate) fn nothing(entity: E) -> Self {
        Self::Nothing(Box::new(entity))
    }

    /// Commits the write, if there is one; returns the entity in its present state.
    ///
    /// # Errors
    /// As [`Write::commit`].
    pub(crate) async fn commit(self) -> Result<E> {
        match self {
            Self::Write(write) => write.commit().await.map(Authorized::into_inner),
            Self::Nothing(entity) => Ok(*entity),
        }
    }

    /// Commits the write, if there is one, and stores its answer under the key of the request.
    ///
    /// # Errors
    /// As [`Write::commit`].
    pub(crate) async fn commit_once<T: IntoResponse>(
        self,
        key: IdempotencyKey,
        answer: impl FnOnce(&E) -> T,
    ) -> Result<Idempotent<T>> {
        match self {
            Self::Write(write) => key.commit(*write, answer).await,
            Self::Nothing(entity) => Ok(Idempotent::First(answer(&entity))),
        }
    }

    /// The write.
    ///
    /// # Errors
    /// `refusal` when nothing changes.
    pub(crate) fn or_refuse(self, refusal: Error) -> Result<Write<'a, E>> {
        match self {
            Self::Write(write) => Ok(*write),
            Self::Nothing(_) => Err(refusal),
        }
    }
}

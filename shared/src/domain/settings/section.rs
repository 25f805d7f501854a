//! What the parts of the settings share of which every client has one.

use crate::{
    Result,
    domain::organization::Organization,
    store::{Change, Child, Key, Owned, Store, Stored, Write},
    time::Timestamp,
};

/// A part of the settings that every client has. One that was never changed is not stored.
pub(super) trait Section: Child<Organization> + PartialEq {
    /// The name in the key.
    const NAME: &'static str;

    /// The section before its first change.
    fn unset(organization: &Organization) -> Self;

    /// Notes when the section is changed.
    fn touch(&mut self, now: Timestamp);
}

/// A section as it was found.
pub(super) struct Found<S> {
    stored: Option<Stored<S>>,
    pub(super) section: S,
}

impl<S: Section> Found<S> {
    pub(super) async fn of(store: Store<'_>, organization: &Stored<Organization>) -> Result<Self> {
        let stored: Option<Stored<S>> = store.child(organization, &Key::settings(organization.id, S::NAME)).await?;
        let section = stored.as_ref().map_or_else(|| S::unset(organization), |stored| stored.entity.clone());
        Ok(Self { stored, section })
    }

    /// Prepares the change to `after`; `None` when it changes nothing.
    pub(super) fn change<'a>(
        &self,
        store: Store<'a>,
        organization: &Stored<Organization>,
        action: &'static str,
        mut after: S,
    ) -> Result<Option<Write<'a, S>>> {
        if after == self.section {
            return Ok(None);
        }
        after.touch(Timestamp::now());
        let change = Change::new::<S>(action, organization.id.0, organization.path());
        let change = change.before(&self.section)?.after(&after)?;
        let write = store.write(change, after.clone())?.save(self.stored.as_ref(), &after)?;
        Ok(Some(write.beside(&organization.entity)))
    }
}

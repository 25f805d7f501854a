//! Sections: the parts of the settings of which every client has one.

use std::fmt;

use serde::{Deserialize, Serialize, de::DeserializeOwned};
use shared::{
    Error, Result,
    api::OfOwn,
    domain::organization::Organization,
    id::OrganizationId,
    store::{Audited, Authorized, Child, Entity, Found, Guard, Key, OrDefault, Reads, Store},
    time::Timestamp,
};
use uuid::Uuid;

use crate::change::Change;

/// The content of a section. Its default is the state before the first change, which is not stored.
pub(crate) trait Section:
    Serialize + DeserializeOwned + Clone + fmt::Debug + Default + PartialEq + Send + Sync
{
    /// The name of the type, in the singular.
    const TYPE: &'static str;
    /// The name in the key.
    const KEY: &'static str;
}

/// A section of a client's settings, as it is stored.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(bound = "")]
pub(crate) struct SectionItem<S: Section> {
    pub(crate) organization_id: OrganizationId,
    #[serde(flatten)]
    pub(crate) content: S,
    pub(crate) updated_at: Timestamp,
}

impl<S: Section> SectionItem<S> {
    /// The section before its first change.
    pub(crate) fn unset(organization: &Organization) -> Self {
        Self { organization_id: organization.id, content: S::default(), updated_at: organization.created_at }
    }
}

impl<S: Section> Entity for SectionItem<S> {
    const TYPE: &'static str = S::TYPE;

    fn key(&self) -> Key {
        Self::key_of(self.organization_id, ())
    }
}

impl<S: Section> Child for SectionItem<S> {
    type Parent = Organization;
    type Name<'a> = ();

    fn key_of(organization: OrganizationId, (): ()) -> Key {
        Key::settings(organization, S::KEY)
    }

    fn parent(&self) -> OrganizationId {
        self.organization_id
    }
}

impl<S: Section> Audited for SectionItem<S> {
    fn resource_id(&self) -> Uuid {
        self.organization_id.0
    }
}

/// A section of the caller's own settings.
#[derive(Debug)]
pub(crate) struct OwnSection<S: Section> {
    organization: Authorized<Organization>,
    section: OrDefault<SectionItem<S>>,
}

impl<S: Section> OfOwn for OwnSection<S> {
    type Name = ();

    fn reads((): &(), own: OrganizationId) -> Reads {
        Reads::none().child::<SectionItem<S>>(own, ())
    }

    fn find(store: Store<'_>, own: Authorized<Organization>, (): (), found: &mut Found) -> Result<Self> {
        let section = store.child_or(found, &own, (), SectionItem::unset(&own))?;
        Ok(Self { organization: own, section })
    }
}

impl<S: Section> OwnSection<S> {
    /// Prepares a change of the section by `edit`.
    ///
    /// # Errors
    /// As `edit`. The commit answers 409 when the section was changed meanwhile, and 404 when the client is gone.
    pub(crate) fn change<'a>(
        &self,
        store: Store<'a>,
        action: &'static str,
        edit: impl FnOnce(&mut SectionItem<S>) -> Result<()>,
    ) -> Result<Change<'a, SectionItem<S>>> {
        change(store, action, &self.organization, &self.section, edit)
    }
}

/// Prepares a change of a found section.
///
/// # Errors
/// As `edit`.
pub(crate) fn change<'a, S: Section>(
    store: Store<'a>,
    action: &'static str,
    organization: &Authorized<Organization>,
    found: &OrDefault<SectionItem<S>>,
    edit: impl FnOnce(&mut SectionItem<S>) -> Result<()>,
) -> Result<Change<'a, SectionItem<S>>> {
    let mut after = SectionItem::clone(found);
    edit(&mut after)?;
    if after == **found {
        return Ok(Change::nothing(after));
    }
    after.updated_at = Timestamp::now();
    let write = store.save(action, found, after);
    Ok(Change::write(write.require(organization, Guard::Exists).or(Error::not_found())))
}
